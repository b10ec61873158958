"""What a database on a SQL server must do besides: several processes, a server that goes away, tables of others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from agno.db.base import BaseDb, DbError, DbUnavailableError, InvalidSchemaError, MigrationRequiredError, SessionType
from agno.run.base import RunStatus
from db.contract import DbContract, a_memory, a_run, a_session, ids
from db.processes import check_one_continues, check_two_writers, writer
from db.servers.sql import Server, a_name

# Locks the session, and then never gets to its end.
HOLDER = """
from agno.db._sessions import run_row
from agno.run.agent import RunOutput

def settle(stored):
    print("locked", flush=True)
    time.sleep(100)

runs = [run_row("s", RunOutput(run_id=f"dead-{number}")) for number in range(2)]
db.write_session("s", settle, runs)
"""

V2_SESSIONS = """CREATE TABLE {s}.agno_sessions (session_id VARCHAR(128) NOT NULL UNIQUE, session_type VARCHAR(20) NOT NULL,
    agent_id VARCHAR(128), team_id VARCHAR(128), workflow_id VARCHAR(128), user_id VARCHAR(128), session_data {json},
    agent_data {json}, team_data {json}, workflow_data {json}, metadata {json}, runs {json}, summary {json},
    created_at BIGINT NOT NULL, updated_at BIGINT)"""


class ServerContract(DbContract):
    """The suite for a server. `make` gives a database in a schema of its own."""

    json_types: tuple[str, ...] = ("JSON",)

    def make(self, server: Server, schema: str, **options: Any) -> BaseDb:
        raise NotImplementedError

    @pytest.fixture
    def schema(self) -> str:
        return a_name()

    @pytest.fixture(scope="class")
    @classmethod
    def used(cls, server):
        """A database in a schema of its own, for all tests that do not look at how tables are made."""
        schema = a_name("used")
        db = cls().make(server, schema)
        yield db, schema
        db.close()

    @pytest.fixture
    def db(self, request, server):
        """With tables that are there and empty: making and finding them takes longer than most tests. `schema` has none."""
        if "schema" in request.fixturenames or "_new_database" in request.node.name:
            db = self.make(server, request.getfixturevalue("schema"))
            yield db
            db.close()
        else:
            db, schema = request.getfixturevalue("used")
            yield db
            server.empty(schema, but="agno_schema_versions")

    # Tables ----------------------------------------------------------------------------------------------------------

    def test_reading_makes_no_table(self, server, schema, db):
        assert db.get_session("s", SessionType.AGENT) is None and db.get_sessions(SessionType.AGENT) == []
        assert server.tables(schema) == set()
        db.upsert_session(a_session())
        assert server.tables(schema) == {"agno_sessions", "agno_sessions_runs", "agno_schema_versions"}
        assert _count(server, f"{schema}.agno_schema_versions WHERE version = '2.6.0'") == 2

    @pytest.mark.parametrize(
        "name", ["my-agent sessions", "select", "Größe", "100%s", 'a"b', "a`b", "x'; DROP TABLE y; --"]
    )
    def test_any_table_name_is_quoted(self, server, schema, name):
        db = self.make(server, schema, session_table=name, memory_table=f"{name}2")
        db.upsert_session(a_session("s", a_run(run_id="r")))
        db.upsert_user_memory(a_memory())
        assert ids(db.get_sessions(SessionType.AGENT, sort_by="created_at")[0]) == ["r"]
        assert {name, f"{name}2", f"{name}_runs"} <= server.tables(schema)
        db.close()

    @pytest.mark.parametrize("name", ["x" * 64, "a\0b", "ä" * 40])
    def test_a_name_that_no_table_can_have_is_refused(self, server, schema, name):
        with pytest.raises(ValueError, match="is no table name"):
            self.make(server, schema, session_table=name)

    def test_the_longest_name_has_its_indexes(self, server, schema):
        db = self.make(server, schema, memory_table="m" * 63)
        db.upsert_user_memory(a_memory())
        assert len(db.get_user_memories(user_id="ann")) == 1
        db.close()

    def test_a_table_without_expected_columns_is_refused(self, server, schema, db):
        server.execute(
            f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.agno_memories (memory_id VARCHAR(9), memory TEXT)"
        )
        for use in (db.get_user_memories, lambda: db.upsert_user_memory(a_memory())):
            with pytest.raises(InvalidSchemaError, match="has an invalid schema: it lacks input, agent_id") as told:
                use()
            assert isinstance(told.value, ValueError)

    def test_memories_of_agno_2_0_get_the_columns_that_came_later(self, server, schema, db):
        columns = "input TEXT, agent_id TEXT, team_id TEXT, user_id VARCHAR(99), topics JSON, updated_at BIGINT"
        server.execute(
            f"CREATE SCHEMA {schema}",
            f"CREATE TABLE {schema}.agno_memories (memory_id VARCHAR(99) PRIMARY KEY, memory JSON NOT NULL, {columns})",
            f"""INSERT INTO {schema}.agno_memories (memory_id, memory, user_id) VALUES ('old', '"tea"', 'ann')""",
        )
        assert [m.memory for m in db.get_user_memories("ann")] == ["tea"]
        db.upsert_user_memory(a_memory("coffee", memory_id="new", run_id="r"))
        assert self.make(server, schema).get_user_memory("new").run_id == "r"

    def test_a_table_of_agno_1_asks_for_migration(self, server, schema, db):
        columns = "session_id VARCHAR(9), user_id TEXT, memory TEXT, extra_data TEXT"
        server.execute(f"CREATE SCHEMA {schema}", f"CREATE TABLE {schema}.agno_sessions ({columns})")
        with pytest.raises(MigrationRequiredError, match="Run: agno migrate"):
            db.upsert_session(a_session())

    def test_a_table_of_a_newer_agno_is_refused(self, server, schema, db):
        db.upsert_session(a_session())
        server.execute(f"UPDATE {schema}.agno_schema_versions SET version = '3.0.0'")
        later = self.make(server, schema)
        with pytest.raises(InvalidSchemaError, match="version 3.0.0 of the schema, newer than 2.6.0"):
            later.get_session("s", SessionType.AGENT)
        later.close()

    def test_a_table_that_was_dropped_is_made_again(self, server, schema, db):
        db.upsert_session(a_session("s"))
        server.execute(f"DROP TABLE {schema}.agno_sessions")
        with pytest.raises(DbError):
            db.get_session("s", SessionType.AGENT)
        assert db.get_session("s", SessionType.AGENT) is None
        db.upsert_session(a_session("s"))
        assert db.get_session("s", SessionType.AGENT) is not None

    def test_rows_of_agno_2_0_are_read_continued_and_deleted(self, server):
        for kind in self.json_types:
            schema = a_name("old")
            old = '[{"run_id": "a", "content": "1"}, {"run_id": "b", "content": "2"}]'
            server.execute(
                f"CREATE SCHEMA {schema}",
                V2_SESSIONS.format(s=schema, json=kind),
                f"INSERT INTO {schema}.agno_sessions (session_id, session_type, agent_id, session_data, runs, created_at) "
                f"VALUES ('s', 'agent', 'agent', '{{\"session_name\": \"Old\"}}', '{old}', 5)",
            )
            self._use_a_row_of_2_0(self.make(server, schema))

    def _use_a_row_of_2_0(self, db: BaseDb) -> None:
        session = db.get_session("s", SessionType.AGENT)
        assert ids(session) == ["a", "b"] and session.name == "Old"
        assert ids(db.get_sessions(SessionType.AGENT, session_name="old")[0]) == ["a", "b"]
        run = a_run(run_id="c", status=RunStatus.running)
        db.begin_run(session, run)
        run.status = RunStatus.completed
        db.finish_run(session, run)
        assert ids(db.read_session("s", "agent", runs=2)) == ["b", "c"]
        db.rename_session("s", SessionType.AGENT, "New")
        session = db.get_session("s", SessionType.AGENT)
        del session.runs[0]
        db.upsert_session(session)
        assert ids(db.get_session("s", SessionType.AGENT)) == ["b", "c"]
        assert sum(row["agent_runs_count"] for row in db.calculate_metrics()) == 2  # of two days: one is not dated
        assert db.delete_session("s") is True and db.get_session("s", None) is None
        db.upsert_session(a_session("s2"))
        assert [found.session_id for found in db.get_sessions(None)] == ["s2"]
        db.close()

    # A server that is away -------------------------------------------------------------------------------------------

    def test_a_server_that_is_away_is_told_and_found_again(self, server, db):
        db.upsert_session(a_session("s", a_run(run_id="r")))
        server.stop()
        try:
            for use in (
                lambda: db.get_session("s", SessionType.AGENT),
                lambda: db.get_sessions(SessionType.AGENT),
                lambda: db.upsert_session(a_session("s")),
                lambda: db.finish_run(a_session("s"), a_run()),
                lambda: db.get_user_memories(),
                lambda: db.delete_session("s"),
            ):
                with pytest.raises(DbUnavailableError, match="at .*127.0.0.1.*(cannot be reached|is not available)"):
                    use()
        finally:
            server.start()
        assert ids(db.get_session("s", SessionType.AGENT)) == ["r"]

    @pytest.mark.parametrize("first", ["read", "write", "list"])
    def test_a_server_that_restarted_meanwhile_is_not_noticed(self, server, db, first):
        session = a_session("s")
        db.finish_run(session, a_run(run_id="a"))
        server.stop()
        server.start()
        if first == "write":
            db.finish_run(session, a_run(run_id="b"))
        elif first == "list":
            assert len(db.get_sessions(SessionType.AGENT)) == 1
        assert ids(db.get_session("s", SessionType.AGENT)) == (["a", "b"] if first == "write" else ["a"])

    # Sizes -----------------------------------------------------------------------------------------------------------

    def test_runs_of_a_megabyte_are_read_by_the_window(self, db):
        session = a_session("s", *(a_run("x" * 1_000_000, run_id=f"r{n}") for n in range(8)))
        db.upsert_session(session)
        assert ids(db.read_session("s", "agent", runs=2)) == ["r6", "r7"]
        assert [len(run.content) for run in db.get_session("s", SessionType.AGENT).runs] == [1_000_000] * 8

    def test_a_failed_write_leaves_nothing_of_it(self, server, schema, db):
        db.upsert_session(a_session("s", a_run(run_id="r"), session_data={"session_name": "before"}))
        session = db.read_session("s", "agent")
        server.execute(f"ALTER TABLE {schema}.agno_sessions_runs RENAME COLUMN payload TO gone")
        session.name = "after"
        with pytest.raises(DbError):
            db.finish_run(session, a_run(run_id="r2"))
        server.execute(f"ALTER TABLE {schema}.agno_sessions_runs RENAME COLUMN gone TO payload")
        found = db.get_session("s", SessionType.AGENT)
        assert found.name == "before" and ids(found) == ["r"]


class ProcessContract(ServerContract):
    """For a synchronous class also: processes that share the server, are forked, and are killed."""

    def code(self, server: Server, schema: str) -> str:
        """What makes `db` in another process."""
        raise NotImplementedError

    def test_two_processes_write_one_session_from_its_first_moment(self, server, schema, db):
        check_two_writers(db, self.code(server, schema))

    def test_of_processes_that_continue_one_run_one_does(self, server, schema, db):
        check_one_continues(db, self.code(server, schema))

    def test_a_writer_that_is_killed_leaves_whole_runs_and_no_lock(self, server, schema, db):
        process = writer(self.code(server, schema), "victim", 10_000)
        assert process.stdout is not None
        finished = [process.stdout.readline().strip() for _ in range(5)]
        process.send_signal(signal.SIGKILL)
        finished += process.stdout.read().split()
        process.wait(30)
        session = db.get_session("s", SessionType.AGENT)
        assert ids(session)[: len(finished)] == finished and len(session.runs) <= len(finished) + 1
        assert all(run.status is RunStatus.completed for run in session.runs[: len(finished)])
        tokens = session.session_data["session_metrics"]["total_tokens"]
        assert tokens == len([run for run in session.runs if run.status is RunStatus.completed])
        db.finish_run(session, a_run(run_id="after"))
        assert ids(db.get_session("s", SessionType.AGENT))[-1] == "after"

    def test_a_writer_that_is_killed_in_its_transaction_leaves_nothing(self, server, schema, db):
        db.upsert_session(a_session("s", a_run(run_id="before")))
        command = [sys.executable, "-c", self.code(server, schema) + HOLDER]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == "locked\n"
            process.kill()
        db.finish_run(
            db.read_session("s", "agent"), a_run(run_id="after")
        )  # a lock that stayed would let it wait for ever
        assert ids(db.get_session("s", SessionType.AGENT)) == ["before", "after"]

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_a_forked_process_uses_its_own_connections(self, db):
        db.upsert_session(a_session("parent"))
        child = os.fork()
        if child == 0:
            try:
                for number in range(20):
                    db.upsert_session(a_session(f"child-{number}"))
                os._exit(0)
            finally:
                os._exit(1)
        for number in range(20):
            db.upsert_session(a_session(f"parent-{number}"))
        assert os.waitpid(child, 0)[1] == 0
        db.upsert_session(a_session("after"))
        assert len(db.get_sessions(SessionType.AGENT)) == 42


def _count(server: Server, table: str) -> int:
    return server.execute(f"SELECT count(*) FROM {table}")[0][0]
