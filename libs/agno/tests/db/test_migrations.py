"""From Agno 1 and 2.0 to this version, on SQLite; and the command."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from agno.cli.main import main
from agno.db.base import DbError, Pruned
from agno.db.json import JsonDb
from agno.db.migrations.manager import MigrationManager
from agno.db.migrations.v1_to_v2 import migrate, parse_memories
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from db.migration_contract import SqlMigrationContract
from db.old_versions import V1_MEMORY, V1_ROWS, OldSql, v1_run, v2_row


@pytest.fixture
def file(tmp_path):
    return str(tmp_path / "agent.db")


@pytest.fixture
def db(file):
    db = SqliteDb(db_file=file)
    yield db
    db.db_engine.dispose()
    db.close()


@pytest.fixture
def old(db):
    return OldSql(db)


class TestSqlite(SqlMigrationContract):
    @pytest.fixture
    def db(self, db):
        return db

    @pytest.fixture(params=[False, True], ids=["JSON", "JSON of JSON"])
    def old(self, db, request):
        return OldSql(db, twice=request.param)

    def test_a_memory_written_as_python_writes_a_dict_is_read(self, db, old):
        old.v1_memories(
            "memories", [("m1", str(V1_MEMORY)), ("m2", "a plain sentence"), ("m3", "{'broken"), ("m4", None)]
        )
        (moved,) = migrate(db).tables
        assert sorted(memory.memory for memory in db.get_user_memories()) == ["a plain sentence", "likes tea"]
        assert sorted(key for key, _ in moved.failed) == ["m3", "m4"]

    def test_a_wrong_text_in_a_session_is_told(self, db, old):
        old.v1_sessions("agent_sessions", "v1", [V1_ROWS["agent_sessions"][2] | {"session_data": "{broken"}])
        assert "its column session_data holds no JSON" in migrate(db).failed[0]

    def test_indexes_that_agno_2_0_did_not_make_are_made(self, db, old):
        old.v2_sessions(v2_row())
        MigrationManager(db).up()
        indexes = {name for (name,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        assert {"idx_agno_sessions_user_id", "idx_agno_sessions_agent_id"} <= indexes


# Asynchronous and other databases ----------------------------------------------------------------------------------------


def test_an_asynchronous_database_is_migrated_the_same_way(old, file):
    old.v1_sessions("agent_sessions", "agents")
    old.v2_sessions(v2_row("of-2.0"))
    db = AsyncSqliteDb(db_file=file)

    async def main_() -> None:
        assert (await migrate(db)).tables[0].written == 3
        assert (await MigrationManager(db).up()).tables[0].runs == 3
        assert (await MigrationManager(db).versions())["sessions"] == "2.6.0"
        assert len((await db.get_session("of-2.0")).runs) == 3

    asyncio.run(main_())


def test_a_database_that_needs_no_migration_says_so(tmp_path):
    with pytest.raises(DbError, match="JsonDb needs no migration: it reads and continues what Agno 2.0 wrote"):
        MigrationManager(JsonDb(tmp_path)).up()


def test_a_new_database_has_the_newest_version_and_nothing_to_do(db):
    db.upsert_user_memory(parse_memories([{"id": "1", "memory": {"memory": "x"}}])[0])
    assert MigrationManager(db).versions() == {"memories": "2.6.0"}
    assert MigrationManager(db).up().tables == []


def test_a_file_of_a_newer_agno_is_refused(db, old):
    old.v2_sessions(v2_row())
    MigrationManager(db).up()
    old.execute("UPDATE agno_schema_versions SET version = '3.0.0'")
    with pytest.raises(ValueError, match="version 3.0.0 of the schema, newer than 2.6.0"):
        SqliteDb(db_file=db.db_file).get_session("chat")


# Stopped in the middle ---------------------------------------------------------------------------------------------------

SLOWLY = """
import sys
from agno.db.migrations.manager import MigrationManager
from agno.db.migrations.v1_to_v2 import migrate
from agno.db.sqlite import SqliteDb

def show(moved):
    print(moved.done, flush=True)
    if moved.done >= 60:
        sys.stdin.readline()  # until the end

