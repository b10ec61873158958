"""SQLite: what the file, the driver and older versions add to the contract."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy

from agno.agent import Agent
from agno.db.base import DbError, DbUnavailableError, InvalidSchemaError, MigrationRequiredError, SessionType
from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says
from db.contract import DbContract, a_memory, a_run, a_session, ids
from db.processes import check_one_continues

WRITER = """
import sys
from agno.db.sqlite import SqliteDb
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.session import AgentSession

db, name = SqliteDb(db_file=sys.argv[1]), sys.argv[2]
for number in range(25):
    session = db.read_session("s", "agent", runs=3) or AgentSession("s", agent_id="agent")
    run = RunOutput(run_id=f"{name}-{number}", content="hi")
    db.begin_run(session, run)
    run.status = RunStatus.completed
    metrics = (session.session_data or {}).get("session_metrics") or {}
    total = metrics.get("total_tokens", 0) + 1
    session.session_data = {**(session.session_data or {}), "session_metrics": {"total_tokens": total}}
    db.finish_run(session, run)
"""


class TestSqliteFile(DbContract):
    @pytest.fixture
    def db(self, tmp_path):
        db = SqliteDb(db_file=str(tmp_path / "agent.db"))
        yield db
        db.close()


class TestSqliteInMemory(DbContract):
    @pytest.fixture
    def db(self):
        return SqliteDb(db_url="sqlite://")


class TestSqliteEngine(DbContract):
    @pytest.fixture
    def db(self, tmp_path):
        engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/engine.db")
        yield SqliteDb(db_engine=engine)
        engine.dispose()


class TestSqliteEngineInMemory(DbContract):
    @pytest.fixture
    def db(self):
        options = {"poolclass": sqlalchemy.StaticPool, "connect_args": {"check_same_thread": False}}
        engine = sqlalchemy.create_engine("sqlite://", **options)
        yield SqliteDb(db_engine=engine)
        engine.dispose()


@pytest.fixture
def file(tmp_path):
    return str(tmp_path / "agent.db")


def execute(file: str, *statements: str, values: tuple = ()) -> list:
    connection = sqlite3.connect(file)
    found: list = []
    for statement in statements:
        found = connection.execute(statement, values).fetchall()
    connection.commit()
    connection.close()
    return found


# Where the file is -------------------------------------------------------------------------------------------------------


def test_the_order_is_engine_url_file_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    engine = sqlalchemy.create_engine("sqlite:///engine.db")
    assert SqliteDb(engine, "sqlite:///url.db", "file.db").db_file == "engine.db"
    assert SqliteDb(None, "sqlite:///url.db", "file.db").db_file == "url.db"
    assert SqliteDb(db_file="file.db").db_file == "file.db"
    assert SqliteDb().db_file == "agno.db"
    assert SqliteDb(db_url="sqlite:////abs/x%20y.db?mode=ro").db_file == "/abs/x y.db"


def test_folders_and_tables_are_made_at_the_first_write(tmp_path):
    file = tmp_path / "a" / "b" / "agent.db"
    db = SqliteDb(db_file=file)
    assert not file.parent.exists()
    db.upsert_session(a_session())
    tables = {name for (name,) in execute(str(file), "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"agno_sessions", "agno_sessions_runs", "agno_schema_versions"}


def test_memories_of_agno_2_0_get_the_columns_that_came_later(tmp_path):
    file = str(tmp_path / "old.db")
    columns = "input TEXT, agent_id TEXT, team_id TEXT, user_id TEXT, topics JSON, updated_at INTEGER"
    execute(file, f"CREATE TABLE agno_memories (memory_id TEXT PRIMARY KEY, memory JSON NOT NULL, {columns})")
    execute(file, "INSERT INTO agno_memories (memory_id, memory, user_id) VALUES ('old', '\"tea\"', 'ann')")
    db, other = SqliteDb(db_file=file), SqliteDb(db_file=file)
    assert [m.memory for m in db.get_user_memories("ann")] == ["tea"]
    db.upsert_user_memory(a_memory("coffee", memory_id="new", run_id="r"))
    assert other.get_user_memory("new").run_id == "r"


@pytest.mark.parametrize("url", ["postgresql://host/x", "agent.db", "sqlite:agent.db", "sqlite://host/agent.db"])
def test_a_url_of_something_else_is_refused(url):
    with pytest.raises(ValueError, match="is no SQLite address"):
        SqliteDb(db_url=url)


def test_a_uri_of_sqlites_own_is_not_taken_for_the_name_of_a_file():
    with pytest.raises(ValueError, match=r"is a URI of SQLite's. Give db_engine=sqlalchemy.create_engine"):
        SqliteDb(db_url="sqlite:///file:agent.db?mode=ro&uri=true")


def test_a_file_in_the_place_of_the_engine_is_refused():
    with pytest.raises(TypeError, match=r"SqliteDb\(db_file='agent.db'\)"):
        SqliteDb("agent.db")


@pytest.mark.parametrize("name", ['x"; DROP TABLE y; --', "my-agent sessions", "select", "日本", "100%s"])
def test_any_table_name_is_quoted(file, name):
    db = SqliteDb(db_file=file, session_table=name, memory_table=f"{name} memories")
    db.upsert_session(a_session("s", a_run(run_id="r")))
    db.upsert_user_memory(a_memory())
    assert ids(db.get_sessions(SessionType.AGENT, sort_by="created_at")[0]) == ["r"]
    assert (name,) in execute(file, "SELECT name FROM sqlite_master WHERE type = 'table'")


def test_no_sqlalchemy_is_imported_for_a_file(file):
    code = f"import sys; from agno.db.sqlite import SqliteDb; SqliteDb(db_file={file!r}).get_session('s', 'agent')"
    done = subprocess.run([sys.executable, "-c", f"{code}; sys.exit('sqlalchemy' in sys.modules)"], timeout=60)
    assert done.returncode == 0


def test_an_engine_is_made_when_asked_for(file):
    db = SqliteDb(db_file=file)
    assert db.db_engine.url.database == file and db.db_engine is db.db_engine


def test_sessions_and_tables_of_sqlalchemy_are_there_for_queries_of_ones_own(file):
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("s"))
    assert "session_id" in db.metadata.tables["agno_sessions"].columns
    with db.Session() as session:
        assert session.execute(sqlalchemy.text("SELECT session_id FROM agno_sessions")).scalar() == "s"


# Several processes and threads -------------------------------------------------------------------------------------------


def test_of_processes_that_continue_one_run_one_does(file):
    check_one_continues(
        SqliteDb(db_file=file), f"from agno.db.sqlite import SqliteDb\ndb = SqliteDb(db_file={str(file)!r})"
    )


def test_processes_may_write_one_session_from_the_first_moment(file):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, file, name]) for name in ("a", "b", "c")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    session = SqliteDb(db_file=file).get_session("s", SessionType.AGENT)
    assert sorted(ids(session)) == sorted(f"{name}-{n}" for name in "abc" for n in range(25))
    assert all(run.status is RunStatus.completed for run in session.runs)
    assert session.session_data["session_metrics"]["total_tokens"] == 75


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_uses_its_own_connection(file):
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("parent"))
    child = os.fork()
    if child == 0:
        try:
            db.upsert_session(a_session("child"))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    db.upsert_session(a_session("after"))
    assert {s.session_id for s in db.get_sessions(SessionType.AGENT)} == {"parent", "child", "after"}


def test_a_reader_is_not_stopped_by_a_writer(file):
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("s"))
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert db.get_session("s", SessionType.AGENT) is not None
    writer.close()


# Failures are told -------------------------------------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_not_an_empty_one(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("this is no database " * 100)
    with pytest.raises(DbUnavailableError, match="is no SQLite database"):
        SqliteDb(db_file=file).get_sessions(SessionType.AGENT)


def test_a_folder_in_the_way_is_told(tmp_path):
    with pytest.raises(DbUnavailableError, match="SQLite could not use"):
        SqliteDb(db_file=tmp_path).upsert_session(a_session())
    (tmp_path / "file").write_text("")
    with pytest.raises(DbUnavailableError, match="cannot be opened"):
        SqliteDb(db_file=tmp_path / "file" / "agent.db").upsert_session(a_session())


def test_a_table_without_expected_columns_is_refused(file):
    execute(file, "CREATE TABLE agno_memories (memory_id TEXT PRIMARY KEY, memory TEXT)")
    with pytest.raises(InvalidSchemaError, match="has an invalid schema: it lacks input, agent_id") as told:
        SqliteDb(db_file=file).get_user_memories()
    assert isinstance(told.value, ValueError)


def test_a_table_of_agno_1_asks_for_migration(file):
    execute(file, "CREATE TABLE agno_sessions (session_id TEXT, user_id TEXT, memory JSON, extra_data JSON)")
    with pytest.raises(MigrationRequiredError, match="Run: agno migrate"):
        SqliteDb(db_file=file).upsert_session(a_session())


def test_a_failed_write_leaves_nothing_of_it(file, monkeypatch):
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("s", session_data={"session_name": "before"}))
    execute(file, "CREATE TRIGGER no BEFORE INSERT ON agno_sessions_runs BEGIN SELECT RAISE(ABORT, 'no room'); END")
    session = db.read_session("s", "agent")
    session.name = "after"
    with pytest.raises(DbError, match="no room"):
        db.finish_run(session, a_run())
    found = db.get_session("s", SessionType.AGENT)
    assert found.name == "before" and not found.runs
    execute(file, "DROP TRIGGER no")
    db.finish_run(session, a_run())
    assert db.get_session("s", SessionType.AGENT).name == "after"


def test_a_file_that_is_deleted_or_moved_in_use_is_told_and_found_again(tmp_path):
    file = tmp_path / "agent.db"
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("s", a_run()))
    file.rename(file.with_suffix(".away"))
    for work in (lambda: db.get_session("s"), lambda: db.upsert_session(a_session("t"))):
        with pytest.raises(DbUnavailableError, match="deleted, moved .* Put it back, or start the program again"):
            work()
    assert not file.exists()
    file.with_suffix(".away").rename(file)
    assert db.get_session("s") is not None


def test_a_file_that_was_put_in_the_place_of_another_is_not_mixed_with_it(tmp_path):
    file, other = tmp_path / "agent.db", tmp_path / "other.db"
    SqliteDb(db_file=other).upsert_session(a_session("other"))
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("s"))
    other.replace(file)
    with pytest.raises(DbUnavailableError, match="replaced"):
        db.upsert_session(a_session("t"))


def test_after_close_a_deleted_file_is_made_again(tmp_path):
    file = tmp_path / "agent.db"
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("s"))
    db.close()
    file.unlink()
    assert db.get_sessions() == []
    db.upsert_session(a_session("t"))
    assert file.exists()


def test_a_program_that_changes_its_folder_keeps_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    db = SqliteDb(db_file="agent.db")
    db.upsert_session(a_session("s"))
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert db.get_session("s") is not None


@pytest.mark.parametrize("when", ["before the run", "during the run"])
def test_a_run_waits_for_a_locked_file_once(file, monkeypatch, when):
    waits = []
    monkeypatch.setattr("agno.db.sqlite._connections.BUSY_TIMEOUT", 0.05)
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("other"))
    db.upsert_session(a_session("s", agent_id="a"))
    locking = sqlite3.connect(file, isolation_level=None)
    monkeypatch.setattr(db, "_explained", lambda error, true=db._explained: waits.append(error) or true(error))

    def answer(messages):
        if when == "during the run":
            locking.execute("BEGIN IMMEDIATE")
        return says("hello")

    if when == "before the run":
        locking.execute("BEGIN IMMEDIATE")
    with pytest.raises(DbUnavailableError, match="locked for .* s. Try again"):
        Agent(id="a", model=ScriptedModel(answer), db=db).run("hi", session_id="s")
    locking.execute("ROLLBACK")
    locking.close()
    assert len(waits) == 1


def test_writers_of_one_process_wait_for_each_other_in_turn_and_not_for_sqlite(file, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: connect(*args, **{**options, "timeout": 0}))
    stores = [SqliteDb(db_file=file), SqliteDb(db_url=f"sqlite:///{file}")]
    stores[0].upsert_session(a_session("first"))
    together = threading.Barrier(8)

    def write(number):
        together.wait(60)
        for turn in range(20):
            stores[number % 2].upsert_session(a_session(f"{number}-{turn}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))  # SQLite, asked while another one writes, would refuse at once
    assert len(stores[0].get_sessions(SessionType.AGENT)) == 161


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_fork_does_not_wait_for_a_writer_of_its_parent(file):
    program = (
        "import os, sys; from agno.db.sqlite import SqliteDb; from agno.session import AgentSession\n"
        "from agno.db.sqlite._connections import turn_to_write\n"
        "db = SqliteDb(db_file=sys.argv[1]); db.upsert_session(AgentSession('a', agent_id='x'))\n"
        "turn = turn_to_write(os.path.abspath(sys.argv[1]))\n"
        "child = os.fork()\n"
        "if not child: db.upsert_session(AgentSession('b', agent_id='x')); os._exit(0)\n"
        "sys.exit(os.waitpid(child, 0)[1])"
    )
    subprocess.run([sys.executable, "-c", program, file], check=True, timeout=20)
    assert SqliteDb(db_file=file).get_session("b") is not None


def test_broken_json_is_told(file):
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("s", metadata={"a": 1}))
    execute(file, "UPDATE agno_sessions SET metadata = '{broken'")
    with pytest.raises(DbError, match="holds no JSON"):
        db.get_session("s", SessionType.AGENT)


def test_a_table_that_was_dropped_is_made_again(file):
    db = SqliteDb(db_file=file)
    db.upsert_session(a_session("s"))
    execute(file, "DROP TABLE agno_sessions")
    with pytest.raises(DbError):
        db.get_session("s", SessionType.AGENT)
    assert db.get_session("s", SessionType.AGENT) is None
    db.upsert_session(a_session("s"))
    assert db.get_session("s", SessionType.AGENT) is not None


# Rows of Agno 2.0 --------------------------------------------------------------------------------------------------------

V2_SESSIONS = """CREATE TABLE agno_sessions (session_id VARCHAR NOT NULL PRIMARY KEY, session_type VARCHAR NOT NULL,
    agent_id VARCHAR, team_id VARCHAR, workflow_id VARCHAR, user_id VARCHAR, session_data JSON, agent_data JSON,
    team_data JSON, workflow_data JSON, metadata JSON, runs JSON, summary JSON, created_at BIGINT NOT NULL,
    updated_at BIGINT)"""


@pytest.fixture(params=[1, 2], ids=["encoded", "encoded twice"])
def v2(request, file):
    """A file as 2.0 wrote it; on SQLite its JSON columns hold JSON of JSON."""

    def encoded(value):
        for _ in range(request.param):
            value = json.dumps(value)
        return value

    runs = [
        {"run_id": f"old{n}", "agent_id": "agent", "content": f"c{n}", "status": "PAUSED" if n == 0 else "COMPLETED"}
        for n in range(3)
    ]
    execute(file, V2_SESSIONS)
    execute(
        file,
        "INSERT INTO agno_sessions (session_id, session_type, agent_id, session_data, runs, created_at) "
        "VALUES ('s', 'agent', 'agent', ?, ?, 5)",
        values=(encoded({"session_name": "Old name", "session_state": {"a": 1}}), encoded(runs)),
    )
    return SqliteDb(db_file=file)


def test_runs_of_a_2_0_row_are_read(v2):
    session = v2.get_session("s", SessionType.AGENT)
    assert ids(session) == ["old0", "old1", "old2"] and session.session_data["session_state"] == {"a": 1}
    assert session.runs[0].status is RunStatus.paused
    assert v2.get_session("s", SessionType.AGENT, deserialize=False)["runs"][1]["content"] == "c1"
    assert ids(v2.get_sessions(SessionType.AGENT, session_name="old NAME")[0]) == ["old0", "old1", "old2"]


def test_new_runs_follow_those_of_a_2_0_row(v2):
    session = v2.read_session("s", "agent", runs=2)
    assert ids(session) == ["old1", "old2"]
    run = a_run(run_id="new")
    v2.begin_run(session, run)
    session.session_data["session_state"]["b"] = 2
    v2.finish_run(session, run)
    assert ids(v2.get_session("s", SessionType.AGENT)) == ["old0", "old1", "old2", "new"]
    assert ids(v2.read_session("s", "agent", runs=2)) == ["old2", "new"]
    assert v2.get_session("s", SessionType.AGENT).session_data["session_state"] == {"a": 1, "b": 2}


def test_a_run_of_a_2_0_row_is_continued_in_its_place(v2):
    session = v2.get_session("s", SessionType.AGENT)
    run = session.runs[0]
    run.status, run.content = RunStatus.completed, "continued"
    v2.finish_run(session, run)
    found = v2.get_session("s", SessionType.AGENT)
    assert ids(found) == ["old0", "old1", "old2"] and found.runs[0].content == "continued"
    assert v2.read_session("s", "agent", runs=1).runs[0].run_id == "old2"


def test_a_2_0_row_is_renamed_counted_and_deleted(v2):
    assert v2.rename_session("s", SessionType.AGENT, "new").name == "new"
    assert ids(v2.get_session("s", SessionType.AGENT)) == ["old0", "old1", "old2"]
    assert v2.calculate_metrics()[0]["agent_runs_count"] == 3
    assert v2.delete_session("s") is True and v2.get_session("s", None) is None


def test_a_run_taken_out_of_a_2_0_row_is_deleted(v2):
    session = v2.get_session("s", SessionType.AGENT)
    del session.runs[1]
    v2.upsert_session(session)
    assert ids(v2.get_session("s", SessionType.AGENT)) == ["old0", "old2"]


# What it costs -----------------------------------------------------------------------------------------------------------


def traced(db: SqliteDb) -> list[str]:
    """Every statement from now on."""
    statements: list[str] = []
    connection = db._connections.take()
    connection.set_trace_callback(statements.append)
    db._connections.give(connection)
    return statements


def test_a_warm_read_is_one_statement_and_a_write_one_transaction(file):
    db = SqliteDb(db_file=file)
    session = a_session("s")
    for _ in range(5):
        db.begin_run(session, a_run())
    statements = traced(db)
    db.read_session("s", "agent", "ann", 3)
    assert len(statements) == 1 and statements[0].startswith("SELECT")
    statements.clear()
    db.finish_run(session, session.runs[0] if session.runs else a_run())
    assert [text.split()[0] for text in statements].count("COMMIT") == 1


def test_the_read_of_a_window_uses_the_index(file):
    db = SqliteDb(db_file=file)
    db.begin_run(a_session("s"), a_run())
    connection = sqlite3.connect(file)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {db._run_sql.load}", {"1": "s", "2": 3}).fetchall()
    connection.close()
    text = " ".join(str(step[-1]) for step in plan)
    assert "idx_agno_sessions_runs_session_id" in text and "SCAN agno" not in text and "TEMP B-TREE" not in text


def test_the_thousandth_run_writes_what_the_twentieth_did(file):
    db = SqliteDb(db_file=file)
    first = a_session("s")
    written = {}
    for number in range(1001):
        session = db.read_session("s", "agent", runs=3) or first
        run = a_run("answer " * 30)
        before = Path(f"{file}-wal").stat().st_size if number else 0
        if number in (20, 1000):
            connection = sqlite3.connect(file)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            before = Path(f"{file}-wal").stat().st_size
        db.begin_run(session, run)
        session.session_data = {"session_state": {"n": number}}
        db.finish_run(session, run)
        if number in (20, 1000):
            written[number] = Path(f"{file}-wal").stat().st_size - before
    assert written[1000] <= 1.1 * written[20]
    assert written[1000] <= 24 * 1024
