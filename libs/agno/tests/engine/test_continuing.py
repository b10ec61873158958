"""Going on with a run in other ways than answering what it waits for."""

from __future__ import annotations

from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.exceptions import RunNotContinuableError
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool

from playing import in_every_mode, play


def texts(messages: list[Any]) -> list[str]:
    return [f"{m.role}: {m.content}" for m in messages]


def talking(*turns: Any, **settings: Any) -> tuple[Agent, ScriptedModel]:
    model = ScriptedModel(*turns)
    settings = {"db": InMemoryDb(), "session_id": "s", "add_history_to_context": True, **settings}
    return Agent(model=model, **settings), model


@in_every_mode
def test_input_goes_on_in_the_same_run(mode: str) -> None:
    agent, model = talking(says("one"), says("two"), instructions="Count", metadata={"own": 1})
    first = play(agent, "1?", mode, metadata={"a": 1}).output
    before = first.to_dict()
    seen = play(agent, None, mode, "continue_run", run_id=first.run_id, input="2?", metadata={"b": 2})
    assert texts(model.requests[1].messages) == ["system: Count", "user: 1?", "assistant: one", "user: 2?"]
    assert seen.output.content == "two" and seen.output.run_id == first.run_id
    assert seen.output.metadata == {"a": 1, "b": 2, "own": 1}
    assert len(agent.get_session().runs) == 1
    assert agent.get_session_metrics().total_tokens == seen.output.metrics.total_tokens == 30
    assert first.to_dict() == before, "what the caller holds stays as it was"


@in_every_mode
def test_continue_from_drops_what_came_after(mode: str) -> None:
    def step(n: int) -> str:
        return f"r{n}"

    script = (wants("step", n=1), wants("step", n=2), says("wrong"), says("right"))
    agent, model = talking(*script, tools=[step])
    first = play(agent, "go", mode).output
    seen = play(agent, None, mode, "continue_run", run_id=first.run_id, continue_from=3)
    assert texts(model.requests[3].messages) == ["user: go", "assistant: None", "tool: r1"]
    assert seen.output.content == "right" and [t.result for t in seen.output.tools] == ["r1"]
    assert len(agent.get_session().runs) == 1
    assert agent.get_session_metrics().total_tokens == 60, "the answers that were dropped were paid for"


@in_every_mode
def test_continue_from_takes_the_id_of_a_message(mode: str) -> None:
    agent, model = talking(says("a"), says("b"), says("c"))
    first = play(agent, "go", mode).output
    stored = agent.get_run_output(first.run_id)
    play(agent, None, mode, "continue_run", run_id=first.run_id, continue_from=stored.messages[0].id)
    assert texts(model.requests[1].messages) == ["user: go"]
    play(agent, first, mode, "continue_run", continue_from=first.messages[0].id)
    assert texts(model.requests[2].messages) == ["user: go"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"continue_from": 9}, "it has 2"),
        ({"continue_from": "nope"}, "'nope' is the id of no message"),
        ({"continue_from": 2}, "give input= too"),
        ({"fork": True}, "is completed, so there is nothing to continue"),
        ({"replace_original": True, "fork": True}, "keeps no second run"),
        ({}, "is completed, so there is nothing to continue"),
    ],
)
def test_what_cannot_be_continued_is_refused_and_nothing_changes(options: dict[str, Any], text: str) -> None:
    agent, _ = talking(says("a"))
    first = agent.run("go")
    before = agent.get_session().to_dict()
    with pytest.raises(ValueError, match=text):
        agent.continue_run(run_id=first.run_id, **options)
    with pytest.raises(ValueError, match=text):
        agent.continue_run(first, **options)
    assert first.status is RunStatus.completed and first.content == "a"
    assert agent.get_session().to_dict() == before


