"""Sessions: which messages they give, what they say about their newest run, old records."""

from __future__ import annotations

from typing import Any

import pytest

from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.run.team import TeamRunOutput
from agno.run.workflow import WorkflowRunOutput
from agno.run.workflow_data import StepMetrics, WorkflowMetrics
from agno.session import AgentSession, Session, SessionSummary, TeamSession, WorkflowSession
from agno.session.facts import LAST_RUN_FACTS

SESSIONS = [AgentSession, TeamSession, WorkflowSession]
CHANGELOG_FACTS = [
    "at", "status", "id", "output", "error", "metrics", "duration", "total_tokens", "input_tokens", "output_tokens",
    "cost", "currency", "model", "provider", "api_key", "api_base", "api_version", "api_type", "api_deployment_name",
    "api_engine", "api_model_name", "api_embedding_model_name", "api_embedding_model_provider",
    "api_embedding_model_api_key", "api_embedding_model_api_base", "api_embedding_model_api_version",
    "api_embedding_model_api_type", "api_embedding_model_api_deployment_name", "api_embedding_model_api_engine",
    "api_embedding_model_api_model_name", "api_embedding_model_api_embedding_model_api_key",
    "api_embedding_model_api_embedding_model_api_base", "api_embedding_model_api_embedding_model_api_version",
    "api_embedding_model_api_embedding_model_api_type", "api_embedding_model_api_embedding_model_api_deployment_name",
    "api_embedding_model_api_embedding_model_api_engine", "api_embedding_model_api_embedding_model_api_model_name",
]  # fmt: skip


def said(*texts: str, **fields: Any) -> list[Message]:
    """System, user, assistant, user, … messages."""
    roles = ["system", *["user", "assistant"] * len(texts)]
    return [Message(role, text, **fields) for role, text in zip(roles, texts, strict=False)]


def run(number: int, **fields: Any) -> RunOutput:
    messages = said("be kind", f"question {number}", f"answer {number}")
    given = {"run_id": f"r{number}", "messages": messages, "status": RunStatus.completed, "agent_id": "a", **fields}
    return RunOutput(**given)


def contents(messages: list[Message]) -> list[Any]:
    return [message.content for message in messages]


def test_a_run_with_a_known_id_is_replaced_in_its_place() -> None:
    session = AgentSession("s")
    for number in (1, 2, 1):
        session.upsert_run(run(number, content=str(number)))
    assert [r.run_id for r in session.runs or ()] == ["r1", "r2"]
    assert session.get_run("r2") is (session.runs or [])[1]
    assert session.get_run("r3") is None


def test_history_has_one_system_message_and_no_copies_of_history() -> None:
    old = Message("user", "old", from_history=True)
    session = AgentSession("s", runs=[run(1), run(2, messages=[old, *said("be kind", "question 2", "answer 2")])])
    found = session.get_messages_from_last_n_runs()
    assert contents(found) == ["be kind", "question 1", "answer 1", "question 2", "answer 2"]
    assert "old" in contents(session.get_messages(skip_history_messages=False))


@pytest.mark.parametrize(("last_n", "expected"), [(None, 3), (2, 2), (1, 1), (0, 0), (9, 3)])
def test_history_takes_the_newest_runs(last_n: int | None, expected: int) -> None:
    session = AgentSession("s", runs=[run(1), run(2), run(3)])
    questions = [m for m in session.get_messages_from_last_n_runs(last_n=last_n) if m.role == "user"]
    assert contents(questions) == ["question 1", "question 2", "question 3"][3 - expected :]
    assert len(session.get_chat_history(last_n)) == 3 * expected


def test_history_leaves_out_runs_that_did_not_end_well_unless_asked() -> None:
    runs = [run(1, status=RunStatus.paused), run(2, status=RunStatus.cancelled), run(3, status=RunStatus.error), run(4)]
    session = AgentSession("s", runs=runs)
    assert contents(session.get_messages(skip_roles=["system", "assistant"])) == ["question 4"]
    everything = session.get_messages_from_last_n_runs(skip_status=[], skip_role="system")
    assert len(everything) == 8
    assert len(session.get_messages(skip_statuses=["error"])) == 7  # type: ignore[list-item]  # as text, too


def test_history_can_be_that_of_one_agent() -> None:
    session = AgentSession("s", runs=[run(1), run(2, agent_id="b")])
    assert contents(session.get_messages_from_last_n_runs(agent_id="b"))[1:] == ["question 2", "answer 2"]


def test_a_limit_does_not_leave_tool_results_without_their_call() -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    messages = [
        Message("user", "q"),
        Message("assistant", None, tool_calls=calls),
        Message("tool", "found", tool_call_id="1"),
        Message("assistant", "a"),
    ]
    session = AgentSession("s", runs=[run(1, messages=messages)])
    assert contents(session.get_messages(limit=2)) == ["a"]
    assert contents(session.get_messages(limit=3)) == [None, "found", "a"]
    assert session.get_messages(limit=0) == []
    assert session.get_tool_calls() == calls
    assert session.get_tool_calls(0) == []


