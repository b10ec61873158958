"""What only shows with much data, many writers and many accidents. `make test-heavy` runs this."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from types import FrameType
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.base import BaseDb, SessionType
from agno.db.json import JsonDb
from agno.db.migrations.manager import MigrationManager
from agno.db.postgres import PostgresDb
from agno.db.query import Place
from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says
from db.contract import a_run, a_session, ids
from db.servers.sql import Postgres, a_name, running

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(300)]

TURNS, EARLY, AROUND = 1000, 10, 20
SESSIONS = 100_000
WRITERS = 64
KILLS = 20
REPOSITORY = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running(Postgres) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseDb]:
    if request.param == "sqlite":
        db: BaseDb = SqliteDb(db_file=tmp_path / "agent.db")
    else:
        db = PostgresDb(request.getfixturevalue("server").url(), db_schema=a_name())
    yield db
    db.close()


def moved(kind: str) -> int:
    """Bytes this process has handed to write calls (wchar) or had from read calls (rchar) so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind))


def written(db: BaseDb, server: Postgres | None) -> int:
    """Bytes so far: of a server its journal, else what this process has written."""
    if server is not None:
        return int(server.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")[0][0])
    return moved("wchar")


def calls(work: Callable[[], Any]) -> int:
    """How many functions are called meanwhile, here: what a turn works, whatever else the machine does."""
    number = 0

    def count(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return number


def test_the_thousandth_turn_costs_what_the_tenth_did(db, request):
    server = request.getfixturevalue("server") if isinstance(db, PostgresDb) else None
    model = ScriptedModel(*(says("An answer of some words. " * 8) for _ in range(TURNS)))
    agent = Agent(model=model, db=db, session_id="s", add_history_to_context=True, num_history_runs=3)
    marks, work = {}, []
    for number in range(TURNS):
        if number in (EARLY, EARLY + AROUND, TURNS - AROUND):
            marks[number] = written(db, server)
        work.append(calls(lambda question=f"Question {number:04}? " * 6: agent.run(question)))
    early, late = work[EARLY : EARLY + AROUND], work[-AROUND:]
    done = statistics.median(late) / statistics.median(early)
    size = (written(db, server) - marks[TURNS - AROUND]) / (marks[EARLY + AROUND] - marks[EARLY])
    print(f"{type(db).__name__}: turn {TURNS} / turn {EARLY}: calls {done:.2f}, bytes {size:.2f}", file=sys.stderr)
    assert size <= 1.3 and done <= 1.1
    assert len(db.get_session("s").runs) == TURNS


def fill(db: BaseDb, server: Any) -> None:
    """Many sessions, faster than through the front door."""
    db.upsert_session(a_session("first", user_id="ann"))
    columns = "session_id, session_type, agent_id, user_id, session_data, created_at"
    if isinstance(db, PostgresDb):
        row = "'s' || n, 'agent', 'agent', 'u' || (n % 50), '{\"session_name\": \"one of many\"}', n"
        table = f"{db.db_schema}.agno_sessions"
        server.execute(
            f"INSERT INTO {table} ({columns}) SELECT {row} FROM generate_series(2, {SESSIONS}) n",
            f"ANALYZE {table}",  # as the server does itself, a minute after many rows came
        )
        return
    with sqlite3.connect(db.db_file) as connection:
        rows = (
            (f"s{n}", "agent", "agent", f"u{n % 50}", '{"session_name": "one of many"}', n)
            for n in range(2, SESSIONS + 1)
        )
        connection.executemany(f"INSERT INTO agno_sessions ({columns}) VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.close()


def rows_read(server: Postgres, db: PostgresDb) -> int:
    """Rows of the sessions' table that statements have looked at; a server adds up when a connection ends."""
    db.close()
    ended = "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    while server.execute(ended):
        sleep(0.05)
    query = "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables"
    return int(server.execute(f"{query} WHERE schemaname = '{db.db_schema}' AND relname = 'agno_sessions'")[0][0])


def test_a_hundred_thousand_sessions_are_walked_in_the_memory_of_a_page(db, request):
    server = request.getfixturevalue("server") if isinstance(db, PostgresDb) else None
    fill(db, server)
    tracemalloc.start()
    walk, seen, peaks, read = db.iter_sessions("agent"), 0, [], []
    for _ in range(10):
        before = moved("rchar")
        tracemalloc.reset_peak()
        seen += sum(1 for _, _ in zip(range(SESSIONS // 10), walk, strict=False))
        peaks.append(tracemalloc.get_traced_memory()[1])
        read.append(moved("rchar") - before)
    tracemalloc.stop()
    print(f"{type(db).__name__}: peak {max(peaks) / 2**20:.1f} MiB, read {read}", file=sys.stderr)
    assert seen == SESSIONS and max(peaks) < 1.3 * peaks[0]
    if server is None:
        size = Path(db.db_file).stat().st_size
        assert sum(read) < 10 * size, "a page reads the rows of the pages before it"
    rows, total = db.get_sessions(
        SessionType.AGENT, user_id="u7", limit=20, page=3, sort_by="created_at", deserialize=False
    )
    assert len(rows) == 20 and total == SESSIONS // 50
    if server is not None:
        read = rows_read(server, db)
        assert SESSIONS <= read < 2.5 * SESSIONS, "a page reads the rows of the pages before it"


def test_the_last_page_of_a_list_reads_what_the_first_does(db, request):
    server = request.getfixturevalue("server") if isinstance(db, PostgresDb) else None
    fill(db, server)
    place, read = Place(), []
    for at in (SESSIONS, SESSIONS // 2, 100):
        before = rows_read(server, db) if server is not None else moved("rchar")
        place = Place(at, f"s{at}") if at < SESSIONS else Place()
        rows, _ = db.get_sessions(
            SessionType.AGENT, limit=20, sort_by="created_at", sort_order="desc", after=place, deserialize=False
        )
        assert [row["created_at"] for row in rows if row["session_id"] != "first"][-1] in range(at - 20, at)
        read.append((rows_read(server, db) if server is not None else moved("rchar")) - before)
    print(f"{type(db).__name__}: read for a page {read}", file=sys.stderr)
    assert max(read) < (60 if server is not None else 200_000), "a page reads the rows of the pages before it"


def test_many_writers_of_one_session_lose_nothing(db):
    def work(number: int) -> None:
        for turn in range(4):
            session = db.read_session("s", "agent", runs=3) or a_session("s")
            run = a_run(run_id=f"{number}-{turn}", status=RunStatus.running)
            db.begin_run(session, run)
            run.status = RunStatus.completed
            state = dict((session.session_data or {}).get("session_state") or {})
            metrics = (session.session_data or {}).get("session_metrics") or {"total_tokens": 0}
            state[f"{number}-{turn}"] = True
            session.session_data = {
                "session_state": state,
                "session_metrics": {"total_tokens": metrics["total_tokens"] + 1},
            }
            db.finish_run(session, run)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(work, range(WRITERS)))
    session = db.get_session("s")
    expected = sorted(f"{number}-{turn}" for number in range(WRITERS) for turn in range(4))
    assert sorted(ids(session)) == expected and all(run.status is RunStatus.completed for run in session.runs)
    assert sorted(session.session_data["session_state"]) == expected
    assert session.session_data["session_metrics"]["total_tokens"] == len(expected)


# Accidents ---------------------------------------------------------------------------------------------------------------


def killed_writer(make: Callable[[], BaseDb], number: int, acknowledged: int) -> list[str]:
    """A process that writes runs until it is killed, in the middle of a write; the ids it was told are stored."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(out)
            db = make()
            for turn in range(10_000):
                session, run = (
                    db.read_session("s", "agent", runs=3) or a_session("s"),
                    a_run("x" * 3000, run_id=f"{number}-{turn}"),
                )
                db.begin_run(session, run)
                session.session_data = {"session_state": {"last": run.run_id}}
                db.finish_run(session, run)
                os.write(into, f"{run.run_id}\n".encode())
        finally:
            os._exit(1)
    os.close(into)
    with os.fdopen(out) as told:
        found = [told.readline().strip() for _ in range(acknowledged)]
        for _ in range(random.randrange(3_000)):  # a moment, so that it dies somewhere else each time
            pass
        os.kill(child, signal.SIGKILL)
        found += told.read().split("\n")[:-1]
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), "it failed before it was killed"
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("product", ["sqlite", "postgres", "json"])
def test_writers_that_are_killed_leave_a_database_with_every_acknowledged_run(product, tmp_path, request):
    makers: dict[str, Callable[[], BaseDb]] = {
        "sqlite": lambda: SqliteDb(db_file=tmp_path / "agent.db"),
        "json": lambda: JsonDb(tmp_path / "data"),
    }
    if product == "postgres":
        url, schema = request.getfixturevalue("server").url(), a_name()
        makers["postgres"] = lambda: PostgresDb(url, db_schema=schema)
    make = makers[product]
    acknowledged = [run_id for number in range(KILLS) for run_id in killed_writer(make, number, random.randrange(1, 6))]
    db = make()
    session = db.get_session("s")
    assert [run_id for run_id in ids(session) if run_id in set(acknowledged)] == acknowledged
    assert len(ids(session)) == len(set(ids(session))) <= len(acknowledged) + KILLS
    assert all(len(run.content) == 3000 for run in session.runs)
    if product == "sqlite":
        connection = sqlite3.connect(tmp_path / "agent.db")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
    db.finish_run(db.read_session("s", "agent"), a_run(run_id="after"))
    assert ids(db.get_session("s"))[-1] == "after"
    db.close()


# The true Agno 2.0.0 -----------------------------------------------------------------------------------------------------

BY_2_0 = """
import sys
from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.models.base import Model
from agno.models.response import ModelResponse

class Fake(Model):
    def invoke(self, messages, *args, **kwargs):
        asked = [message.content for message in messages if message.role == "user"]
        print("asked", asked)
        return ModelResponse(role="assistant", content=f"answer {len(asked)}")
    ainvoke = invoke_stream = ainvoke_stream = invoke
    def _parse_provider_response(self, response, **kwargs): return response
    def _parse_provider_response_delta(self, response): return response

agent = Agent(id="helper", model=Fake(id="m"), db=SqliteDb(db_file=sys.argv[1]), add_history_to_context=True,
              num_history_runs=50, telemetry=False, session_state={"n": 1})
for question in sys.argv[2:]:
    agent.run(question, session_id="chat", user_id="ann")
"""


def by_2_0(file: Path, *questions: str) -> str:
    """Ask the real package, in its own environment, which the benchmark has too."""
    from benchmarks.environments import built

    place = built("agno-2.0.0")
    command = [str(place.python), "-c", BY_2_0, str(file), *questions]
    done = subprocess.run(command, env=place.variables, capture_output=True, text=True, timeout=120, cwd=file.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_chat_goes_from_the_true_agno_2_0_to_here_and_back(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY))
    file = tmp_path / "agent.db"
    by_2_0(file, "one", "two")
    db = SqliteDb(db_file=file)
    assert [run.content for run in db.get_session("chat").runs] == ["answer 1", "answer 2"]
    assert MigrationManager(db).up().tables[0].runs == 2
    model = ScriptedModel(says("answer 3"))
    Agent(id="helper", model=model, db=db, add_history_to_context=True).run("three", session_id="chat", user_id="ann")
    assert [m.content for m in model.requests[0].messages if m.role == "user"] == ["one", "two", "three"]
    MigrationManager(db).down()
    db.close()
    assert "asked ['one', 'two', 'three', 'four']" in by_2_0(file, "four")
    subprocess.run([sys.executable, "-m", "agno.cli.main", "migrate", str(file)], check=True, timeout=60)
    found = SqliteDb(db_file=file).get_session("chat")
    assert [run.content for run in found.runs] == ["answer 1", "answer 2", "answer 3", "answer 4"]
    assert found.session_data["session_state"] == {"n": 1}