@in_every_mode
def test_a_fork_is_a_run_of_its_own(mode: str) -> None:
    agent, model = talking(says("one"), says("two"), says("other"), says("last"))
    first = play(agent, "1?", mode).output
    play(agent, "2?", mode)
    seen = play(agent, None, mode, "continue_run", run_id=first.run_id, input="other?", fork=True)
    assert texts(model.requests[2].messages) == ["user: 1?", "assistant: one", "user: other?"]
    fork = seen.output
    assert fork.run_id != first.run_id and fork.forked_from_run_id == first.run_id
    assert fork.forked_from_message_index == 2
    stored = agent.get_session().runs
    assert [run.content for run in stored] == ["one", "two", "other"]
    assert {event.run_id for event in seen.events} <= {fork.run_id}
    # the conversation goes on from the fork
    play(agent, "3?", mode)
    assert texts(model.requests[3].messages) == [
        "user: 1?", "assistant: one", "user: other?", "assistant: other", "user: 3?",
    ]  # fmt: skip
    assert agent.get_session_metrics().total_tokens == 60


@in_every_mode
def test_a_run_is_answered_anew_and_the_first_answer_is_kept(mode: str) -> None:
    agent, model = talking(says("zero"), says("bad"), says("good"), says("next"), instructions="Be")
    play(agent, "0?", mode)
    first = play(agent, "1?", mode).output
    seen = play(
        agent, None, mode, "continue_run",
        run_id=first.run_id, regenerate=True, additional_instructions="Be better",
    )  # fmt: skip
    assert texts(model.requests[2].messages) == [
        "system: Be\n\nBe better", "user: 0?", "assistant: zero", "user: 1?",
    ]  # fmt: skip
    assert seen.output.content == "good" and seen.output.regenerated_from == first.run_id
    runs = agent.get_session().runs
    assert [run.status for run in runs] == [RunStatus.completed, RunStatus.regenerated, RunStatus.completed]
    assert runs[1].content == "bad"
    assert [m.content for m in agent.get_session_messages(skip_roles=["system"])] == ["0?", "zero", "1?", "good"]
    play(agent, "2?", mode)
    assert texts(model.requests[3].messages)[1:] == [
        "user: 0?", "assistant: zero", "user: 1?", "assistant: good", "user: 2?",
    ]  # fmt: skip


@in_every_mode
def test_regenerating_in_place_with_another_question(mode: str) -> None:
    agent, model = talking(says("bad"), says("good"))
    first = play(agent, "1?", mode).output
    seen = play(agent, first, mode, "continue_run", regenerate=True, replace_original=True, input="one?")
    assert texts(model.requests[1].messages) == ["user: one?"]
    assert seen.output.run_id == first.run_id and seen.output.input.input_content == "one?"
    assert [run.content for run in agent.get_session().runs] == ["good"]


@in_every_mode
def test_a_failed_regeneration_leaves_the_original(mode: str) -> None:
    agent, _ = talking(says("bad"))
    first = play(agent, "1?", mode).output
    play(agent, None, mode, "continue_run", run_id=first.run_id, regenerate=True)
    assert [run.status for run in agent.get_session().runs] == [RunStatus.completed, RunStatus.error]


@in_every_mode
def test_a_fork_of_the_session_goes_on_elsewhere(mode: str, tmp_path: Any) -> None:
    agent, model = talking(
        says("zero"), says("one"), says("two"), says("other"),
        db=SqliteDb(db_file=tmp_path / "a.db"), session_state={"k": 1},
    )  # fmt: skip
    play(agent, "0?", mode)
    first = play(agent, "1?", mode).output
    play(agent, "2?", mode)
    before = agent.get_session("s").to_dict()
    fork = play(agent, None, mode, "continue_run", run_id=first.run_id, input="other?", fork_session=True).output
    assert texts(model.requests[3].messages) == [
        "user: 0?", "assistant: zero", "user: 1?", "assistant: one", "user: other?",
    ]  # fmt: skip
    assert fork.session_id not in (None, "s") and fork.forked_from_session_id == "s"
    copy = agent.get_session(fork.session_id)
    assert [run.content for run in copy.runs] == ["zero", "other"]
    assert copy.session_data["session_state"] == {"k": 1}
    assert copy.session_data["session_metrics"]["total_tokens"] == 15
    assert agent.get_session("s").to_dict() == before


