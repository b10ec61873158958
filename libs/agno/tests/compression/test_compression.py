"""Long tool results are shortened for the model; what is stored stays whole."""

from __future__ import annotations

from typing import Any

import pytest

from agno.agent import Agent
from agno.compression import CompressionManager
from agno.db.sqlite import SqliteDb
from agno.models.message import Message
from agno.testing import ScriptedModel, call, fails, says, wants

from playing import in_every_mode, play

LONG = "a very long report " * 20


def report(n: int) -> str:
    return f"{n}: {LONG}"


def tool_texts(messages: list[Message]) -> list[str]:
    return [m.content for m in messages if m.tool_call_id is not None]


@in_every_mode
def test_the_model_reads_short_results_and_the_stored_ones_stay_whole(mode: str, tmp_path: Any) -> None:
    small = ScriptedModel(says("one"), says("two"))
    model = ScriptedModel(wants(call("report", n=1), call("report", n=2)), says("done"))
    manager = CompressionManager(model=small, compress_tool_results_limit=2)
    db = SqliteDb(db_file=tmp_path / "a.db")
    agent = Agent(model=model, tools=[report], compression_manager=manager, db=db, session_id="s")
    seen = play(agent, "go", mode)
    assert seen.output is not None and seen.output.content == "done"
    assert tool_texts(model.requests[1].messages) == ["one", "two"]
    assert LONG.strip() in small.requests[0].messages[-1].content
    stored = agent.get_last_run_output(session_id="s")
    for output in (seen.output, stored):
        assert tool_texts(output.messages) == [report(1), report(2)]
        assert [m.compressed_content for m in output.messages if m.tool_call_id] == ["one", "two"]
    assert manager.stats == {
        "tool_results_compressed": 2,
        "original_size": len(report(1)) + len(report(2)),
        "compressed_size": 6,
    }
    if seen.events:
        assert seen.kinds[-4:-2] == ["CompressionStarted", "CompressionCompleted"]
        assert {event.run_id for event in seen.events} == {seen.output.run_id}


@in_every_mode
def test_by_default_three_results_are_shortened_with_the_models_of_the_run(mode: str) -> None:
    model = ScriptedModel(
        wants(call("report", n=1), call("report", n=2)), wants("report", n=3),
        says("s1"), says("s2"), says("s3"), says("done"),
    )  # fmt: skip
    agent = Agent(model=model, tools=[report], compress_tool_results=True)
    assert play(agent, "go", mode).output.content == "done"
    assert tool_texts(model.requests[1].messages) == [report(1), report(2)]
    assert tool_texts(model.requests[-1].messages) == ["s1", "s2", "s3"]


@in_every_mode
def test_what_was_shortened_is_short_in_the_history_too(mode: str, tmp_path: Any) -> None:
    manager = CompressionManager(model=ScriptedModel(says("short")), compress_tool_results_limit=1)
    model = ScriptedModel(wants("report", n=1), says("done"), says("again"))
    db = SqliteDb(db_file=tmp_path / "a.db")
    agent = Agent(
        model=model, tools=[report], compression_manager=manager, db=db, session_id="s", add_history_to_context=True
    )
    play(agent, "go", mode)
    play(agent, "and?", mode)
    assert tool_texts(model.requests[-1].messages) == ["short"]


@in_every_mode
def test_a_long_history_is_shortened_once(mode: str, tmp_path: Any) -> None:
    db, settings = SqliteDb(db_file=tmp_path / "a.db"), {"session_id": "s", "tools": [report]}
    Agent(model=ScriptedModel(wants("report", n=1), says("done")), db=db, **settings).run("go")
    small = ScriptedModel(says("short"))  # asked a second time, it would fail the test
    manager = CompressionManager(model=small, compress_token_limit=50)
    model = ScriptedModel(says("a"), says("b"))
    agent = Agent(model=model, compression_manager=manager, db=db, add_history_to_context=True, **settings)
    for text in ("and?", "and then?"):
        play(agent, text, mode)
        assert tool_texts(model.requests[-1].messages) == ["short"]
    assert len(small.requests) == 1 and manager.stats["tool_results_compressed"] == 1
    assert db.get_session("s").runs[0].tools[0].result == report(1)


@in_every_mode
def test_a_result_that_cannot_be_shortened_is_sent_whole(mode: str) -> None:
    manager = CompressionManager(model=ScriptedModel(fails(400)), compress_tool_results_limit=1)
    model = ScriptedModel(wants("report", n=1), says("done"))
    seen = play(Agent(model=model, tools=[report], compression_manager=manager), "go", mode)
    assert seen.output.content == "done" and tool_texts(model.requests[1].messages) == [report(1)]


def answered(*texts: str, **facts: Any) -> list[Message]:
    return [Message("tool", text, tool_call_id=str(n), tool_name="t", **facts) for n, text in enumerate(texts)]


def test_when_to_shorten() -> None:
    assert CompressionManager().should_compress(answered("a", "b", "c"))
    assert not CompressionManager().should_compress(answered("a", "b"))
    assert not CompressionManager(compress_tool_results=False).should_compress(answered("a", "b", "c"))
    assert not CompressionManager().should_compress(answered("a", "b", "c", from_history=True))
    assert not CompressionManager().should_compress(answered("a", "b", "c", compressed_content="x"))
    by_tokens = CompressionManager(compress_token_limit=100)
    assert by_tokens.should_compress(answered("x" * 400)) and not by_tokens.should_compress(answered(*"abcdef"))
    assert by_tokens.should_compress(answered("x" * 400, from_history=True))


def test_the_prompt_is_a_setting_and_a_model_is_needed() -> None:
    model = ScriptedModel(says("short"))
    messages = answered(LONG)
    CompressionManager(model=model, compress_tool_call_instructions="Numbers only.").compress(messages)
    assert model.requests[0].messages[0].content == "Numbers only." and messages[0].compressed_content == "short"
    with pytest.raises(ValueError, match="has no model"):
        CompressionManager().compress(answered(LONG))
