"""What a migration must do on every product that older versions were used with. Subclass it and give it `db` and `old`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agno.agent import Agent
from agno.db._schema import SCHEMA_VERSION
from agno.db._sessions import progress_id
from agno.db.base import BaseDb, DbError, MigrationRequiredError, SessionType
from agno.db.migrations import v1_to_v2
from agno.db.migrations.manager import MigrationManager
from agno.db.migrations.v1_to_v2 import migrate
from agno.run.base import RunStatus
from agno.run.team import TeamRunOutput
from agno.testing import ScriptedModel, says
from db.contract import a_run, ids
from db.old_versions import V1_MEMORY, V1_ROWS, v1_run, v2_row


class MigrationContract:
    """Agno 1 and 2.0 on one product."""

    @pytest.fixture
    def old(self, db: BaseDb) -> Any:
        raise NotImplementedError

    @pytest.fixture
    def v1(self, old: Any) -> Any:
        """All tables of Agno 1."""
        old.make_schema()
        for kind in V1_ROWS:
            old.v1_sessions(kind, kind)
        old.v1_memories("user_memories", [("m1", V1_MEMORY)])
        return old

    # Agno 1 ----------------------------------------------------------------------------------------------------------

    def test_tables_of_agno_1_are_recognised_and_moved(self, db, v1):
        report = migrate(db)
        assert sorted((t.name, t.there, t.written, t.runs) for t in report.tables) == [
            ("agent_sessions", 3, 3, 3), ("team_sessions", 1, 1, 2), ("user_memories", 1, 1, 0), ("workflow_sessions", 1, 1, 1),
        ]  # fmt: skip
        assert not report.failed and {*V1_ROWS, "user_memories"} <= v1.tables(), "old tables are kept"
        session = db.get_session("chat", SessionType.AGENT, user_id="ann")
        assert (session.created_at, session.updated_at, session.metadata) == (90, 110, {"plan": "free"})
        assert session.summary.summary == "About sums" and session.summary.topics == ["sums"]
        assert session.session_data == {
            "session_state": {"n": 1},
            "session_metrics": {"cache_read_tokens": 4, "duration": 2.0},
        }
        assert session.agent_data == {"name": "Helper"} and ids(session) == ["r1", "r2"]
        memory = db.get_user_memory("m1")
        assert (memory.memory, memory.topics, memory.input, memory.user_id) == (
            "likes tea",
            ["drinks"],
            "I like tea",
            "ann",
        )
        assert memory.updated_at.isoformat() == "2025-06-01T10:00:00+00:00"

    def test_runs_of_agno_1_become_runs_of_today(self, db, v1):
        migrate(db)
        plain, rich = db.get_session("chat").runs
        assert plain.status is RunStatus.completed and plain.content == "Hi Ann"
        assert plain.input.input_content == "hello" and plain.messages[-1].reasoning_content == "hm"
        assert (plain.metrics.input_tokens, plain.metrics.audio_total_tokens, plain.metrics.duration) == (7, 4, 1.0)
        assert (plain.metrics.audio_input_tokens, plain.metrics.audio_output_tokens) == (3, 4)
        assert plain.metrics.cache_read_tokens == 5
        assert plain.metrics.provider_metrics == {"prompt_tokens_details": {"cached_tokens": 5}}
        assert rich.reasoning_content == "first\nsecond" and rich.references[0].query == "q"
        assert rich.reasoning_steps[0].title == "step" and rich.reasoning_messages[0].content == "r"
        assert rich.additional_input[0].content == "an example" and rich.tools[0].metrics.duration == 0.25
        assert rich.images[0].id and rich.images[0].mime_type == "image/png"
        audio = rich.response_audio
        assert (audio.content, audio.duration, audio.mime_type, audio.transcript) == (b"ABC", 2.5, "audio/wav", "tt")
        row = db.get_session("chat", deserialize=False)["runs"][1]
        assert not {"extra_data", "thinking", "formatted_tool_calls", "event"} & row.keys()

    def test_teams_workflows_and_the_oldest_memory(self, db, v1):
        migrate(db)
        member, lead = db.get_session("crew-chat", SessionType.TEAM).runs
        assert (member.run_id, member.parent_run_id, member.session_id) == ("member", "lead", "crew-chat")
        assert isinstance(lead, TeamRunOutput) and lead.status is RunStatus.completed
        flow = db.get_session("flow-chat", SessionType.WORKFLOW)
        (run,) = flow.runs
        assert flow.workflow_name == "Flow" and flow.session_data == {"a": 1}
        assert run.step_results[0].step_name == "one" and run.step_results[0].step_run_id == "step-run"
        assert run.step_executor_runs[0].parent_run_id == "w1" and run.metrics.total().input_tokens == 7
        oldest = db.get_session("oldest")
        assert oldest.runs[0].input.input_content == "q" and oldest.summary.summary == "One"
        assert not db.get_session("empty").runs

    def test_a_chat_of_agno_1_goes_on(self, db, v1):
        migrate(db)
        model = ScriptedModel(says("Nothing new."))
        agent = Agent(id="helper", model=model, db=db, add_history_to_context=True)
        agent.run("What is new?", session_id="chat", user_id="ann")
        said = [message.content for message in model.requests[0].messages if message.role == "user"]
        assert said == ["hello", "and the sum?", "What is new?"]
        assert len(db.get_session("chat").runs) == 3

    def test_a_second_time_touches_nothing(self, db, v1):
        migrate(db)
        db.rename_session("chat", SessionType.AGENT, "Mine")
        db.finish_run(db.read_session("chat", "agent", "ann"), a_run(run_id="new"))
        report = migrate(db)
        assert all((t.written, t.kept) == (0, t.there) for t in report.tables)
        session = db.get_session("chat")
        assert session.name == "Mine" and ids(session) == ["r1", "r2", "new"]

    def test_a_dry_run_converts_all_and_writes_nothing(self, db, v1):
        before = v1.tables()
        report = migrate(db, dry_run=True)
        assert sum(t.written for t in report.tables) == 6 and sum(t.runs for t in report.tables) == 6
        assert v1.tables() == before

    def test_old_tables_are_dropped_when_that_is_said_and_all_was_moved(self, db, old):
        old.make_schema()
        old.v1_sessions("agent_sessions", "good")
        broken = [{**V1_ROWS["team_sessions"][0], "memory": {"runs": 5}}]
        old.v1_sessions("team_sessions", "bad", [*broken, {**V1_ROWS["team_sessions"][0], "session_id": "fine"}])
        report = migrate(db, drop_old=True)
        assert "good" not in old.tables() and "bad" in old.tables()
        assert [line.partition(":")[0] for line in report.failed] == ["bad 'crew-chat'"]
        assert db.get_session("fine") is not None and db.get_session("crew-chat") is None
        with pytest.raises(DbError, match="1 rows could not be migrated; their tables are kept. bad 'crew-chat'"):
            report.check()

    def test_tables_may_be_named_and_batches_be_small(self, db, old):
        old.make_schema()
        rows = [{**V1_ROWS["agent_sessions"][0], "session_id": f"s{n:03}"} for n in range(25)]
        old.v1_sessions("agent_sessions", "mine", rows)
        old.v1_sessions("team_sessions", "others")
        seen: list[int] = []
        migrate(db, None, "mine", batch_size=4, progress=lambda moved: seen.append(moved.done))
        assert db.get_sessions(SessionType.AGENT, limit=1, deserialize=False)[1] == 25
        assert db.get_session("crew-chat") is None and seen == sorted(seen) and seen[-1] == 25
        with pytest.raises(ValueError, match="There is no table 'nothing'"):
            migrate(db, None, team_sessions_table_name="nothing")

    def test_a_table_that_has_the_name_of_ours_makes_room(self, db, old):
        old.make_schema()
        old.v1_sessions("agent_sessions", "agno_sessions")
        old.v1_memories("agno_memories", [("m1", V1_MEMORY)])
        assert sum(t.written for t in migrate(db, dry_run=True).tables) == 4
        migrate(db)
        assert ids(db.get_session("chat")) == ["r1", "r2"] and db.get_user_memory("m1").memory == "likes tea"
        assert {"agno_sessions", "agno_sessions_v1", "agno_memories", "agno_memories_v1"} <= old.tables()
        assert all(t.kept == t.there for t in migrate(db).tables)

    def test_the_helpers_read_and_parse(self, db, v1):
        rows = v1_to_v2.get_all_table_content(db, "", "agent_sessions")
        assert len(rows) == 3
        assert sorted(s.session_id for s in v1_to_v2.parse_agent_sessions(rows)) == ["chat", "empty", "oldest"]
        rows = v1_to_v2.get_all_table_content(db, "", "user_memories")
        assert [memory.memory for memory in v1_to_v2.parse_memories(rows)] == ["likes tea"]
        db.migrate_table_from_v1_to_v2("", "team_sessions", "team_sessions")
        assert db.get_session("crew-chat") is not None
        with pytest.raises(ValueError, match="There is no table type 'x'"):
            db.migrate_table_from_v1_to_v2("", "team_sessions", "x")

    # Agno 2.0 --------------------------------------------------------------------------------------------------------

    @pytest.fixture
    def v2(self, db, old):
        old.make_schema()
        old.v2_sessions(v2_row(), v2_row("other", 1, user_id="bob"), v2_row("none", 0))
        return db

    def test_runs_in_sessions_become_rows(self, v2, old):
        before = [v2.get_session(name, deserialize=False) for name in ("chat", "other", "none")]
        assert MigrationManager(v2).versions()["sessions"] == "2.0.0"
        (moved,) = MigrationManager(v2, batch_size=1).up().tables
        assert (moved.there, moved.written, moved.runs) == (3, 3, 4)
        assert [v2.get_session(name, deserialize=False) for name in ("chat", "other", "none")] == before
        assert MigrationManager(v2).versions()["sessions"] == SCHEMA_VERSION
        assert v2.old_tables().count_full() == 0 and MigrationManager(v2).up().tables == []
        assert "agno_sessions_2_0" in old.tables(), "the sessions as they were are kept"

    def test_a_session_that_went_on_keeps_the_order_of_its_runs(self, v2):
        session = v2.read_session("chat", "agent", "ann", runs=2)
        v2.finish_run(session, a_run(run_id="new"))
        again = v2.get_session("chat").runs[1]
        again.content = "again"
        v2.finish_run(session, again)
        assert ids(v2.get_session("chat")) == ["r0", "r1", "r2", "new"]
        MigrationManager(v2).up(keep_old=False)
        found = v2.get_session("chat")
        assert ids(found) == ["r0", "r1", "r2", "new"] and found.runs[1].content == "again"
        v2.finish_run(found, a_run(run_id="last"))
        assert ids(v2.read_session("chat", "agent", runs=2)) == ["new", "last"]

    def test_a_chat_of_agno_2_0_goes_on(self, v2):
        MigrationManager(v2).up()
        model = ScriptedModel(says("Good."))
        agent = Agent(id="helper", model=model, db=v2, add_history_to_context=True)
        agent.run("And now?", session_id="chat", user_id="ann")
        said = [message.content for message in model.requests[0].messages if message.role == "user"]
        assert said == ["question 0", "question 1", "question 2", "And now?"]

    def test_the_old_sessions_can_be_dropped_later(self, v2, old):
        MigrationManager(v2).up()
        MigrationManager(v2).up(keep_old=False)
        assert "agno_sessions_2_0" not in old.tables() and len(v2.get_session("chat").runs) == 3

    def test_the_way_back_puts_the_runs_into_the_sessions_without_what_came_later(self, v2):
        MigrationManager(v2).up()
        run = a_run(run_id="new", session_state={"n": 1}, metadata={"k": 1})
        v2.finish_run(v2.read_session("chat", "agent", "ann"), run)
        record = {"key": "0", "output": "x"}
        v2.note_progress(v2.read_session("chat", "agent", "ann"), run, {progress_id("new", 0): record})
        v2.upsert_session(v2.get_session("other"))
        MigrationManager(v2).down()
        assert MigrationManager(v2).versions()["sessions"] == "2.0.0" and v2.old_tables().count_full() == 3
        rows = v2.get_session("chat", deserialize=False)["runs"]
        assert [row["run_id"] for row in rows] == ["r0", "r1", "r2", "new"]
        assert rows[-1]["metadata"] == {"k": 1} and "session_state" not in rows[-1]
        MigrationManager(v2).up()
        assert ids(v2.get_session("chat")) == ["r0", "r1", "r2", "new"]

    def test_versions_and_types_that_are_not_there_are_refused(self, v2):
        with pytest.raises(ValueError, match="There is no version '9.9' of the schema. Known are 2.0.0"):
            MigrationManager(v2).up("9.9")
        with pytest.raises(ValueError, match="There is no table type 'x'. Known are sessions"):
            MigrationManager(v2).up(table_type="x")

    def test_one_type_is_migrated_alone_and_again_when_forced(self, v2):
        MigrationManager(v2).up(table_type="memories")
        assert v2.old_tables().count_full() == 3
        MigrationManager(v2).up(table_type="session")
        assert v2.old_tables().count_full() == 0
        (moved,) = MigrationManager(v2).up(table_type="sessions", force=True).tables
        assert moved.written == 0

    def test_the_result_may_be_awaited(self, v2):
        async def main() -> Any:
            return await MigrationManager(v2).up()

        assert asyncio.run(main()).tables[0].written == 3

    def test_a_session_that_cannot_be_read_is_told_and_left(self, v2, old):
        old.insert("agno_sessions", [v2_row("bad") | {"runs": [1, 2]}])
        report = MigrationManager(v2).up()
        assert len(report.failed) == 1 and "'bad'" in report.failed[0]
        assert MigrationManager(v2).versions()["sessions"] == "2.0.0" and len(v2.get_session("chat").runs) == 3


class SqlMigrationContract(MigrationContract):
    """Where a table of Agno 1 under the name of ours cannot be used."""

    def test_the_error_says_what_to_run(self, db, old):
        old.make_schema()
        old.v1_sessions("agent_sessions", "agno_sessions", [{**V1_ROWS["agent_sessions"][2]}])
        old.v1_memories("agno_memories", [("m1", V1_MEMORY)])
        with pytest.raises(MigrationRequiredError, match="Agno 1 wrote it. Run: agno migrate '.*://.*'"):
            db.get_session("s")
        with pytest.raises(MigrationRequiredError, match="Run: agno migrate"):
            db.get_user_memories()

    def test_a_run_that_has_no_id_gets_one(self, db, old):
        old.make_schema()
        old.v2_sessions(v2_row(runs=0) | {"runs": [{"content": "a"}, {"content": "b"}]})
        MigrationManager(db).up()
        assert [run.content for run in db.get_session("chat").runs] == ["a", "b"]

    def test_rows_of_agno_1_without_a_run_id_get_one(self, db, old):
        old.make_schema()
        run = v1_run("x", "q", "a")
        del run["run_id"]
        old.v1_sessions("agent_sessions", "v1", [{**V1_ROWS["agent_sessions"][0], "memory": {"runs": [run, run]}}])
        migrate(db)
        assert len(db.get_session("chat").runs) == 2
