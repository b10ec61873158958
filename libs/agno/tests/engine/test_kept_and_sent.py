"""What of a run is kept, and what of earlier runs is sent again."""

from __future__ import annotations

from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.media import Image
from agno.models.message import Message
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, call, fails, says, wants
from agno.tools import tool

from playing import in_every_mode, play


def step(n: int) -> str:
    return f"r{n}"


def talking(*turns: Any, **settings: Any) -> tuple[Agent, ScriptedModel]:
    model = ScriptedModel(*turns)
    settings = {"db": InMemoryDb(), "session_id": "s", "add_history_to_context": True, "tools": [step], **settings}
    return Agent(model=model, **settings), model


def sent(model: ScriptedModel) -> list[Any]:
    """The history and the question of the last request."""
    return [m.content for m in model.requests[-1].messages]


TOOLS = [
    wants(call("step", n=1), call("step", n=2)),
    says("two steps"),
    wants("step", n=3),
    says("a third"),
    says("ok"),
]


@in_every_mode
@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, ["a", None, "r1", "r2", "two steps", "b", None, "r3", "a third", "c"]),
        (2, ["a", None, "r2", "two steps", "b", None, "r3", "a third", "c"]),
        (1, ["a", "two steps", "b", None, "r3", "a third", "c"]),
        (0, ["a", "two steps", "b", "a third", "c"]),
    ],
)
def test_the_newest_tool_calls_of_the_history(mode: str, limit: int | None, expected: list[Any]) -> None:
    agent, model = talking(*TOOLS, max_tool_calls_from_history=limit)
    for text in ("a", "b", "c"):
        play(agent, text, mode)
    assert sent(model) == expected
    for request in model.requests[-1:]:
        open_calls = [c["id"] for m in request.messages for c in m.tool_calls or ()]
        assert open_calls == [m.tool_call_id for m in request.messages if m.tool_call_id]
    stored = agent.get_session().runs
    assert len([c for m in stored[0].messages for c in m.tool_calls or ()]) == 2, "what is stored stays whole"


@in_every_mode
@pytest.mark.parametrize(
    ("limit", "expected"),
    [(0, ["c"]), (1, ["a third", "c"]), (2, ["a third", "c"]), (3, [None, "r3", "a third", "c"]), (99, None)],
)
def test_the_newest_messages_of_the_history(mode: str, limit: int, expected: list[Any] | None) -> None:
    agent, model = talking(*TOOLS, num_history_messages=limit, num_history_runs=1)
    for text in ("a", "b", "c"):
        play(agent, text, mode)
    assert sent(model) == expected if expected is not None else len(sent(model)) == 10


@in_every_mode
def test_history_counts_finished_runs_only(mode: str, tmp_path: Any) -> None:
    turns = [says("1"), says("2"), *[fails(500)] * 3, says("3"), says("4")]
    agent, model = talking(*turns, num_history_runs=2, db=SqliteDb(db_file=tmp_path / "a.db"), tools=None)
    for text in ("a", "b", "x", "x", "x", "c"):
        play(agent, text, mode)
    assert sent(model) == ["a", "1", "b", "2", "c"], "failed runs take no place in the window"
    for runs, expected in ((0, ["d"]), (1, ["c", "3", "d"])):
        agent, model = talking(says("4"), num_history_runs=runs, db=agent.db, tools=None)
        play(agent, "d", mode, session_id="s", run_id=f"{runs}")
        assert sent(model) == expected
        agent.db.upsert_session(_without(agent.get_session(), f"{runs}"))


def _without(session: Any, run_id: str) -> Any:
    session.runs = [run for run in session.runs if run.run_id != run_id]
    return session


@in_every_mode
def test_examples_are_sent_once_in_every_run(mode: str) -> None:
    examples = ["Hi", Message(role="assistant", content="Hello!")]
    agent, model = talking(says("1"), says("2"), tools=None, additional_input=examples, instructions="Be")
    play(agent, "a", mode)
    output = play(agent, "b", mode).output
    assert sent(model) == ["Be", "Hi", "Hello!", "a", "1", "b"]
    assert [m.content for m in output.additional_input] == ["Hi", "Hello!"]


@in_every_mode
@pytest.mark.parametrize("kept", [False, True])
def test_history_is_stored_only_when_asked_for(mode: str, kept: bool) -> None:
    agent, _ = talking(says("1"), says("2"), tools=None, store_history_messages=kept)
    play(agent, "a", mode)
    seen = play(agent, "b", mode)
    assert [m.content for m in seen.output.messages] == ["a", "1", "b", "2"], "what is given back is whole"
    stored = agent.get_run_output(seen.output.run_id).messages
    assert [m.content for m in stored] == (["a", "1"] if kept else []) + ["b", "2"]
    assert [m.from_history for m in stored[:2]] == [kept, kept]
    assert [m.content for m in agent.get_chat_history()] == ["a", "1", "b", "2"]


