"""What every database must do. Subclass `DbContract`, give it a `db` fixture, and say where the product differs."""

from __future__ import annotations

import asyncio
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from agno._io import ASYNC
from agno.db._sessions import hold, progress_id
from agno.db.base import BaseDb, DbError, Pruned, SessionConflictError, SessionType
from agno.db.schemas import EvalFilterType, EvalRunRecord, EvalType, KnowledgeRow, UserMemory
from agno.exceptions import RunClaimedError
from agno.media import Audio, File, Image, Video
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.run.team import TeamRunOutput
from agno.run.workflow import WorkflowRunOutput
from agno.session import AgentSession, SessionSummary, TeamSession, WorkflowSession
from db.definitions_contract import DefinitionsContract
from db.hosting_contract import HostingContract
from db.paging_contract import PagingContract
from db.schedules_contract import SchedulesContract

OPERATORS = ["$ne", '{"$gt": ""}', "*", "a:b", "../x", "__proto__", "\u2028", "x" * 100]
HOSTILE = ["' OR '1'='1", '"; DROP TABLE agno_sessions; --', "%", "_", "\\", "a'b\"c", "%s {0} $1 ?", "\u0000x", ""]
UNICODE = ["Grüße", "日本語", "👩‍👩‍👧", "ﬀ", "İstanbul", "\u202eabc", "line\nbreak\ttab"]

_numbers = itertools.count(1)


def a_run(content: str = "hi", *, run_id: str | None = None, **fields: Any) -> RunOutput:
    run_id = run_id or f"run-{next(_numbers)}"
    fields.setdefault("status", RunStatus.completed)
    fields.setdefault("messages", [Message("user", "question"), Message("assistant", content)])
    return RunOutput(run_id=run_id, content=content, agent_id="agent", **fields)


def a_session(session_id: str = "s", *runs: RunOutput, **fields: Any) -> AgentSession:
    fields.setdefault("agent_id", "agent")
    return AgentSession(session_id, runs=list(runs), **fields)


def ids(session: Any) -> list[str]:
    return [run.run_id for run in session.runs]


def a_memory(text: str = "likes tea", **fields: Any) -> UserMemory:
    fields.setdefault("user_id", "ann")
    return UserMemory(text, **fields)


def an_eval(run_id: str, **fields: Any) -> EvalRunRecord:
    fields.setdefault("eval_type", EvalType.ACCURACY)
    return EvalRunRecord(run_id=run_id, eval_data={"score": 1}, **fields)