def test_pairs_of_question_and_answer_need_both() -> None:
    session = AgentSession("s", runs=[run(1), run(2, messages=said("x", "no answer"))])
    assert contents(session.get_messages_for_session()) == ["question 1", "answer 1"]


def test_tool_calls_come_newest_run_first_and_in_order_inside_a_run() -> None:
    def calling(number: int, *ids: str) -> RunOutput:
        return run(number, messages=[Message("assistant", None, tool_calls=[{"id": i} for i in ids])])

    session = AgentSession("s", runs=[calling(1, "a", "b"), calling(2, "c", "d")])
    assert [call["id"] for call in session.get_tool_calls()] == ["c", "d", "a", "b"]
    assert [call["id"] for call in session.get_tool_calls(3)] == ["c", "d", "a"]


def test_a_team_session_counts_members_runs_only_when_asked() -> None:
    team_run = TeamRunOutput(run_id="t", team_id="t1", messages=said("s", "to team", "of team"), status="COMPLETED")  # type: ignore[arg-type]
    session = TeamSession("s", runs=[run(1, parent_run_id="t"), team_run])
    assert contents(session.get_messages_from_last_n_runs()) == ["s", "to team", "of team"]
    assert "question 1" in contents(session.get_messages_from_last_n_runs(member_runs=True))
    assert contents(session.get_messages(member_ids=["a"]))[1:] == ["question 1", "answer 1"]
    assert session.last_run_id == "t"


def test_a_team_session_reads_agents_and_teams_runs() -> None:
    session = TeamSession("s", runs=[run(1), TeamRunOutput(run_id="t", team_id="x", member_responses=[run(2)])])
    again = TeamSession.from_dict(session.to_dict())
    assert again == session
    assert [type(r) for r in again.runs or ()] == [RunOutput, TeamRunOutput]


def test_the_history_of_a_workflow_is_that_of_its_executors_else_input_and_content() -> None:
    with_agents = WorkflowRunOutput(run_id="1", step_executor_runs=[run(1)], status=RunStatus.completed)
    functions_only = WorkflowRunOutput(run_id="2", input={"a": 1}, content="done", status=RunStatus.completed)
    session = WorkflowSession("s", runs=[with_agents, functions_only])
    expected = ["be kind", "question 1", "answer 1", '{"a":1}', "done"]
    assert contents(session.get_chat_history()) == expected
    assert contents(session.get_chat_history(1)) == expected[3:]
    assert session.get_workflow_history(1) == [('{"a":1}', "done")]
    assert "Answer: done" in (session.get_workflow_history_context() or "")
    assert WorkflowSession("s").get_workflow_history_context() is None


def test_a_new_workflow_session_has_dicts_and_times() -> None:
    session = WorkflowSession("s")
    assert (session.session_data, session.workflow_data, session.metadata, session.runs) == ({}, {}, {}, [])
    assert session.created_at and session.updated_at
    assert session.get_session_summary() is None


@pytest.mark.parametrize("cls", SESSIONS)
def test_name_description_and_tags_live_in_session_data(cls: Any) -> None:
    data = {"session_state": {"a": 1}}
    session = cls("s", session_data=data)
    assert (session.name, session.description, session.tags) == (None, None, [])
    session.name, session.description, session.tags = "n", "d", ["t"]
    assert session.session_data == {"session_state": {"a": 1}, "session_name": "n", "description": "d", "tags": ["t"]}
    assert data == {"session_state": {"a": 1}}, "the caller's dict is left alone"
    assert cls.from_dict(session.to_dict()) == session


@pytest.mark.parametrize("cls", SESSIONS)
def test_records_with_the_old_names_can_be_read(cls: Any) -> None:
    old = {
        "session_id": "s",
        "session_name": "n",
        "session_description": "d",
        "session_tags": ["t"],
        "session_metadata": {"m": 1},
        "session_created_at": 1,
        "session_updated_at": 2,
    }
    session = cls.from_dict(old)
    assert (session.name, session.description, session.tags) == ("n", "d", ["t"])
    assert (session.metadata, session.created_at, session.updated_at) == ({"m": 1}, 1, 2)
    newer = cls.from_dict({**old, "session_data": {"session_name": "new"}, "metadata": {"m": 2}})
    assert (newer.name, newer.metadata) == ("new", {"m": 2})


@pytest.mark.parametrize("cls", SESSIONS)
@pytest.mark.parametrize("name", ["session_name", "session_tags", "session_created_at", "session_last_run_id"])
def test_an_old_attribute_says_its_new_name(cls: Any, name: str) -> None:
    with pytest.raises(AttributeError, match=rf"is now \.{name.removeprefix('session_')}$"):
        getattr(cls("s"), name)
    with pytest.raises(TypeError):
        cls("s", **{name: "x"})