@in_every_mode
def test_tool_messages_can_be_left_out_of_the_store(mode: str) -> None:
    agent, model = talking(wants("step", n=1), says("done"), says("ok"), store_tool_messages=False)
    output = play(agent, "a", mode).output
    assert [m.role for m in output.messages] == ["user", "assistant", "tool", "assistant"]
    assert [m.content for m in agent.get_run_output(output.run_id).messages] == ["a", "done"]
    play(agent, "b", mode)
    assert sent(model) == ["a", "done", "b"]


@in_every_mode
@pytest.mark.parametrize("kept", [False, True])
def test_media_can_be_left_out_of_the_store(mode: str, kept: bool) -> None:
    picture = Image(content=b"\x89PNG picture", mime_type="image/png")
    agent, _ = talking(says("nice"), tools=None, store_media=kept)
    output = play(agent, "a", mode, images=[picture]).output
    assert output.input.images and output.messages[0].images
    stored = agent.get_run_output(output.run_id)
    assert bool(stored.input.images) is kept and bool(stored.messages[0].images) is kept
    assert stored.input.input_content == "a"


@in_every_mode
@pytest.mark.parametrize(
    ("overwrite", "expected"), [(False, {"a": 5, "b": 2, "c": 1}), (True, {"a": 1, "b": 2, "c": 1})]
)
def test_who_wins_about_the_state(mode: str, overwrite: bool, expected: dict[str, int]) -> None:
    db = InMemoryDb()
    first, _ = talking(says("1"), db=db, session_state={"a": 5, "b": 2})
    play(first, "go", mode)
    second, _ = talking(
        says("2"), says("3"), db=db, session_state={"a": 1, "c": 1}, overwrite_db_session_state=overwrite
    )
    output = play(second, "go", mode).output
    assert output.session_state == second.get_session_state() == expected
    assert play(second, "go", mode, session_state={"a": 9}).output.session_state == {**expected, "a": 9}


@in_every_mode
def test_time_and_tags_in_the_prompt(mode: str) -> None:
    agent, model = talking(
        says("1"), instructions=["One", "Two"], use_instruction_tags=True, add_datetime_to_context=True,
        datetime_format="the year is %Y, %%", timezone_identifier="Europe/Paris",
    )  # fmt: skip
    play(agent, "go", mode)
    text = sent(model)[0]
    assert text.startswith("<instructions>\n- One\n- Two\n</instructions>")
    assert "the year is 20" in text and ", %." in text
    plain, model = talking(says("1"), instructions=["One", "Two"])
    play(plain, "go", mode)
    assert sent(model)[0] == "- One\n- Two"


@in_every_mode
def test_followups(mode: str) -> None:
    asked = says('{"followups": ["And black?", "And white?", "And red?", "And blue?"]}')
    model = ScriptedModel(says("Tea is green"), asked)
    agent = Agent(model=model, followups=True, num_followups=2, db=InMemoryDb(), session_id="s")
    seen = play(agent, "Tea?", mode)
    assert seen.output.content == "Tea is green" and seen.output.followups == ["And black?", "And white?"]
    assert agent.get_last_run_output().followups == seen.output.followups
    assert [m.content for m in seen.output.messages] == ["Tea?", "Tea is green"]
    if seen.events:
        assert "FollowupsStarted" in seen.kinds and "FollowupsCompleted" in seen.kinds
        assert seen.events[-1].event == "RunCompleted"
    other = ScriptedModel(says('{"followups": ["Why?"]}'))
    agent = Agent(model=ScriptedModel(says("Tea")), followups=True, followup_model=other)
    assert play(agent, "Tea?", mode).output.followups == ["Why?"]
    broken = Agent(model=ScriptedModel(says("Tea"), fails(500)), followups=True)
    output = play(broken, "Tea?", mode).output
    assert output.status is RunStatus.completed and output.followups is None


@in_every_mode
def test_a_paused_run_keeps_what_it_needs_whatever_is_left_out(mode: str) -> None:
    @tool(requires_confirmation=True)
    def pay() -> str:
        return "paid"

    agent, model = talking(wants("pay"), says("ok"), tools=[pay], store_tool_messages=False)
    paused = play(agent, "go", mode).output
    paused.active_requirements[0].confirm()
    options = {"run_id": paused.run_id, "requirements": paused.requirements}
    assert play(agent, None, mode, "continue_run", **options).output.content == "ok"
    assert sent(model) == ["go", None, "paid"]
    assert [m.content for m in agent.get_run_output(paused.run_id).messages] == ["go", "ok"]