@pytest.mark.parametrize("kept", ["in memory", "in a file"])
@in_every_mode
def test_the_chat_history_has_each_message_once_also_of_branches(mode: str, kept: str, tmp_path: Any) -> None:
    db = InMemoryDb() if kept == "in memory" else SqliteDb(db_file=tmp_path / "a.db")
    agent, model = talking(says("one"), says("two"), says("other"), says("last"), db=db)
    first = play(agent, "1?", mode).output
    play(agent, "2?", mode)
    play(agent, None, mode, "continue_run", run_id=first.run_id, input="other?", fork=True)
    said = ["1?", "one", "2?", "two", "other?", "other"]
    assert [m.content for m in agent.get_chat_history("s")] == said
    assert [m.content for m in agent.get_session_messages("s")] == said
    fork = agent.fork_session("s")
    session_id = getattr(fork, "session_id", fork)
    assert [m.content for m in agent.get_chat_history(session_id)] == said
    play(agent, "3?", mode, session_id=session_id)  # a copied branch is a branch still
    assert texts(model.requests[3].messages) == [
        "user: 1?", "assistant: one", "user: other?", "assistant: other", "user: 3?",
    ]  # fmt: skip


@in_every_mode
def test_history_is_sent_again_when_a_stored_run_is_continued(mode: str) -> None:
    @tool(requires_confirmation=True)
    def pay() -> str:
        return "paid"

    agent, model = talking(says("hello"), wants("pay"), says("ok"), tools=[pay], store_tool_messages=False)
    play(agent, "hi", mode)
    paused = play(agent, "pay", mode).output
    stored = agent.get_run_output(paused.run_id)
    assert not any(m.from_history for m in stored.messages)
    stored.active_requirements[0].confirm()
    seen = play(agent, stored, mode, "continue_run")
    assert texts(model.requests[2].messages) == [
        "user: hi", "assistant: hello", "user: pay", "assistant: None", "tool: paid",
    ]  # fmt: skip
    assert seen.output.content == "ok"
    assert [m.role for m in agent.get_run_output(paused.run_id).messages] == ["user", "assistant"]


@in_every_mode
def test_going_on_without_an_answer_closes_the_open_calls(mode: str) -> None:
    @tool(requires_confirmation=True)
    def pay() -> str:
        return "paid"

    agent, model = talking(wants("pay"), says("fine"), tools=[pay])
    paused = play(agent, "pay", mode).output
    seen = play(agent, None, mode, "continue_run", run_id=paused.run_id, input="never mind")
    assert [m.role for m in model.requests[1].messages] == ["user", "assistant", "tool", "user"]
    assert model.requests[1].messages[2].tool_call_error
    assert seen.output.content == "fine"


def test_a_run_id_without_answers_or_a_session_is_refused() -> None:
    with pytest.raises(ValueError, match="session_id="):
        Agent(model=ScriptedModel()).continue_run(run_id="r", updated_tools=[])
    with pytest.raises(ValueError, match="updated_tools="):
        Agent(model=ScriptedModel(), db=InMemoryDb()).continue_run(run_id="r", session_id="s")
    with pytest.raises(ValueError, match="run_response="):
        Agent(model=ScriptedModel()).continue_run()


def test_the_run_of_another_user_is_not_found() -> None:
    agent, _ = talking(says("a"))
    first = agent.run("go", user_id="ada")
    with pytest.raises(RuntimeError, match="There is no run"):
        agent.continue_run(run_id=first.run_id, input="mine", user_id="bob")


@in_every_mode
def test_without_a_db_a_run_goes_on_from_the_object(mode: str) -> None:
    agent, _ = talking(says("a"), says("b"), says("c"), db=None)
    first = play(agent, "go", mode).output
    second = play(agent, first, mode, "continue_run", input="more").output
    assert (first.content, second.content) == ("a", "b")
    third = play(agent, first, mode, "continue_run", regenerate=True).output
    assert third.content == "c" and third.regenerated_from == first.run_id
    assert isinstance(play(agent, first, "run", "continue_run").error, RunNotContinuableError)