class DbContract(DefinitionsContract, SchedulesContract, HostingContract, PagingContract):
    """The suite for every database."""

    differences: dict[str, str] = {}  # test name -> reason; the test must then fail

    @pytest.fixture
    def db(self) -> BaseDb:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _expect_the_differences(self, request: pytest.FixtureRequest) -> None:
        reason = self.differences.get(request.node.originalname)
        if reason is not None:
            request.node.add_marker(pytest.mark.xfail(reason=reason, strict=True))

    # A database that has nothing yet ---------------------------------------------------------------------------------

    def test_reads_of_a_new_database_find_nothing(self, db):
        assert db.get_session("s", SessionType.AGENT) is None
        assert db.read_session("s", "agent") is None
        assert db.get_sessions(SessionType.AGENT) == []
        assert db.get_sessions(SessionType.AGENT, deserialize=False) == ([], 0)
        assert db.rename_session("s", SessionType.AGENT, "x") is None
        assert db.delete_session("s") is False
        assert db.get_user_memory("m") is None
        assert db.get_user_memories() == []
        assert db.get_user_memories(deserialize=False) == ([], 0)
        assert db.get_all_memory_topics() == []
        assert db.get_user_memory_stats() == ([], 0)
        assert db.get_metrics() == ([], None)
        assert db.calculate_metrics() is None
        assert db.get_knowledge_content("k") is None
        assert db.get_knowledge_contents() == ([], 0)
        assert db.get_eval_run("e") is None
        assert db.get_eval_runs(deserialize=False) == ([], 0)
        assert db.rename_eval_run("e", "x") is None

    def test_deletes_in_a_new_database_do_nothing(self, db):
        db.delete_sessions(["s"])
        db.delete_user_memory("m")
        db.delete_user_memories(["m"])
        db.clear_memories()
        db.delete_knowledge_content("k")
        db.delete_eval_runs(["e"])

    def test_names_and_id_have_defaults(self, db):
        assert (db.session_table_name, db.memory_table_name) == ("agno_sessions", "agno_memories")
        assert (db.metrics_table_name, db.eval_table_name) == ("agno_metrics", "agno_eval_runs")
        assert db.knowledge_table_name == "agno_knowledge"
        assert isinstance(db.id, str) and db.id

    # Sessions: one ---------------------------------------------------------------------------------------------------

    def test_a_session_comes_back_as_it_was(self, db):
        session = a_session(
            "s",
            a_run("one"),
            a_run("two"),
            user_id="ann",
            session_data={"session_name": "n", "session_state": {"a": [1, {"b": None}]}},
            agent_data={"agent_id": "agent", "model": {"id": "m"}},
            metadata={"k": 1.5},
            summary=SessionSummary("short", ["t"], datetime(2026, 1, 2, tzinfo=timezone.utc)),
            created_at=1000,
        )
        expected = session.to_dict()
        assert db.upsert_session(session) is session
        found = db.get_session("s", SessionType.AGENT)
        assert isinstance(found, AgentSession)
        assert found.to_dict() == {**expected, "updated_at": 1000}

    def test_team_and_workflow_sessions_come_back_as_their_own_type(self, db):
        team = TeamSession(
            "t", team_id="team", team_data={"name": "T"}, runs=[TeamRunOutput(run_id="r", team_id="team")]
        )
        flow = WorkflowSession("w", workflow_id="flow", workflow_name="Flow", runs=[WorkflowRunOutput(run_id="r2")])
        db.upsert_session(team)
        db.upsert_session(flow)
        found_team = db.get_session("t", SessionType.TEAM)
        found_flow = db.get_session("w", SessionType.WORKFLOW)
        assert isinstance(found_team, TeamSession) and isinstance(found_team.runs[0], TeamRunOutput)
        assert isinstance(found_flow, WorkflowSession) and isinstance(found_flow.runs[0], WorkflowRunOutput)
        assert found_flow.workflow_name == "Flow"

    def test_without_a_type_the_row_says_it(self, db):
        db.upsert_session(TeamSession("t", team_id="team"))
        assert isinstance(db.get_session("t", None), TeamSession)
        assert db.get_session("t", None, deserialize=False)["session_type"] == "team"

    def test_a_session_of_another_type_is_not_found(self, db):
        db.upsert_session(a_session())
        assert db.get_session("s", SessionType.TEAM) is None
        assert db.get_session("s", "agent") is not None

    def test_the_dict_of_a_session_is_plain_data(self, db):
        db.upsert_session(a_session("s", a_run("one"), user_id="ann", session_data={"session_name": "n"}))
        row = db.get_session("s", SessionType.AGENT, deserialize=False)
        assert type(row["runs"][0]) is dict and row["runs"][0]["content"] == "one"
        assert row["session_type"] == "agent" and row["session_data"] == {"session_name": "n"}
        assert {"team_id", "workflow_id", "metadata", "summary", "team_data", "workflow_data"} <= row.keys()

    def test_reading_twice_gives_the_same_and_nothing_shared(self, db):
        db.upsert_session(a_session("s", a_run("one"), session_data={"session_state": {"a": [1]}}))
        first = db.get_session("s", SessionType.AGENT)
        first.session_data["session_state"]["a"].append(2)
        first.runs[0].messages.clear()
        row = db.get_session("s", SessionType.AGENT, deserialize=False)
        row["runs"].clear()
        second = db.get_session("s", SessionType.AGENT)
        assert second.session_data == {"session_state": {"a": [1]}}
        assert len(second.runs[0].messages) == 2

    def test_changes_after_a_write_are_not_stored(self, db):
        session = a_session("s", a_run("one"), session_data={"session_state": {"a": 1}})
        db.upsert_session(session)
        session.session_data["session_state"]["a"] = 2
        session.runs[0].content = "changed"
        found = db.get_session("s", SessionType.AGENT)
        assert found.session_data["session_state"] == {"a": 1} and found.runs[0].content == "one"

    def test_upsert_keeps_creation_and_moves_the_update(self, db):
        db.upsert_session(a_session("s", created_at=1000))
        assert db.get_session("s", SessionType.AGENT).updated_at == 1000
        db.upsert_session(a_session("s", created_at=5, user_id="bob", metadata={"x": 1}))
        found = db.get_session("s", SessionType.AGENT)
        assert found.created_at == 1000 and found.updated_at >= time.time() - 60
        assert found.user_id == "bob" and found.metadata == {"x": 1}

    def test_creation_is_now_if_the_session_does_not_say(self, db):
        db.upsert_session(a_session("s"))
        assert abs(db.get_session("s", SessionType.AGENT).created_at - time.time()) < 60

    def test_a_session_without_any_data_can_be_kept(self, db):
        db.upsert_session(AgentSession("s"))
        found = db.get_session("s", SessionType.AGENT)
        assert found.session_data is None and not found.runs

    def test_something_else_than_a_session_is_refused(self, db):
        with pytest.raises(TypeError, match="is no session"):
            db.upsert_session(UserMemory("x"))

    def test_runs_of_a_new_object_replace_those_stored(self, db):
        db.upsert_session(a_session("s", a_run(run_id="a"), a_run(run_id="b")))
        db.upsert_session(a_session("s", a_run("new", run_id="b"), a_run(run_id="c")))
        found = db.get_session("s", SessionType.AGENT)
        assert ids(found) == ["b", "c"] and found.runs[0].content == "new"

    def test_a_run_taken_out_of_a_session_is_deleted(self, db):
        db.upsert_session(a_session("s", a_run(run_id="a"), a_run(run_id="b"), a_run(run_id="c")))
        session = db.get_session("s", SessionType.AGENT)
        del session.runs[1]
        db.upsert_session(session)
        assert ids(db.get_session("s", SessionType.AGENT)) == ["a", "c"]

    def test_writing_a_window_keeps_the_runs_outside_it(self, db):
        db.upsert_session(a_session("s", *(a_run(run_id=f"r{n}") for n in range(5))))
        session = db.read_session("s", "agent", runs=2)
        session.name = "window"
        db.upsert_session(session)
        found = db.get_session("s", SessionType.AGENT)
        assert ids(found) == ["r0", "r1", "r2", "r3", "r4"] and found.name == "window"

    def test_writing_a_session_does_not_undo_a_run_that_ended_meanwhile(self, db):
        session, run = a_session("s"), a_run(run_id="r", status=RunStatus.running)
        db.begin_run(session, run)
        stale = db.get_session("s", SessionType.AGENT)
        run.status, run.content = RunStatus.completed, "done"
        db.finish_run(session, run)
        stale.name = "renamed"
        db.upsert_session(stale)
        found = db.get_session("s", SessionType.AGENT)
        assert found.runs[0].status is RunStatus.completed and found.name == "renamed"

    # Rename, delete --------------------------------------------------------------------------------------------------

    def test_rename_changes_only_the_name(self, db):
        db.upsert_session(a_session("s", a_run("one"), session_data={"session_name": "old", "session_state": {"a": 1}}))
        renamed = db.rename_session("s", SessionType.AGENT, "new")
        assert renamed.session_data == {"session_name": "new", "session_state": {"a": 1}}
        assert len(db.get_session("s", SessionType.AGENT).runs) == 1

    def test_rename_works_without_session_data(self, db):
        db.upsert_session(a_session("s"))
        row = db.rename_session("s", SessionType.AGENT, "new", deserialize=False)
        assert row["session_data"] == {"session_name": "new"}

    def test_rename_does_not_touch_a_session_of_another_type_or_user(self, db):
        db.upsert_session(a_session("s", user_id="ann"))
        assert db.rename_session("s", SessionType.TEAM, "x") is None
        assert db.rename_session("s", SessionType.AGENT, "x", user_id="bob") is None
        assert db.get_session("s", SessionType.AGENT).name is None

    def test_delete_takes_the_session_and_its_runs_only(self, db):
        for name in "abc":
            db.upsert_session(a_session(name, a_run(run_id=f"run-of-{name}")))
        assert db.delete_session("a") is True
        assert db.delete_session("a") is False
        assert db.get_session("a", SessionType.AGENT) is None
        db.upsert_session(a_session("a"))
        assert not db.get_session("a", SessionType.AGENT).runs
        assert ids(db.get_session("b", SessionType.AGENT)) == ["run-of-b"]

    def test_delete_takes_many_sessions(self, db):
        for number in range(1200):
            db.upsert_session(AgentSession(f"s{number}")) if number % 100 == 0 else None
        db.delete_sessions([f"s{number}" for number in range(1100)])
        assert [s.session_id for s in db.get_sessions(SessionType.AGENT)] == ["s1100"]

    def test_delete_for_a_user_leaves_the_sessions_of_others(self, db):
        db.upsert_session(a_session("s", user_id="ann"))
        assert db.delete_session("s", user_id="bob") is False
        db.delete_sessions(["s"], user_id="bob")
        assert db.get_session("s", SessionType.AGENT) is not None
        assert db.delete_session("s", user_id="ann") is True

    # Lists -----------------------------------------------------------------------------------------------------------

    def test_filters_combine(self, db):
        db.upsert_session(a_session("1", agent_id="x", user_id="ann", created_at=10))
        db.upsert_session(a_session("2", agent_id="x", user_id="bob", created_at=20))
        db.upsert_session(a_session("3", agent_id="y", user_id="ann", created_at=30))
        db.upsert_session(TeamSession("4", team_id="x", user_id="ann", created_at=40))

        def found(*args: Any, **filters: Any) -> list[str]:
            return [s.session_id for s in db.get_sessions(*args, **filters)]

        assert found(SessionType.AGENT) == ["1", "2", "3"]
        assert found(None) == ["1", "2", "3", "4"]
        assert found(SessionType.AGENT, user_id="ann") == ["1", "3"]
        assert found(SessionType.AGENT, component_id="x") == ["1", "2"]
        assert found(SessionType.TEAM, component_id="x") == ["4"]
        assert found(None, component_id="x") == ["1", "2", "4"]
        assert found(SessionType.AGENT, user_id="ann", component_id="y") == ["3"]
        assert found(SessionType.AGENT, user_id="nobody") == []

    def test_time_bounds_are_inclusive(self, db):
        for number in (10, 20, 30):
            db.upsert_session(a_session(str(number), created_at=number))
        found = db.get_sessions(SessionType.AGENT, start_timestamp=10, end_timestamp=20)
        assert [s.session_id for s in found] == ["10", "20"]

    @pytest.mark.parametrize("wanted", ["berLIN", "Ber", "lin tr"])
    def test_name_search_is_a_substring_whatever_the_case(self, db, wanted):
        db.upsert_session(a_session("1", session_data={"session_name": "Berlin trip"}))
        db.upsert_session(a_session("2", session_data={"session_name": "Rome"}))
        db.upsert_session(a_session("3", session_data={"session_state": {"session_name": "Berlin trip"}}))
        db.upsert_session(a_session("4"))
        assert [s.session_id for s in db.get_sessions(SessionType.AGENT, session_name=wanted)] == ["1"]

    def test_name_search_folds_unicode(self, db):
        db.upsert_session(a_session("1", session_data={"session_name": "GRÜẞE aus ÅRHUS"}))
        assert len(db.get_sessions(SessionType.AGENT, session_name="grüße aus århus")) == 1

    @pytest.mark.parametrize("wanted", ["%", "_", "\\", ".*", "[", "' OR 1=1 --"])
    def test_name_search_takes_its_text_literally(self, db, wanted):
        db.upsert_session(a_session("1", session_data={"session_name": "plain"}))
        db.upsert_session(a_session("2", session_data={"session_name": f"has {wanted} in it"}))
        assert [s.session_id for s in db.get_sessions(SessionType.AGENT, session_name=wanted)] == ["2"]

    def test_total_counts_before_paging(self, db):
        for number in range(7):
            db.upsert_session(a_session(str(number), user_id="ann" if number < 5 else "bob"))
        rows, total = db.get_sessions(SessionType.AGENT, user_id="ann", limit=2, page=3, deserialize=False)
        assert [row["session_id"] for row in rows] == ["4"] and total == 5
        assert db.get_sessions(SessionType.AGENT, user_id="ann", limit=2, page=9, deserialize=False) == ([], 5)
        assert db.get_sessions(SessionType.AGENT, limit=0, deserialize=False) == ([], 7)

    def test_a_page_without_a_limit_is_ignored(self, db):
        for number in range(3):
            db.upsert_session(a_session(str(number)))
        assert len(db.get_sessions(SessionType.AGENT, page=2)) == 3

    def test_sorting_is_descending_unless_asked(self, db):
        for name, created in (("b", 2), ("a", 1), ("c", 3)):
            db.upsert_session(a_session(name, created_at=created))

        def order(**sort: Any) -> str:
            return "".join(s.session_id for s in db.get_sessions(SessionType.AGENT, **sort))

        assert order(sort_by="created_at") == "cba"
        assert order(sort_by="created_at", sort_order="asc") == "abc"
        assert order(sort_by="created_at", sort_order="desc") == "cba"
        assert order(sort_by="session_id", sort_order="anything") == "cba"

    @pytest.mark.parametrize("column", ["nothing", "session_data", "created_at; DROP TABLE agno_sessions", "rowid", ""])
    def test_sorting_by_what_is_no_column_is_ignored(self, db, column):
        for name in "bac":
            db.upsert_session(a_session(name))
        assert "".join(s.session_id for s in db.get_sessions(SessionType.AGENT, sort_by=column)) == "bac"

    def test_pages_of_equal_values_show_every_row_once(self, db):
        for number in range(9):
            db.upsert_session(a_session(str(number), created_at=5))
        pages = [db.get_sessions(SessionType.AGENT, sort_by="created_at", limit=2, page=page) for page in range(1, 6)]
        assert sorted(s.session_id for page in pages for s in page) == [str(number) for number in range(9)]

    def test_nulls_sort_as_the_smallest(self, db):
        db.upsert_session(a_session("1", user_id="b"))
        db.upsert_session(a_session("2"))
        db.upsert_session(a_session("3", user_id="a"))
        found = db.get_sessions(SessionType.AGENT, sort_by="user_id", sort_order="asc")
        assert [s.session_id for s in found] == ["2", "3", "1"]

    def test_lists_have_the_runs_of_each_session(self, db):
        db.upsert_session(a_session("1", a_run(run_id="a"), a_run(run_id="b")))
        db.upsert_session(a_session("2", a_run(run_id="c")))
        assert [ids(s) for s in db.get_sessions(SessionType.AGENT)] == [["a", "b"], ["c"]]
        rows, _ = db.get_sessions(SessionType.AGENT, deserialize=False)
        assert [len(row["runs"]) for row in rows] == [2, 1]

    def test_a_list_of_headers_leaves_the_runs_where_they_are(self, db, monkeypatch):
        db.upsert_session(a_session("1", a_run()))
        monkeypatch.setattr(db, "load_runs", None)
        assert [s.runs for s in db.get_sessions(SessionType.AGENT, with_runs=False)] == [[]]

    def test_the_first_run_of_each_session_is_read(self, db):
        db.upsert_session(a_session("1", a_run(run_id="a"), a_run(run_id="b")))
        db.upsert_session(a_session("2", a_run(run_id="d"), a_run(run_id="c")))
        db.upsert_session(a_session("3"))
        found = db.first_runs(["2", "1", "3", "4"])
        assert {key: run["run_id"] for key, run in found.items()} == {"1": "a", "2": "d"}
        assert db.first_runs([]) == {}

    def test_all_sessions_are_walked_page_by_page(self, db):
        names = ["a", "B", "ä", "b c", "", "10", "9", "日本"]
        for name in names:
            db.upsert_session(a_session(name, a_run(), user_id="bob" if name == "B" else "ann"))
        db.upsert_session(TeamSession("team", team_id="x"))
        for size in (1, 3, 8, 9, 100):
            found = list(db.iter_sessions(SessionType.AGENT, batch_size=size))
            assert sorted(s.session_id for s in found) == sorted(names) and not any(s.runs for s in found)
        assert [s.session_id for s in db.iter_sessions(component_id="x", with_runs=True)] == ["team"]
        assert [len(s.runs) for s in db.iter_sessions("agent", user_id="bob", with_runs=True)] == [1]

    def test_a_session_that_is_deleted_meanwhile_hides_no_other(self, db):
        for name in "abcdef":
            db.upsert_session(a_session(name))
        walk = iter(db.iter_sessions(batch_size=2))
        found = [next(walk).session_id for _ in range(2)]
        for name in "ab":
            db.delete_session(name)
        db.upsert_session(a_session("aa"))
        assert [*found, *(s.session_id for s in walk)] == list("abcdef")

    # The engine's verbs ----------------------------------------------------------------------------------------------

    def test_a_run_is_there_from_its_begin_and_replaced_at_its_end(self, db):
        session, run = a_session("s"), a_run("", run_id="r", status=RunStatus.running)
        db.begin_run(session, run)
        begun = db.read_session("s", "agent")
        assert begun.runs[0].status is RunStatus.running
        run.status, run.content = RunStatus.completed, "done"
        session.session_data = {"session_state": {"n": 1}}
        db.finish_run(session, run)
        ended = db.read_session("s", "agent")
        assert ids(ended) == ["r"] and ended.runs[0].content == "done"
        assert ended.session_data == {"session_state": {"n": 1}}

    def test_begin_leaves_the_header_that_is_there(self, db):
        db.upsert_session(a_session("s", session_data={"session_name": "kept"}))
        db.begin_run(a_session("s", session_data={"session_name": "other"}), a_run())
        assert db.read_session("s", "agent").name == "kept"

    def test_finish_without_begin_stores_both(self, db):
        db.finish_run(a_session("s", user_id="ann"), a_run(run_id="r"))
        assert ids(db.read_session("s", "agent", "ann")) == ["r"]

    def test_finish_keeps_the_other_runs_and_the_order(self, db):
        session = a_session("s")
        runs = [a_run(run_id=f"r{n}", status=RunStatus.running) for n in range(4)]
        for run in runs:
            db.begin_run(session, run)
        for run in reversed(runs):
            db.finish_run(session, run)
        assert ids(db.read_session("s", "agent")) == ["r0", "r1", "r2", "r3"]

    @pytest.mark.parametrize(
        ("window", "expected"), [(0, []), (1, ["r4"]), (3, ["r2", "r3", "r4"]), (9, None), (None, None)]
    )
    def test_a_read_gives_the_newest_runs_oldest_first(self, db, window, expected):
        session = a_session("s")
        for number in range(5):
            db.begin_run(session, a_run(run_id=f"r{number}"))
        everything = [f"r{number}" for number in range(5)]
        assert ids(db.read_session("s", "agent", runs=window)) == (everything if expected is None else expected)

    def test_save_header_leaves_the_runs(self, db):
        db.upsert_session(a_session("s", a_run(run_id="a")))
        session = db.read_session("s", "agent", runs=0)
        session.metadata = {"x": 1}
        db.save_header(session)
        found = db.get_session("s", SessionType.AGENT)
        assert ids(found) == ["a"] and found.metadata == {"x": 1}

    def test_a_rename_during_a_run_survives_its_end(self, db):
        session, run = a_session("s", session_data={"session_state": {"a": 1}}), a_run()
        db.begin_run(session, run)
        db.rename_session("s", SessionType.AGENT, "renamed")
        session.session_data = {"session_state": {"a": 2}}
        db.finish_run(session, run)
        assert db.get_session("s", SessionType.AGENT).session_data == {
            "session_name": "renamed",
            "session_state": {"a": 2},
        }

    def test_runs_at_the_same_time_keep_each_others_state_and_add_their_costs(self, db):
        db.upsert_session(
            a_session("s", session_data={"session_state": {"gone": 1}, "session_metrics": {"total_tokens": 10}})
        )
        first, second = db.read_session("s", "agent"), db.read_session("s", "agent")
        first.session_data = {"session_state": {"a": 1}, "session_metrics": {"total_tokens": 15}}
        second.session_data = {"session_state": {"gone": 1, "b": 2}, "session_metrics": {"total_tokens": 17}}
        db.finish_run(first, a_run())
        db.finish_run(second, a_run())
        assert db.get_session("s", SessionType.AGENT).session_data == {
            "session_state": {"a": 1, "b": 2},
            "session_metrics": {"total_tokens": 22},
        }

    def test_a_session_object_can_be_written_again_and_again(self, db):
        session = a_session("s")
        for number in range(3):
            run = a_run(run_id=f"r{number}")
            db.begin_run(session, run)
            session.session_data = {"session_state": {"n": number}}
            session.upsert_run(run)
            db.finish_run(session, run)
        db.upsert_session(session)
        found = db.get_session("s", SessionType.AGENT)
        assert ids(found) == ["r0", "r1", "r2"] and found.session_data == {"session_state": {"n": 2}}

    # Isolation -------------------------------------------------------------------------------------------------------

    def test_the_session_of_another_user_is_not_found(self, db):
        db.upsert_session(a_session("s", a_run(), user_id="ann"))
        assert db.get_session("s", SessionType.AGENT, user_id="bob") is None
        assert db.read_session("s", "agent", "bob") is None
        assert db.read_session("s", "agent", "ann") is not None
        assert db.read_session("s", "agent", None) is not None

    @pytest.mark.parametrize("other", ["Ann", "ann ", " ann", "a\u0301nn", "ánn", "ann\0", "\uff41nn", "aǹn"])
    def test_users_and_sessions_whose_names_look_alike_are_kept_apart(self, db, other):
        db.upsert_session(a_session("ann", a_run("hers", run_id="r"), user_id="ann"))
        assert db.get_session(other, SessionType.AGENT) is None
        assert db.get_session("ann", SessionType.AGENT, user_id=other) is None
        assert db.get_sessions(SessionType.AGENT, user_id=other) == []
        db.upsert_session(a_session(other, a_run("theirs", run_id="r"), user_id=other))
        assert db.delete_session(other, user_id="ann") is False
        for name, content in (("ann", "hers"), (other, "theirs")):
            (found,) = db.get_sessions(SessionType.AGENT, user_id=name)
            assert (found.session_id, found.user_id, found.runs[0].content) == (name, name, content)

    @pytest.mark.parametrize("verb", ["begin_run", "finish_run"])
    def test_a_run_cannot_be_put_into_the_session_of_another_user(self, db, verb):
        db.upsert_session(a_session("s", user_id="ann", session_data={"session_state": {"secret": 1}}))
        with pytest.raises(SessionConflictError, match="belongs to another user"):
            getattr(db, verb)(a_session("s", user_id="bob"), a_run(run_id="intruder"))
        found = db.get_session("s", SessionType.AGENT, user_id="ann")
        assert not found.runs and found.session_data == {"session_state": {"secret": 1}}

    def test_a_run_cannot_be_put_into_a_session_of_another_type(self, db):
        db.upsert_session(TeamSession("s", team_id="team"))
        with pytest.raises(SessionConflictError, match="type 'team'"):
            db.begin_run(a_session("s"), a_run())

    def test_a_session_without_an_owner_is_taken_over_by_the_first_user(self, db):
        session = a_session("s")
        db.begin_run(session, a_run())
        session = db.read_session("s", "agent", "ann")
        session.user_id = "ann"
        db.finish_run(session, a_run())
        assert db.read_session("s", "agent", "bob") is None
        assert db.get_session("s", SessionType.AGENT, user_id="ann") is not None

    def test_the_user_is_checked_wherever_one_is_given(self, db):
        db.upsert_session(a_session("s", a_run(), user_id="ann"))
        db.upsert_user_memory(a_memory(memory_id="m", user_id="ann"))
        assert db.get_session("s", SessionType.AGENT, user_id="bob") is None
        assert db.get_sessions(SessionType.AGENT, user_id="bob", deserialize=False) == ([], 0)
        assert list(db.iter_sessions(user_id="bob")) == []
        assert db.rename_session("s", SessionType.AGENT, "x", user_id="bob") is None
        assert db.delete_session("s", user_id="bob") is False
        db.delete_sessions(["s"], user_id="bob")
        with pytest.raises(SessionConflictError):
            db.save_header(a_session("s", user_id="bob"))
        assert db.get_user_memory("m", user_id="bob") is None and db.get_user_memories(user_id="bob") == []
        db.delete_user_memory("m", user_id="bob")
        db.delete_user_memories(["m"], user_id="bob")
        assert db.rename_session("s", SessionType.AGENT, "mine", user_id="ann").name == "mine"
        assert len(db.get_session("s", SessionType.AGENT, user_id="ann").runs) == 1
        assert db.get_user_memory("m", user_id="ann") is not None

    # Odd contents ----------------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("text", HOSTILE + UNICODE)
    def test_any_text_comes_back(self, db, text):
        session = a_session(
            f"s{text}", a_run(text, run_id=f"r{text}"), user_id=text, session_data={"session_name": text}
        )
        db.upsert_session(session)
        db.upsert_session(a_session("another", user_id="nobody"))
        found = db.get_session(f"s{text}", SessionType.AGENT, user_id=text)
        assert found.runs[0].content == text and found.name == text and ids(found) == [f"r{text}"]
        assert [s.user_id for s in db.get_sessions(SessionType.AGENT, user_id=text)] == [text]
        assert db.delete_session(f"s{text}") is True
        assert [s.session_id for s in db.get_sessions(SessionType.AGENT)] == ["another"]

    def test_half_a_surrogate_pair_does_not_stop_a_write(self, db):
        db.upsert_session(a_session("s", a_run("broken \ud83d text"), session_data={"session_name": "x\ud83d"}))
        found = db.get_session("s", SessionType.AGENT)
        assert found.runs[0].content == "broken \ufffd text" and found.name == "x\ufffd"

    def test_a_run_of_a_megabyte_comes_back(self, db):
        text = "äöü " * 250_000
        db.upsert_session(a_session("s", a_run(text)))
        assert db.get_session("s", SessionType.AGENT).runs[0].content == text

    def test_no_string_is_taken_for_a_command(self, db):
        """In every argument of every method that reads or deletes."""
        db.upsert_session(a_session("kept", a_run(), user_id="ann"))
        db.upsert_user_memory(a_memory(memory_id="kept", topics=["tea"]))
        db.create_eval_run(an_eval("kept", agent_id="a"))
        db.upsert_knowledge_content(KnowledgeRow(id="kept", name="n", description="", linked_to="base"))
        for text in (*HOSTILE, *OPERATORS):
            for found in (
                db.get_sessions(text, text, text, text, sort_by=text, sort_order=text),
                db.get_sessions(SessionType.AGENT, user_id=text),
                db.get_sessions(SessionType.AGENT, component_id=text),
                list(db.iter_sessions(text, text, text)),
                db.get_user_memories(text, text, text, [text], text, sort_by=text, sort_order=text),
                db.get_eval_runs(None, None, text, text, text, text, text, text),
                db.get_eval_runs(eval_type=[text]),
            ):
                assert found == []
            assert db.get_session(text, text, text) is None and db.get_user_memory(text) is None
            assert db.rename_session(text, SessionType.AGENT, text) is None and db.rename_eval_run(text, text) is None
            assert db.get_eval_run(text) is None and db.get_knowledge_content(text) is None
            assert db.get_knowledge_contents(linked_to=text, sort_by=text, sort_order=text) == ([], 0)
            db.delete_sessions([text], user_id=text)
            db.delete_session(text)
            db.delete_user_memories([text])
            db.delete_eval_runs([text])
            db.delete_knowledge_content(text)
        assert len(db.get_session("kept", SessionType.AGENT, user_id="ann").runs) == 1
        assert db.get_user_memory("kept") and db.get_eval_run("kept") and db.get_knowledge_content("kept")

    def test_media_come_back(self, db):
        image, sound = (
            Image(content=b"\x00\xff\x89PNG", mime_type="image/png"),
            Audio(content=b"RIFF", format="wav", duration=1.5),
        )
        run = a_run("seen", images=[image], audio=[sound], videos=[Video(url="https://example.com/v.mp4")])
        run.files = [File(content=b"%PDF", mime_type="application/pdf", filename="a.pdf")]
        run.response_audio = Audio(content=b"abc", transcript="hello")
        run.messages = [Message("user", "look", images=[image], audio=[sound])]
        db.upsert_session(a_session("s", run))
        found = db.get_session("s", SessionType.AGENT).runs[0]
        assert found.images[0].content == image.content and found.images[0].id == image.id
        assert (found.audio[0].content, found.audio[0].duration) == (b"RIFF", 1.5)
        assert found.videos[0].url == "https://example.com/v.mp4" and found.files[0].content == b"%PDF"
        assert (found.response_audio.content, found.response_audio.transcript) == (b"abc", "hello")
        assert found.messages[0].images[0].content == image.content

    def test_state_that_json_does_not_know_is_written_as_text(self, db):
        state = {
            "when": datetime(2026, 1, 2, tzinfo=timezone.utc),
            "set": {1},
            (1, 2): "tuple",
            "big": 2**70,
            "nan": 1.5,
        }
        db.upsert_session(a_session("s", session_data={"session_state": state}))
        found = db.get_session("s", SessionType.AGENT).session_data["session_state"]
        assert found["when"].startswith("2026-01-02") and found["set"] == [1] and found["big"] == 2**70
        assert found["(1, 2)"] == "tuple"

    # Many at once ----------------------------------------------------------------------------------------------------

    # Claims ----------------------------------------------------------------------------------------------------------

    def test_of_many_who_claim_a_run_at_once_one_gets_it(self, db):
        db.upsert_session(
            a_session("s", a_run(run_id="r", status=RunStatus.paused), session_data={"session_name": "n"})
        )

        def claim(owner: str) -> str | None:
            try:
                return owner if db.claim_run("s", "r", owner) else "nothing there"
            except RunClaimedError as error:
                assert error.run_id == "r" and "take_over=True" in str(error)
                return None

        with ThreadPoolExecutor(4) as pool:
            owners = [owner for owner in pool.map(claim, "abcd") if owner is not None]
        assert len(owners) == 1
        assert db.claim_run("s", "other", "z") is True, "a claim is of one run"
        db.release_run("s", "r", "somebody else")
        with pytest.raises(RunClaimedError):
            db.claim_run("s", "r", "e")
        db.release_run("s", "r", owners[0])
        assert db.claim_run("s", "r", "e") is True

    def test_a_claim_is_no_data_of_the_user_and_survives_what_is_written_meanwhile(self, db):
        db.upsert_session(a_session("s", a_run(run_id="r", status=RunStatus.paused), user_id="ann"))
        assert db.claim_run("s", "r", "bob's", user_id="bob") is False, "it is the session of another user"
        assert db.claim_run("gone", "r", "a") is False
        assert db.claim_run("s", "r", "a", user_id="ann") is True
        session = db.get_session("s", SessionType.AGENT)
        assert session.session_data is None
        assert db.get_session("s", SessionType.AGENT, deserialize=False)["session_data"] is None
        db.rename_session("s", SessionType.AGENT, "renamed")
        db.upsert_session(a_session("s", a_run(run_id="r"), user_id="ann", session_data={"session_state": {"x": 1}}))
        session.session_data = {"session_name": "again"}
        db.save_header(session)
        assert session.session_data["session_name"] == "again" and "claims" not in session.session_data
        with pytest.raises(RunClaimedError):
            db.claim_run("s", "r", "b")

    def test_who_has_no_claim_cannot_end_a_claimed_run_and_who_has_it_ends_it_with_the_run(self, db):
        db.upsert_session(a_session("s", a_run(run_id="r", status=RunStatus.paused), a_run(run_id="q")))
        late = db.read_session("s", "agent")
        db.claim_run("s", "r", "a")
        holder = db.read_session("s", "agent")
        hold(holder, ("r", "a"))
        with pytest.raises(RunClaimedError):
            db.finish_run(late, a_run("late", run_id="r"))
        db.finish_run(late, a_run("beside", run_id="q"))  # another run of the session is nobody's business
        db.finish_run(holder, a_run("so far", run_id="r", status=RunStatus.running))
        with pytest.raises(RunClaimedError):
            db.claim_run("s", "r", "b")
        db.finish_run(holder, a_run("done", run_id="r"))
        db.finish_run(holder, a_run("done, with a summary", run_id="r"))
        assert db.claim_run("s", "r", "b") is True
        assert [run.content for run in db.read_session("s", "agent").runs] == ["done, with a summary", "beside"]

    def test_a_claim_that_was_not_renewed_can_be_taken_and_its_first_owner_stores_nothing_more(self, db):
        db.upsert_session(a_session("s", a_run(run_id="r", status=RunStatus.paused)))
        db.claim_run("s", "r", "dead", seconds=-1)
        slow = db.read_session("s", "agent")
        hold(slow, ("r", "dead"))
        assert db.claim_run("s", "r", "next") is True
        with pytest.raises(RunClaimedError, match="taken over"):
            db.renew_claim("s", "r", "dead")
        assert db.claim_run("s", "r", "hasty", take_over=True) is True
        with pytest.raises(RunClaimedError, match="taken over"):
            db.finish_run(slow, a_run("too late", run_id="r"))
        db.renew_claim("s", "r", "hasty")
        holder = db.read_session("s", "agent")
        hold(holder, ("r", "hasty"))
        db.finish_run(holder, a_run("in time", run_id="r"))
        with pytest.raises(RunClaimedError, match="taken over"):
            db.finish_run(slow, a_run("much too late", run_id="r"))
        assert db.read_session("s", "agent").runs[0].content == "in time"

    def test_threads_may_write_one_session(self, db):
        def work(number: int) -> None:
            session, run = a_session("s"), a_run(run_id=f"r{number}", status=RunStatus.running)
            db.begin_run(session, run)
            run.status = RunStatus.completed
            db.finish_run(session, run)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(40)))
        found = db.get_session("s", SessionType.AGENT)
        assert sorted(ids(found)) == sorted(f"r{n}" for n in range(40))
        assert all(run.status is RunStatus.completed for run in found.runs)

    def test_it_serves_async_callers(self, db):
        async def work(number: int) -> None:
            session = a_session(f"s{number}")
            await ASYNC.call(db.begin_run, session, a_run())
            await ASYNC.call(db.finish_run, session, a_run())

        async def main() -> None:
            await asyncio.gather(*(work(number) for number in range(20)))

        asyncio.run(main())
        assert len(db.get_sessions(SessionType.AGENT)) == 20

    def test_closing_is_not_the_end(self, db):
        db.upsert_session(a_session("s"))
        db.close()
        assert db.get_session("s", SessionType.AGENT) is not None

    # Memories --------------------------------------------------------------------------------------------------------

    def test_a_memory_comes_back(self, db):
        stored = db.upsert_user_memory(a_memory(topics=["drinks"], input="I like tea", agent_id="a", team_id="t"))
        assert stored.memory_id and stored.updated_at is not None
        found = db.get_user_memory(stored.memory_id)
        assert isinstance(found, UserMemory) and found == stored
        assert (found.memory, found.topics, found.input) == ("likes tea", ["drinks"], "I like tea")

    def test_a_memory_knows_the_run_it_is_from(self, db):
        db.upsert_user_memory(a_memory(memory_id="m", run_id="r", session_id="s", feedback="good"))
        found = db.get_user_memory("m")
        assert (found.run_id, found.session_id, found.feedback) == ("r", "s", "good")
        assert found.created_at is not None
        db.upsert_user_memory(a_memory("changed", memory_id="m"))
        again = db.get_user_memory("m")
        assert (again.run_id, again.session_id, again.created_at) == ("r", "s", found.created_at)

    def test_the_dict_of_a_memory_has_epoch_seconds(self, db):
        row = db.upsert_user_memory(a_memory(memory_id="m"), deserialize=False)
        assert type(row["updated_at"]) is int
        assert db.get_user_memory("m", deserialize=False) == row
        assert row.keys() >= {"memory_id", "memory", "topics", "input", "agent_id", "team_id", "user_id", "updated_at"}

    def test_a_memory_is_replaced_but_stays_with_its_user(self, db):
        db.upsert_user_memory(a_memory("old", memory_id="m", topics=["a"]))
        db.upsert_user_memory(a_memory("new", memory_id="m", user_id="bob"))
        found = db.get_user_memory("m")
        assert (found.memory, found.topics, found.user_id) == ("new", None, "ann")
        assert len(db.get_user_memories()) == 1

    def test_memories_are_filtered(self, db):
        db.upsert_user_memory(a_memory("likes GREEN tea", memory_id="1", topics=["drinks", "taste"], agent_id="a"))
        db.upsert_user_memory(a_memory("owns a cat", memory_id="2", topics=["pets"], team_id="t"))
        db.upsert_user_memory(a_memory("green thumb", memory_id="3", user_id="bob"))

        def found(**filters: Any) -> list[str]:
            return [memory.memory_id for memory in db.get_user_memories(**filters)]

        assert found() == ["1", "2", "3"]
        assert found(user_id="ann") == ["1", "2"]
        assert found(agent_id="a") == ["1"] and found(team_id="t") == ["2"]
        assert found(topics=["drinks"]) == ["1"] and found(topics=["drinks", "taste"]) == ["1"]
        assert found(topics=["drinks", "pets"]) == [] and found(topics=[]) == ["1", "2", "3"]
        assert found(search_content="green") == ["1", "3"] and found(search_content="%") == []
        assert found(search_content="green", user_id="bob") == ["3"]

    def test_memories_are_sorted_and_paged(self, db):
        for number in range(5):
            db.upsert_user_memory(a_memory(memory_id=str(number)))
        rows, total = db.get_user_memories(limit=2, page=2, sort_by="memory_id", sort_order="asc", deserialize=False)
        assert [row["memory_id"] for row in rows] == ["2", "3"] and total == 5

    def test_topics_are_listed_once(self, db):
        db.upsert_user_memory(a_memory(topics=["a", "b"]))
        db.upsert_user_memory(a_memory(topics=["b", "c"]))
        db.upsert_user_memory(a_memory(topics=None))
        assert sorted(db.get_all_memory_topics()) == ["a", "b", "c"]

    def test_memory_stats_count_per_user(self, db):
        for user in ("ann", "ann", "bob", None):
            db.upsert_user_memory(a_memory(user_id=user))
        stats, total = db.get_user_memory_stats()
        assert total == 2 and {s["user_id"]: s["total_memories"] for s in stats} == {"ann": 2, "bob": 1}
        assert all(s["last_memory_updated_at"] > 0 for s in stats)
        assert len(db.get_user_memory_stats(limit=1, page=2)[0]) == 1

    def test_memories_are_deleted_one_by_one_many_and_all(self, db):
        for number in range(6):
            db.upsert_user_memory(a_memory(memory_id=str(number), user_id="ann" if number < 5 else "bob"))
        db.delete_user_memory("0")
        db.delete_user_memories(["1", "2", "missing"])
        db.delete_user_memories(["3", "5"], user_id="bob")
        assert [memory.memory_id for memory in db.get_user_memories()] == ["3", "4"]
        assert db.get_user_memory("3", user_id="bob") is None
        db.clear_memories()
        assert db.get_user_memories() == []

    @pytest.mark.parametrize("text", [text for text in HOSTILE + UNICODE if text])
    def test_a_memory_may_hold_any_text(self, db, text):
        db.upsert_user_memory(a_memory(text, memory_id=text, topics=[text]))
        found = db.get_user_memories(topics=[text], search_content=text)
        assert [(memory.memory, memory.memory_id) for memory in found] == [(text, text)]

    @pytest.mark.parametrize("text", ["123", "null", "[1]", '{"a": 1}', '"quoted"'])
    def test_a_memory_that_looks_like_json_stays_text(self, db, text):
        db.upsert_user_memory(a_memory(text, memory_id="m"))
        assert db.get_user_memory("m").memory == text

    # Evaluations -----------------------------------------------------------------------------------------------------

    def test_an_evaluation_comes_back(self, db):
        record = an_eval("e", eval_input={"q": 1}, agent_id="a", model_id="m", model_provider="p", name="n")
        assert db.create_eval_run(record) == record
        assert db.get_eval_run("e") == record
        row = db.get_eval_run("e", deserialize=False)
        assert row["created_at"] == row["updated_at"] and row["eval_type"] == "accuracy"

    def test_an_evaluation_needs_no_input(self, db):
        db.create_eval_run(an_eval("e"))
        assert db.get_eval_run("e").eval_input == {}

    def test_an_evaluation_is_not_written_over(self, db):
        db.create_eval_run(an_eval("e", name="first"))
        with pytest.raises(DbError, match="already"):
            db.create_eval_run(an_eval("e", name="second"))
        assert db.get_eval_run("e").name == "first"

    def test_evaluations_are_filtered(self, db):
        db.create_eval_run(an_eval("1", agent_id="a", model_id="m"))
        db.create_eval_run(an_eval("2", team_id="t", eval_type=EvalType.PERFORMANCE))
        db.create_eval_run(an_eval("3", workflow_id="w", eval_type=EvalType.RELIABILITY, model_id="m"))

        def found(**filters: Any) -> list[str]:
            return sorted(record.run_id for record in db.get_eval_runs(**filters))

        assert found() == ["1", "2", "3"]
        assert found(agent_id="a") == ["1"] and found(team_id="t") == ["2"] and found(workflow_id="w") == ["3"]
        assert found(model_id="m") == ["1", "3"]
        assert found(filter_type=EvalFilterType.TEAM) == ["2"] and found(filter_type=EvalFilterType.AGENT) == ["1"]
        assert (
            found(eval_type=[EvalType.ACCURACY, EvalType.RELIABILITY]) == ["1", "3"] and found(eval_type=[]) == found()
        )

    def test_evaluations_come_newest_first(self, db):
        for number in range(4):
            db.create_eval_run(an_eval(str(number)))
        assert [record.run_id for record in db.get_eval_runs()] == ["3", "2", "1", "0"]
        rows, total = db.get_eval_runs(limit=2, page=2, sort_by="run_id", sort_order="asc", deserialize=False)
        assert [row["run_id"] for row in rows] == ["2", "3"] and total == 4

    def test_evaluations_are_sorted_and_paged_like_sessions(self, db):
        for name, model in (("b", "2"), ("a", "3"), ("c", None)):
            db.create_eval_run(an_eval(name, model_id=model, agent_id="x" if name != "b" else None))

        def found(**options: Any) -> str:
            return "".join(record.run_id for record in db.get_eval_runs(**options))

        assert found(sort_by="model_id") == "abc" and found(sort_by="model_id", sort_order="asc") == "cba"
        assert found(sort_by="run_id", sort_order="up") == "cba" and found(sort_by="run_id", limit=1, page=3) == "a"
        rows, total = db.get_eval_runs(limit=1, filter_type=EvalFilterType.AGENT, deserialize=False)
        assert len(rows) == 1 and total == 2
        assert db.get_eval_runs(filter_type="workflow") == [] and found(agent_id="x", model_id="3") == "a"

    def test_evaluations_are_renamed_and_deleted(self, db):
        for name in "abc":
            db.create_eval_run(an_eval(name))
        assert db.rename_eval_run("a", "new").name == "new"
        assert db.rename_eval_run("a", "newer", deserialize=False)["name"] == "newer"
        db.delete_eval_runs(["a"])
        db.delete_eval_run("b")
        assert [record.run_id for record in db.get_eval_runs()] == ["c"]

    # Knowledge -------------------------------------------------------------------------------------------------------

    def test_a_content_comes_back_and_is_replaced_whole(self, db):
        row = KnowledgeRow(
            id="k", name="n", description="", metadata={"a": [1]}, size=5, status="processing", created_at=1
        )
        assert db.upsert_knowledge_content(row) == row
        assert db.get_knowledge_content("k") == row
        db.upsert_knowledge_content(KnowledgeRow(id="k", name="n2", description="d", status="completed"))
        found = db.get_knowledge_content("k")
        assert (found.name, found.metadata, found.size, found.status) == ("n2", None, None, "completed")

    def test_contents_are_sorted_and_paged_like_sessions(self, db):
        for number in (3, 1, 2):
            db.upsert_knowledge_content(KnowledgeRow(id=str(number), name=f"n{number}", description="", size=number))

        def found(**options: Any) -> str:
            return "".join(row.id for row in db.get_knowledge_contents(**options)[0])

        assert found() == "312" and found(sort_by="nothing") == "312" and found(sort_by="metadata") == "312"
        assert found(sort_by="size") == "321" and found(sort_by="size", sort_order="asc") == "123"
        assert found(page=2) == "312" and found(sort_by="size", limit=2, page=2) == "1"
        assert db.get_knowledge_contents(limit=1, page=9) == ([], 3) and db.get_knowledge_contents(limit=0) == ([], 3)

    def test_contents_are_listed_and_deleted(self, db):
        for number in range(5):
            base = "one" if number < 3 else "two"
            db.upsert_knowledge_content(KnowledgeRow(id=str(number), name=f"n{number}", description="", linked_to=base))
        rows, total = db.get_knowledge_contents(limit=2, page=1, sort_by="name")
        assert [row.id for row in rows] == ["4", "3"] and total == 5
        assert db.get_knowledge_contents(linked_to="two")[1] == 2
        db.delete_knowledge_content("0")
        assert db.get_knowledge_content("0") is None and db.get_knowledge_contents()[1] == 4

    # Metrics ---------------------------------------------------------------------------------------------------------

    def test_days_are_counted(self, db):
        today = int(time.time())
        yesterday = today - 86_400
        run = a_run(model="gpt:4", model_provider="OpenAI", created_at=yesterday, metrics=Metrics(input_tokens=2))
        other = a_run(created_at=yesterday)
        tokens = {"session_metrics": {"input_tokens": 3, "total_tokens": 5}}
        db.upsert_session(a_session("1", run, other, created_at=yesterday, user_id="ann", session_data=tokens))
        db.upsert_session(TeamSession("2", team_id="t", created_at=today, user_id="ann"))
        db.upsert_session(WorkflowSession("3", workflow_id="w", created_at=today, user_id="bob"))
        first, second = db.calculate_metrics()
        assert (first["agent_sessions_count"], first["agent_runs_count"], first["completed"]) == (1, 2, True)
        assert first["token_metrics"]["input_tokens"] == 3 and first["token_metrics"]["total_tokens"] == 5
        assert first["model_metrics"] == [{"model_id": "gpt:4", "model_provider": "OpenAI", "count": 1}]
        assert (second["team_sessions_count"], second["workflow_sessions_count"], second["users_count"]) == (1, 1, 2)
        assert second["completed"] is False and second["date"] == datetime.now(timezone.utc).date()

    def test_the_runs_of_members_count_as_runs_of_agents(self, db):
        leader = TeamRunOutput(run_id="r", team_id="t", session_id="1")
        member = a_run("1", run_id="m", parent_run_id="r")
        inner = TeamRunOutput(run_id="i", team_id="inner", session_id="1", parent_run_id="r")
        db.upsert_session(TeamSession("1", team_id="t", runs=[leader, member, inner], created_at=int(time.time())))
        counted = db.calculate_metrics()[0]
        assert (counted["team_sessions_count"], counted["team_runs_count"], counted["agent_runs_count"]) == (1, 2, 1)

    def test_a_run_counts_on_the_day_it_began(self, db):
        now = int(time.time())
        runs = [a_run(created_at=now - days * 86_400, metrics=Metrics(total_tokens=10 + days)) for days in (2, 1, 0)]
        tokens = {"session_metrics": {"total_tokens": 40}}  # 7 more than its runs: of one that was pruned
        session = a_session("1", *runs, created_at=now - 2 * 86_400, user_id="ann", session_data=tokens)
        db.upsert_session(session)
        rows = db.calculate_metrics()
        assert [row["agent_sessions_count"] for row in rows] == [1, 0, 0]
        assert [row["agent_runs_count"] for row in rows] == [row["users_count"] for row in rows] == [1, 1, 1]
        assert [row["token_metrics"]["total_tokens"] for row in rows] == [12 + 7, 11, 10]
        late = runs[1]  # it goes on after midnight
        late.metrics, late.model = Metrics(total_tokens=100), "m"
        session.session_data = {"session_metrics": {"total_tokens": 129}}
        db.finish_run(session, late)
        rows = db.calculate_metrics()
        assert [row["completed"] for row in rows] == [True, False], "what is older is final"
        assert [row["token_metrics"]["total_tokens"] for row in rows] == [100, 10]
        assert len(db.get_metrics()[0]) == 3

    def test_today_is_counted_again_and_keeps_its_row(self, db):
        db.upsert_session(a_session("1"))
        (before,) = db.calculate_metrics()
        db.upsert_session(a_session("2"))
        (after,) = db.calculate_metrics()
        assert after["agent_sessions_count"] == 2 and after["id"] == before["id"]
        assert len(db.get_metrics()[0]) == 1

    def test_metrics_are_read_between_dates(self, db):
        now = int(time.time())
        for days in (0, 1, 2):
            db.upsert_session(a_session(str(days), created_at=now - days * 86_400))
        db.calculate_metrics()
        today = datetime.now(timezone.utc).date()
        rows, latest = db.get_metrics(today - timedelta(days=1), today)
        assert [row["date"] for row in rows] == [today - timedelta(days=1), today] and latest >= now - 60
        assert db.get_metrics(date(2000, 1, 1), date(2000, 1, 2)) == ([], None)

    def test_a_session_without_data_does_not_stop_the_count(self, db):
        db.upsert_session(AgentSession("1", session_data=None, runs=None))
        (row,) = db.calculate_metrics()
        assert row["agent_sessions_count"] == 1 and row["model_metrics"] == []

    # Pruning ---------------------------------------------------------------------------------------------------------

    def test_old_sessions_are_pruned_but_none_with_an_open_run(self, db):
        for name, status in (("old", "COMPLETED"), ("waits", "PAUSED"), ("runs", "RUNNING")):
            db.upsert_session(a_session(name, a_run(status=RunStatus(status)), created_at=1_000))
        db.upsert_session(a_session("new", a_run()))
        dry = db.prune(older_than=timedelta(days=30), dry_run=True)
        assert dry.sessions == ["old"] and sorted(dry.busy) == ["runs", "waits"]
        assert db.get_session("old", "agent") is not None
        assert db.prune(older_than=30 * 86_400) == dry
        assert db.get_session("old", "agent") is None
        assert all(db.get_session(name, "agent").runs for name in ("waits", "runs", "new"))

    def test_each_user_keeps_the_newest_sessions_and_each_session_its_newest_runs(self, db):
        for number, user in enumerate(["ann", "bob", "ann", "ann"]):
            runs = [a_run(run_id=f"{number}-{part}") for part in range(3)]
            inner = a_run(run_id=f"{number}-inner", parent_run_id=f"{number}-0")
            db.upsert_session(a_session(str(number), inner, *runs, user_id=user, created_at=2_000 + number))
        assert db.prune(keep_sessions=2, keep_runs=9, user_id="bob") == Pruned()
        pruned = db.prune(keep_sessions=2, keep_runs=2, component_id="agent", session_type="agent")
        assert pruned.sessions == ["0"]
        assert {key: sorted(runs) for key, runs in pruned.runs.items()} == {
            number: [f"{number}-0", f"{number}-inner"] for number in "123"
        }
        assert ids(db.get_session("3", "agent")) == ["3-1", "3-2"]
        assert db.prune(keep_runs=2) == Pruned()
        with pytest.raises(ValueError, match="older_than, keep_sessions, keep_runs"):
            db.prune()
        with pytest.raises(ValueError, match="negative"):
            db.prune(keep_runs=-1)

    def test_progress_of_a_run_is_no_run_to_prune_or_to_count(self, db):
        session = WorkflowSession("s", workflow_id="w")
        going = WorkflowRunOutput(run_id="going", workflow_id="w", session_id="s", status=RunStatus.running)
        older = WorkflowRunOutput(run_id="older", workflow_id="w", session_id="s", status=RunStatus.completed)
        named = WorkflowRunOutput(run_id="going#progress-x", session_id="s", status=RunStatus.completed)
        db.finish_run(session, older)
        db.begin_run(session, going)
        for number in range(3):
            record = {"key": str(number), "output": {"n": number}}
            db.note_progress(session, going, {progress_id("going", number): record}, new=True)
        db.finish_run(session, named)
        (row,) = db.calculate_metrics()
        assert row["workflow_runs_count"] == 3
        assert db.prune(keep_runs=1).runs == {"s": ["older"]}
        found = db.get_session("s")
        assert ids(found) == ["going", "going#progress-x"], "a run may have any id"
        assert [record["key"] for record in found.runs[0].progress] == ["0", "1", "2"]

    def test_progress_takes_no_place_among_the_runs_that_are_read(self, db):
        session = a_session("s")
        for number in range(4):
            db.begin_run(session, a_run(run_id=f"r{number}", status=RunStatus.running))
            for step in range(3 if number else 0):
                record = {"key": str(step), "output": {"content": "x"}}
                db.note_progress(session, a_run(run_id=f"r{number}"), {progress_id(f"r{number}", step): record})
        assert ids(db.read_session("s", "agent", runs=2)) == ["r2", "r3"]
        assert ids(db.read_session("s", "agent", runs=4)) == ids(db.read_session("s", "agent", runs=9))
        assert ids(db.read_session("s", "agent", runs=1)) == ["r3"]

    def test_what_a_run_inside_has_done_is_found_on_the_run_around_it_as_it_was_noted_last(self, db):
        session, desk = TeamSession("s", team_id="desk"), TeamRunOutput(run_id="r", team_id="desk", session_id="s")
        db.begin_run(session, desk)
        rows = {name: progress_id("r", name) for name in ("ann", "ben")}

        def note(name: str, content: str, **options: Any) -> None:
            inside = a_run(content, run_id=name, parent_run_id="r", status=RunStatus.running)
            db.note_progress(session, desk, {rows[name]: {"call": "c", "run": inside}}, **options)

        note("ann", "one")
        note("ben", "one")
        note("ann", "two")
        [found] = db.get_session("s").runs
        assert [(one["row"], one["run"]["content"]) for one in found.at_work] == [
            (rows["ann"], "two"),
            (rows["ben"], "one"),
        ]
        note("ben", "two", dropped=[rows["ann"]])
        [found] = db.read_session("s", "team", runs=1).runs
        assert [one["run"]["content"] for one in found.at_work] == ["two"]
        db.finish_run(session, desk, dropped=list(rows.values()))
        assert [one.at_work for one in db.get_session("s").runs] == [None]

    def test_of_a_run_that_another_process_goes_on_with_nothing_is_noted(self, db):
        session, going = TeamSession("s", team_id="desk"), TeamRunOutput(run_id="r", team_id="desk", session_id="s")
        db.begin_run(session, going)
        db.claim_run("s", "r", "another")
        mine = db.read_session("s", "team")
        for one, claim in ((session, None), (mine, ("r", "me"))):
            if claim is not None:
                hold(one, claim)
            with pytest.raises(RunClaimedError):
                db.note_progress(one, going, {progress_id("r", "x"): {"call": "c", "run": a_run()}})
        hold(mine, ("r", "another"))
        db.note_progress(mine, going, {progress_id("r", "x"): {"call": "c", "run": a_run()}})
        assert len(db.get_session("s").runs[0].at_work) == 1

    def test_numbers_without_end_are_no_error(self, db):
        db.upsert_session(a_session("s", a_run()))
        assert len(db.get_sessions(limit=10**30, start_timestamp=-(10**30), end_timestamp=10**30)) == 1
        assert db.get_sessions(limit=5, page=10**30) == [] == db.get_sessions(start_timestamp=10**30)

    @pytest.mark.parametrize("name, wrong", [("session_id", 5), ("session_id", None), ("user_id", 7), ("agent_id", 1)])
    def test_an_id_that_is_no_text_is_refused_before_it_is_kept(self, db, name, wrong):
        session = a_session("s", a_run())
        setattr(session, name, wrong)
        with pytest.raises((TypeError, ValueError), match=f"{name}="):
            db.upsert_session(session)
        assert db.get_sessions() == []

    def test_rows_that_could_not_be_read_again_are_refused(self, db):
        for memory in (UserMemory("tea", memory_id=5), UserMemory(None)):  # type: ignore[arg-type]
            with pytest.raises((TypeError, ValueError), match="memory"):
                db.upsert_user_memory(memory)
        with pytest.raises((TypeError, ValueError), match="run_id="):
            db.upsert_session(a_session("s", RunOutput(run_id=None)))  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="learning_type="):
            db.upsert_learning({"content": {}})
        assert (db.get_user_memories(), db.get_sessions(), db.get_learnings()) == ([], [], ([], 0))

    def test_times_are_whole_seconds_and_numbers_have_a_size(self, db):
        db.upsert_session(a_session("s", a_run(), created_at=1_700_000_000.75))
        assert db.get_session("s").created_at == 1_700_000_000
        with pytest.raises(ValueError, match="size=.* too large"):
            db.upsert_knowledge_content(KnowledgeRow(name="n", description="", size=2**64))
        with pytest.raises(ValueError, match="created_at=.* too large"):
            db.upsert_session(a_session("t", created_at=2**64))
        assert len(db.get_sessions(start_timestamp=1_699_999_999.5, end_timestamp=1_700_000_000.5)) == 1
        assert db.get_sessions(start_timestamp=1_700_000_000.5) == []
        with pytest.raises(ValueError, match="nan is no time"):
            db.get_sessions(start_timestamp=float("nan"))

    def test_filters_that_mean_nothing_are_refused(self, db):
        db.create_eval_run(an_eval("e"))
        with pytest.raises(ValueError, match="'bogus' is none of 'agent', 'team', 'workflow'"):
            db.get_eval_runs(filter_type="bogus")
        with pytest.raises(ValueError):
            db.get_metrics("yesterday")
        assert db.get_metrics("2025-01-01", datetime(2025, 1, 2, tzinfo=timezone.utc)) == ([], None)

    def test_half_a_surrogate_pair_finds_nothing(self, db):
        db.upsert_session(a_session("s", user_id="ann"))
        for ask in (lambda: db.get_session("\ud800"), lambda: db.get_sessions(user_id="\ud800")):
            try:
                assert not ask()
            except DbError as error:
                assert error.status_code == 400 and "surrogate" in str(error)

    def test_an_id_is_no_change_of_an_approval(self, db):
        db.create_approval({"id": "a", "approval_type": "required", "status": "pending", "run_id": "r"})
        with pytest.raises(ValueError, match="'id' .* cannot be changed"):
            db.update_approval("a", id="b")
        with pytest.raises(DbError, match="already"):
            db.create_approval({"id": "a", "approval_type": "required", "status": "approved", "run_id": "r"})
        assert [row["id"] for row in db.get_approvals()[0]] == ["a"]

    def test_half_a_surrogate_pair_is_no_id(self, db):
        for session in (a_session("\ud800"), a_session("s", user_id="\udfff")):
            with pytest.raises(ValueError, match="half of a surrogate pair"):
                db.begin_run(session, a_run())
        assert db.get_sessions() == []