@pytest.mark.parametrize("cls", SESSIONS)
def test_a_record_without_a_session_id_gives_none(cls: Any) -> None:
    assert cls.from_dict({}) is None
    assert cls.from_dict({"runs": []}) is None


@pytest.mark.parametrize("runs", [None, []])
@pytest.mark.parametrize("cls", SESSIONS)
def test_a_session_without_runs_can_be_read(cls: Any, runs: Any) -> None:
    assert not cls.from_dict({"session_id": "s", "runs": runs}).runs
    assert cls("s", runs=runs).to_dict()["runs"] is None


def test_session_metrics_are_stored_without_zeros_and_timers() -> None:
    metrics = Metrics(input_tokens=1)
    metrics.start_timer()
    session = AgentSession("s", session_data={"session_metrics": metrics})
    assert session.to_dict()["session_data"] == {"session_metrics": {"input_tokens": 1}}


def test_the_summary_survives() -> None:
    session = AgentSession("s", summary=SessionSummary("short", topics=["a"]))
    again = AgentSession.from_dict(session.to_dict())
    assert again is not None
    assert again.get_session_summary() == SessionSummary("short", topics=["a"])


# The newest run ------------------------------------------------------------------------------------------------------

RECORDED = {
    "api": {"base": "https://x", "version": "v1", "type": "azure", "deployment_name": "dep", "key": "secret"},
    "embedder": {
        "name": "emb", "provider": "p", "base": "https://e", "version": "v2", "type": "openai",
        "deployment_name": "edep", "key": "secret",
    },
}  # fmt: skip
NEWEST = run(
    2,
    created_at=7,
    model="m",
    model_provider="mp",
    content="it broke",
    status=RunStatus.error,
    model_provider_data=RECORDED,
    metrics=Metrics(input_tokens=1, output_tokens=2, total_tokens=3, duration=1.5, cost=0.25),
)
_EMBEDDER = {
    "key": None, "base": "https://e", "version": "v2", "type": "openai", "deployment_name": "edep", "engine": "edep",
    "model_name": "emb",
}  # fmt: skip
EXPECTED = {
    "at": 7, "status": RunStatus.error, "id": "r2", "output": NEWEST, "error": "it broke", "metrics": NEWEST.metrics,
    "duration": 1.5, "total_tokens": 3, "input_tokens": 1, "output_tokens": 2, "cost": 0.25, "currency": "USD",
    "model": "m", "provider": "mp", "api_key": None, "api_base": "https://x", "api_version": "v1", "api_type": "azure",
    "api_deployment_name": "dep", "api_engine": "dep", "api_model_name": "m", "api_embedding_model_name": "emb",
    "api_embedding_model_provider": "p",
    **{f"api_embedding_model_api_{name}": value for name, value in _EMBEDDER.items()},
    **{f"api_embedding_model_api_embedding_model_api_{name}": value for name, value in _EMBEDDER.items()},
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGELOG_FACTS)
def test_a_fact_of_the_newest_run(name: str) -> None:
    session = AgentSession("s", runs=[run(1), NEWEST])
    attribute = f"last_run_{name}"
    assert getattr(session, attribute) == EXPECTED[name]
    assert attribute not in session.to_dict()
    with pytest.raises(AttributeError):
        setattr(session, attribute, "x")


@pytest.mark.parametrize("cls", SESSIONS)
@pytest.mark.parametrize("name", CHANGELOG_FACTS)
def test_without_a_run_every_fact_is_none(cls: Any, name: str) -> None:
    assert getattr(cls("s"), f"last_run_{name}") is None


def test_every_fact_of_the_changelog_and_no_other_is_there() -> None:
    assert sorted(LAST_RUN_FACTS) == sorted(f"last_run_{name}" for name in CHANGELOG_FACTS)


def test_facts_of_a_workflow_come_from_its_steps() -> None:
    steps = {
        "one": StepMetrics("one", "agent", "a", Metrics(input_tokens=1, duration=1.0, time_to_first_token=0.1)),
        "two": StepMetrics("two", "agent", "b", Metrics(input_tokens=2, duration=2.0)),
    }
    run_ = WorkflowRunOutput(
        run_id="w", status=RunStatus.completed, metrics=WorkflowMetrics(steps), step_executor_runs=[run(1), NEWEST]
    )
    session = WorkflowSession("s", runs=[run_])
    assert session.last_run_metrics == Metrics(input_tokens=3, duration=3.0)
    assert session.last_run_input_tokens == 3
    assert session.last_run_model == "m"
    assert session.last_run_api_base == "https://x"
    assert session.last_run_error is None
    assert steps["one"].metrics == Metrics(input_tokens=1, duration=1.0, time_to_first_token=0.1)


def test_the_union_of_sessions_names_all_three() -> None:
    assert set(Session.__args__) == set(SESSIONS)  # type: ignore[attr-defined]
