"""Summaries of sessions: the manager by itself, and with an agent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.memory import MemoryManager
from agno.models.message import Message
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.run.workflow import WorkflowRunOutput
from agno.session import AgentSession, SessionSummary, WorkflowSession
from agno.session.summary import SessionSummaryManager, SessionSummaryResponse
from agno.testing import ScriptedModel, fails, says, wants

from playing import in_every_mode, play

in_both_colours = pytest.mark.parametrize("colour", ["sync", "async"])


def summed(text: str) -> Any:
    return says(json.dumps({"summary": text, "topics": ["tea"]}))


def made(manager: SessionSummaryManager, session: Any, colour: str = "sync") -> Any:
    if colour == "sync":
        return manager.create_session_summary(session)
    return asyncio.run(manager.acreate_session_summary(session))


def a_session(*exchanges: tuple[str, str], **fields: Any) -> AgentSession:
    runs = [
        RunOutput(
            run_id=str(number),
            status=RunStatus.completed,
            messages=[Message("system", "prompt"), Message("user", asked), Message("assistant", answered)],
        )
        for number, (asked, answered) in enumerate(exchanges)
    ]
    return AgentSession("s", runs=runs, **fields)


def prompt_of(model: Any) -> str:
    return str(model.requests[-1].messages[0].content)


@in_both_colours
@pytest.mark.parametrize("way", ["native", "schema", "json"])
def test_a_session_is_summarised_in_the_way_the_model_knows(colour: str, way: str) -> None:
    model = ScriptedModel(summed("About tea"))
    model.supports_native_structured_outputs = way == "native"
    model.supports_json_schema_outputs = way == "schema"
    session = a_session(("Which tea?", "Green"))
    manager = SessionSummaryManager(model=model)
    summary = made(manager, session, colour)
    assert (summary.summary, summary.topics, session.summary) == ("About tea", ["tea"], summary)
    assert summary.updated_at is not None and manager.summaries_updated
    assert session.get_session_summary() is summary
    assert "<conversation>\nUser: Which tea?\nAssistant: Green\n</conversation>" in prompt_of(model)
    asked = model.requests[0].response_format
    expected = {"native": SessionSummaryResponse, "json": {"type": "json_object"}}
    assert asked == expected[way] if way in expected else asked["type"] == "json_schema"
    assert ("<json_fields>" in prompt_of(model)) is (way == "json")


@pytest.mark.parametrize("turn", [says("I would rather not"), says('{"summary": " "}')])
def test_an_answer_that_cannot_be_read_keeps_the_old_summary(turn: Any) -> None:
    session = a_session(("a", "b"), summary=SessionSummary("old"))
    manager = SessionSummaryManager(model=ScriptedModel(turn))
    assert made(manager, session) is None
    assert session.summary.summary == "old" and not manager.summaries_updated


def test_what_is_known_is_brought_up_to_date() -> None:
    model = ScriptedModel(summed("new"))
    made(SessionSummaryManager(model=model), a_session(("a", "b"), summary=SessionSummary("They spoke of tea.")))
    assert "<summary_so_far>\nThey spoke of tea.\n</summary_so_far>" in prompt_of(model)


def test_prompt_request_and_window_can_be_set() -> None:
    model = ScriptedModel(summed("x"), summed("y"))
    session = a_session(("one", "1"), ("two", "2"), ("three", "3"))
    made(SessionSummaryManager(model, "Be short.", summary_request_message="Go!", last_n_runs=2), session)
    system, user = model.requests[0].messages
    assert system.content.startswith("Be short.") and "User: two" in system.content and "one" not in system.content
    assert user.content == "Go!"
    made(SessionSummaryManager(model, conversation_limit=3), session)
    assert "<conversation>\nAssistant: 2\nUser: three\nAssistant: 3\n</conversation>" in prompt_of(model)
    for name in ("last_n_runs", "conversation_limit"):
        with pytest.raises(ValueError, match="must be positive"):
            SessionSummaryManager(**{name: 0})


def test_without_a_model_or_a_conversation_there_is_no_summary() -> None:
    assert made(SessionSummaryManager(), a_session(("a", "b"))) is None
    model = ScriptedModel()
    assert made(SessionSummaryManager(model), AgentSession("s")) is None and model.requests == []


def test_the_session_of_a_workflow_is_summarised_from_inputs_and_answers() -> None:
    model = ScriptedModel(summed("x"))
    session = WorkflowSession("s", runs=[WorkflowRunOutput(run_id="r", input="Plan", content="A plan")])
    assert made(SessionSummaryManager(model), session).summary == "x" == session.get_session_summary().summary
    assert "User: Plan\nAssistant: A plan" in prompt_of(model)


# With an agent -----------------------------------------------------------------------------------------------------------


@in_every_mode
def test_an_agent_keeps_the_summary_and_tells_the_model(mode: str) -> None:
    db = InMemoryDb()
    model = ScriptedModel(says("Green"), summed("They spoke of tea"), says("Black"), summed("Of green and black tea"))
    agent = Agent(model=model, db=db, enable_session_summaries=True, session_id="s")
    seen = play(agent, "Which tea?", mode)
    if seen.events:
        assert seen.kinds[-3:] == ["SessionSummaryStarted", "SessionSummaryCompleted", "RunCompleted"]
        assert seen.events[-2].session_summary.summary == "They spoke of tea"
    assert "User: Which tea?\nAssistant: Green" in str(model.requests[1].messages[0].content), "the newest run is in it"
    assert agent.get_session_summary().summary == "They spoke of tea"
    assert seen.output.metrics.details["session_summary_model"][0].total_tokens > 0
    second = play(agent, "And another?", mode).output
    assert "<summary_of_previous_interactions>\nThey spoke of tea" in model.requests[2].messages[0].content
    assert "<summary_so_far>\nThey spoke of tea" in prompt_of(model)
    assert asyncio.run(agent.aget_session_summary("s")).summary == "Of green and black tea"
    total = seen.output.metrics.total_tokens + second.metrics.total_tokens
    assert agent.get_session_metrics().total_tokens == total
    assert "session_summary_manager" not in agent.__dict__


@in_every_mode
def test_a_summary_that_failed_is_made_up_for_with_the_next_run(mode: str, agno_log: pytest.LogCaptureFixture) -> None:
    summaries = SessionSummaryManager(model=ScriptedModel(summed("one"), fails(500), summed("three")))
    model = ScriptedModel(says("1"), says("2"), says("3"))
    agent = Agent(model=model, db=InMemoryDb(), session_summary_manager=summaries, session_id="s")
    play(agent, "first", mode)
    assert play(agent, "second", mode).output.content == "2"
    assert "SessionSummary failed" in agno_log.text and agent.get_session_summary().summary == "one"
    play(agent, "third", mode)
    assert "User: second\nAssistant: 2\nUser: third\nAssistant: 3" in prompt_of(summaries.model)
    assert agent.get_session_summary().summary == "three"


@in_every_mode
def test_a_summary_can_be_kept_out_of_the_prompt_and_read_without_making_one(mode: str) -> None:
    db = InMemoryDb()
    db.upsert_session(AgentSession("s", agent_id="a", summary=SessionSummary("They spoke of tea")))
    model = ScriptedModel(says("ok"), says("ok"), summed("x"))
    play(Agent(id="a", model=model, db=db, add_session_summary_to_context=True), "hi", mode, session_id="s")
    assert "They spoke of tea" in model.requests[0].messages[0].content
    quiet = Agent(id="a", model=model, db=db, enable_session_summaries=True, add_session_summary_to_context=False)
    play(quiet, "hi", mode, session_id="s")
    assert [m.role for m in model.requests[1].messages] == ["user"]


@in_every_mode
def test_the_cost_of_a_summary_does_not_grow_with_the_session(mode: str) -> None:
    db = InMemoryDb()
    agent = Agent(model=ScriptedModel(says("ok"), repeat=True), db=db, session_id="s")
    for number in range(30):
        agent.run(f"question {number}")
    session = agent.get_session()
    session.summary = SessionSummary("All of it", updated_at=None)
    agent.save_session(session)
    summaries = ScriptedModel(summed("x"))
    agent.session_summary_manager = SessionSummaryManager(model=summaries)
    play(agent, "last question", mode)
    assert prompt_of(summaries).count("User:") == 10


def test_runs_at_once_keep_their_costs_and_the_summary() -> None:
    async def main() -> None:
        await asyncio.gather(*[agent.arun(f"q{n}") for n in range(5)])

    model = ScriptedModel(says("ok"), repeat=True)
    summaries = SessionSummaryManager(model=ScriptedModel(summed("x"), repeat=True))
    agent = Agent(model=model, db=InMemoryDb(), session_summary_manager=summaries, session_id="s")
    asyncio.run(main())
    session = agent.get_session()
    assert session.summary.summary == "x"
    spent = sum(run.metrics.total_tokens for run in session.runs)
    assert len(session.runs) == 5 and agent.get_session_metrics().total_tokens == spent


@in_every_mode
def test_memories_and_summary_follow_the_answer_together(mode: str) -> None:
    model = ScriptedModel(says("Hi"))
    memories = MemoryManager(model=ScriptedModel(wants("add_memory", memory="Likes tea"), says("ok")))
    summaries = SessionSummaryManager(model=ScriptedModel(summed("Tea")))
    agent = Agent(
        model=model, db=InMemoryDb(), memory_manager=memories, session_summary_manager=summaries, session_id="s"
    )
    seen = play(agent, "I like tea", mode)
    if seen.events:
        assert seen.kinds == [
            "RunStarted", "RunContent", "MemoryUpdateStarted", "SessionSummaryStarted", "MemoryUpdateCompleted",
            "SessionSummaryCompleted", "RunCompleted",
        ]  # fmt: skip
        assert seen.events[-1].metrics.details.keys() == {"model", "memory_model", "session_summary_model"}
    assert agent.get_user_memories()[0].memory == "Likes tea" and agent.get_session_summary().summary == "Tea"
    stored = agent.get_last_run_output()
    assert stored.metrics.total_tokens == seen.output.metrics.total_tokens == agent.get_session_metrics().total_tokens
    assert agent.get_session_metrics().details.keys() == {"model", "memory_model", "session_summary_model"}