db = SqliteDb(db_file=sys.argv[1])
migrate(db, batch_size=20, progress=show) if sys.argv[2] == "v1" else MigrationManager(db, progress=show, batch_size=20).up()
"""


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_migration_that_was_killed_goes_on(db, old, file, version):
    if version == "v1":
        rows = [{**V1_ROWS["agent_sessions"][0], "session_id": f"s{n:03}"} for n in range(130)]
        old.v1_sessions("agent_sessions", "agents", rows)
    else:
        old.v2_sessions(*(v2_row(f"s{n:03}") for n in range(130)))
    command = [sys.executable, "-c", SLOWLY, file, version]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 60:
                break
        process.send_signal(signal.SIGKILL)
    (moved,) = (migrate(db) if version == "v1" else MigrationManager(db).up()).tables
    assert moved.written < 130 and moved.there in (130, moved.written)
    sessions = db.get_sessions()
    assert len(sessions) == 130 and {len(session.runs) for session in sessions} == {2 if version == "v1" else 3}


def test_memory_does_not_grow_with_the_table(db, old):
    import tracemalloc

    def peak(count: int) -> int:
        big = {**V1_ROWS["agent_sessions"][0], "memory": {"runs": [v1_run("r", "q", "x" * 50_000)]}}
        old.v1_sessions("agent_sessions", f"v1_{count}", [{**big, "session_id": f"{count}-{n}"} for n in range(count)])
        tracemalloc.start()
        migrate(db, None, f"v1_{count}", batch_size=1000)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(5)
    assert peak(400) < 1.5 * peak(60)


# The command -------------------------------------------------------------------------------------------------------------


def test_the_command_migrates_both_and_says_what_it_did(old, db, file, capsys):
    old.v1_sessions("agent_sessions", "agents")
    old.v2_sessions(v2_row("of-2.0"))
    assert main(["migrate", file, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "agents (agent sessions): 3 would be moved with 3 runs" in told
    assert "sessions (sessions of Agno 2.0): 1 would be moved" in told
    assert main(["migrate", f"sqlite:///{file}", "--batch-size", "1"]) == 0
    told = capsys.readouterr().out
    assert "agents (agent sessions): 3 moved with 3 runs" in told
    assert "sessions (sessions of Agno 2.0): 1 moved with 3 runs" in told
    assert main(["migrate", file]) == 0 and "3 there already" in capsys.readouterr().out
    assert main(["migrate", file, "--drop-old"]) == 0 and "old table dropped" in capsys.readouterr().out
    assert main(["migrate", file]) == 0 and "There is nothing to migrate." in capsys.readouterr().out
    assert {"agents", "agno_sessions_2_0"}.isdisjoint(old.tables())
    assert main(["migrate", file, "--to", "2.0.0"]) == 0 and "sessions (sessions): 4 moved" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("runs", "ids"),
    [
        ("", []),
        ("null", []),
        ('[null, {"run_id": 5, "content": "x", "model": 7, "status": 9, "created_at": "x", "metrics": [1]}]', ["5"]),
        ('["{\\"run_id\\": \\"r\\"}"]', ["r"]),
        ('{"run_id": "r", "metrics": "none", "created_at": 1e300}', ["r"]),
        ('{"run_id": ', None),
        ("[1]", None),
        ("5", None),
    ],
)
def test_odd_runs_of_agno_2_0_are_read_or_named(db, old, file, runs, ids, capsys):
    old.v2_sessions(v2_row("odd"))
    old.execute("UPDATE agno_sessions SET runs = :runs", {"runs": runs})
    if ids is None:
        for read in (
            lambda: db.get_session("odd"),
            db.get_sessions,
            lambda: db.prune(keep_runs=1),
            db.calculate_metrics,
        ):
            with pytest.raises(DbError, match="something else than a list of runs"):
                read()
        assert main(["migrate", file, "--dry-run"]) == 2 and "'odd'" in capsys.readouterr().err
        return
    for _ in range(2):
        assert [run.run_id for run in db.get_session("odd").runs] == ids
        assert len(db.get_sessions()) == 1 and db.prune(keep_runs=1) == Pruned()
        assert db.calculate_metrics()[0]["agent_runs_count"] == len(ids)
        assert main(["migrate", file]) == 0


def test_the_command_does_what_the_error_says(old, db, file, capsys):
    old.v1_sessions("agent_sessions", "agno_sessions")
    with pytest.raises(ValueError) as told:
        db.get_session("chat")
    command = str(told.value).partition("Run: agno ")[2].partition(", or")[0].replace("'", "").split()
    assert main(command) == 0
    assert len(db.get_session("chat").runs) == 2


def test_tables_can_be_named_as_in_the_script_of_agno_2_0(old, db, file, capsys):
    old.v1_sessions("agent_sessions", "a")
    old.v1_sessions("team_sessions", "b")
    names = ["--v1-team-sessions-table-name", "b", "--v2-sessions-table-name", "mine"]
    assert main(["migrate", file, *names]) == 0
    assert SqliteDb(db_file=file, session_table="mine").get_session("crew-chat") is not None
    assert "a (agent" not in capsys.readouterr().out


def test_rows_that_cannot_be_moved_make_it_fail(old, db, file, capsys):
    old.v1_sessions("agent_sessions", "a", [V1_ROWS["agent_sessions"][2] | {"session_data": "{broken"}])
    assert main(["migrate", file, "--drop-old"]) == 2
    assert "1 rows could not be migrated; their tables are kept" in capsys.readouterr().err
    assert "a" in old.tables()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.db"], "There is no SQLite file 'nowhere.db'"),
        (["oracle://:secret@h"], "'oracle' is no database that is known here"),
        (["redis://:secret@h"], "RedisDb needs no migration"),
        (["x.db", "--batch-size", "0"], "'0' is no number of rows"),
        (["foreign.db"], "'agno_sessions' in 'sqlite:///foreign.db' has an invalid schema"),
        (["foreign.db", "--dry-run"], "has an invalid schema"),
    ],
)
def test_wrong_arguments_are_told(arguments, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("foreign.db")) as connection:
        connection.execute("CREATE TABLE agno_sessions (id INTEGER, name TEXT)")
    try:
        assert main(["migrate", *arguments]) == 2
    except SystemExit as ended:
        assert ended.code == 2
    found = capsys.readouterr().err
    assert told in found and "secret" not in found
