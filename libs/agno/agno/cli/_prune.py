"""`agno prune`: old sessions and runs go, or with `--dry-run` are only listed."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from agno.db.base import BaseDb, Pruned

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SCHEMES = {  # of an address -> where the class is
    "sqlite": ("agno.db.sqlite", "SqliteDb"),
    "postgresql": ("agno.db.postgres", "PostgresDb"),
    "mysql": ("agno.db.mysql", "MySQLDb"),
    "mariadb": ("agno.db.mysql", "MySQLDb"),
    "redis": ("agno.db.redis", "RedisDb"),
    "rediss": ("agno.db.redis", "RedisDb"),
    "mongodb": ("agno.db.mongo", "MongoDb"),
}


def add_prune(commands: Any, default_db: str) -> None:
    """The subcommand with its options."""
    command = commands.add_parser(
        "prune",
        help="delete old sessions and runs",
        usage="agno prune [--db FILE|URL] [--older-than 30d] [--keep-sessions N] [--keep-runs N] [--dry-run]",
        description="Delete sessions that were not used for long, or are too many, and old runs of the others. "
        "Sessions with a run that is not at its end stay.",
    )
    command.add_argument(
        "--db", default=default_db, help="a SQLite file, or the URL of a database (default: %(default)s)"
    )
    command.add_argument(
        "--older-than", type=age, metavar="AGE", help="sessions not used for so long: 90m, 12h, 30d, 8w"
    )
    command.add_argument("--keep-sessions", type=int, metavar="N", help="all but the newest N of each user")
    command.add_argument("--keep-runs", type=int, metavar="N", help="in each session all but the newest N runs")
    command.add_argument("--user", metavar="ID", help="only sessions of this user")
    command.add_argument("--component", metavar="ID", help="only sessions of this agent, team or workflow")
    command.add_argument("--dry-run", action="store_true", help="only say what would go")
    command.set_defaults(run=prune)


def age(text: str) -> timedelta:
    """A length of time such as `30d`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no age: write a number and m, h, d or w, such as 30d")
    try:
        return timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:
        raise argparse.ArgumentTypeError(f"{text!r} is older than time: write fewer digits") from None


def prune(options: argparse.Namespace) -> int:
    """Do it, and say what went."""
    if options.older_than is options.keep_sessions is options.keep_runs is None:
        raise ValueError("Say what is to go: agno prune --older-than 30d, --keep-sessions 100 or --keep-runs 50.")
    db = database(options.db)
    pruned = db.prune(
        older_than=options.older_than,
        keep_sessions=options.keep_sessions,
        keep_runs=options.keep_runs,
        user_id=options.user,
        component_id=options.component,
        dry_run=options.dry_run,
    )
    db.close()
    _tell(pruned, options.dry_run)
    return 0


def database(address: str) -> BaseDb:
    """The database at an address. A file must be there."""
    scheme = address.partition("://")[0].partition("+")[0].lower() if "://" in address else ""
    if scheme and scheme not in _SCHEMES:
        raise ValueError(f"--db {scheme}://… is no address of a known database; it begins with {', '.join(_SCHEMES)}.")
    db = _made(scheme, db_url=address) if scheme else _made("sqlite", db_file=address)
    file = getattr(db, "db_file", None)
    if file is not None and not Path(str(file)).is_file():  # or it would be made, and be empty
        raise ValueError(f"There is no SQLite file {str(file)!r}; name it with --db FILE.")
    return db


def _made(scheme: str, **where: str) -> BaseDb:
    module, name = _SCHEMES[scheme]
    made: BaseDb = getattr(import_module(module), name)(**where)
    return made


def _tell(pruned: Pruned, dry_run: bool) -> None:
    for session_id in pruned.sessions:
        print(f"session {session_id}")
    for session_id, runs in pruned.runs.items():
        print(f"session {session_id}: {_counted(len(runs), 'run')}")
    runs_gone = sum(map(len, pruned.runs.values()))
    what = f"{_counted(len(pruned.sessions), 'session')} and {_counted(runs_gone, 'run')} of other sessions"
    print(f"{what} would be deleted." if dry_run else f"{what} deleted.")
    if pruned.busy:
        print(f"{_counted(len(pruned.busy), 'session')} stayed, because a run in it is not at its end.")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


__all__ = ["add_prune", "age", "database", "prune"]
