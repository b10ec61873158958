"""Runs that are left, cancelled or continued at a bad moment: what happened is stored, and nothing acts twice."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.db._port import DbUnavailableError
from agno.db.in_memory import InMemoryDb
from agno.exceptions import RetryAgentRun, RunCancelledException, RunNotContinuableError
from agno.run.base import RunStatus
from agno.run.context import RunContext
from agno.testing import ScriptedModel, call, says, wants
from agno.tools import tool
from agno.tools.toolkit import Toolkit

from playing import MODES, in_every_mode, play


class SlowMemories:
    """Remembers slowly, so that a run can be left between its answer and its end."""

    begun = False

    def get_user_memories(self, **options: Any) -> list[Any]:
        return []

    async def aget_user_memories(self, **options: Any) -> list[Any]:
        return []

    def create_user_memories(self, **options: Any) -> None:
        time.sleep(0.01)

    async def acreate_user_memories(self, **options: Any) -> None:
        self.begun = True
        await asyncio.sleep(60)


@pytest.mark.parametrize("mode", ["run_stream", "arun_stream", "arun"])
def test_a_run_left_after_its_answer_is_stored_with_it(mode: str) -> None:
    memories: Any = SlowMemories()
    agent = Agent(model=ScriptedModel(says("the answer")), db=InMemoryDb(), memory_manager=memories, session_id="s")

    async def leave() -> None:
        if mode == "arun":
            task = asyncio.ensure_future(agent.arun("hi"))
            while not memories.begun:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return
        stream = agent.arun("hi", stream=True, stream_events=True)
        async for event in stream:
            if event.event == "MemoryUpdateStarted":
                break
        await stream.aclose()

    if mode == "run_stream":
        for event in agent.run("hi", stream=True, stream_events=True):
            if event.event == "MemoryUpdateStarted":
                break
    else:
        asyncio.run(leave())
    stored = agent.get_last_run_output()
    assert (stored.status, stored.content) == (RunStatus.completed, "the answer")
    assert [m.role for m in stored.messages][-2:] == ["user", "assistant"]


def paying(ran: list[int], **settings: Any) -> Agent:
    @tool(requires_confirmation=True)
    def pay(n: int) -> str:
        ran.append(n)
        return "paid"

    model = ScriptedModel(wants("pay", n=1), says("done"), says("done twice"))
    return Agent(model=model, tools=[pay], db=InMemoryDb(), session_id="s", **settings)


def test_two_continues_at_once_pay_once() -> None:
    ran: list[int] = []
    agent = paying(ran)

    async def both() -> list[Any]:
        run = await agent.arun("go")
        run.tools[0].confirmed = True
        again = [agent.acontinue_run(run_id=run.run_id, updated_tools=run.tools) for _ in range(2)]
        return await asyncio.gather(*again, return_exceptions=True)

    results = asyncio.run(both())
    assert ran == [1]
    assert sorted(type(result).__name__ for result in results) == ["RunNotContinuableError", "RunOutput"]


@in_every_mode
def test_a_finished_run_is_not_continued_from_an_old_copy(mode: str) -> None:
    ran: list[int] = []
    agent = paying(ran)
    paused = agent.run("go")
    paused.tools[0].confirmed = True
    assert play(agent, paused, mode, method="continue_run").output.status is RunStatus.completed
    again = play(agent, paused, mode, method="continue_run")
    assert isinstance(again.error, RunNotContinuableError) or again.kinds == ["RunError"]
    assert ran == [1]


def test_one_run_id_is_one_run_at_a_time() -> None:
    async def slow() -> str:
        await asyncio.sleep(0.2)
        return "ok"

    agent = Agent(model=ScriptedModel(wants("slow"), says("a"), says("b")), tools=[slow])

    async def both() -> list[Any]:
        return await asyncio.gather(*[agent.arun("x", run_id="same") for _ in range(2)], return_exceptions=True)

    assert [type(result).__name__ for result in asyncio.run(both())] == ["RunOutput", "RunNotContinuableError"]


@in_every_mode
def test_what_an_exception_says_does_not_hide_a_call_that_waits(mode: str) -> None:
    ran: list[str] = []

    def bad() -> str:
        raise RetryAgentRun("no", agent_message="I should try something else.")

    @tool(requires_confirmation=True)
    def pay() -> str:
        ran.append("paid")
        return "paid"

    model = ScriptedModel(wants(call("bad"), call("pay")), says("done"))
    agent = Agent(model=model, tools=[bad, pay], db=InMemoryDb(), session_id="s")
    paused = play(agent, "go", mode).output
    assert paused.status is RunStatus.paused
    paused.tools[-1].confirmed = True
    done = play(agent, paused, mode, method="continue_run").output
    assert (done.content, ran) == ("done", ["paid"])
    roles = [(m.role, m.tool_name) for m in model.requests[-1].messages]
    assert roles[:4] == [("user", None), ("assistant", None), ("tool", "bad"), ("tool", "pay")]


@in_every_mode
def test_a_tool_that_never_began_is_said_not_to_have_run(mode: str) -> None:
    def one(run_context: RunContext) -> str:
        Agent.cancel_run(run_context.run_id)
        return "ok"

    def two() -> str:
        return "ok"

    agent = Agent(model=ScriptedModel(wants(call("one"), call("two"))), tools=[one, two])
    output = play(agent, "x", mode).output
    assert output.status is RunStatus.cancelled
    texts = {m.tool_name: m.content for m in output.messages if m.role == "tool"}
    assert texts["one"] == "ok"
    assert texts["two"] == "ok" or texts["two"].startswith(("Not executed", "The run ended before"))
    if mode in ("run", "run_stream"):
        assert texts["two"].startswith("Not executed")


def test_a_tool_that_succeeded_is_told_also_when_its_neighbour_ends_the_run() -> None:
    async def ok() -> str:
        return "fine"

    async def ends() -> str:
        await asyncio.sleep(0.05)
        raise RunCancelledException("enough")

    agent = Agent(model=ScriptedModel(wants(call("ok"), call("ends"))), tools=[ok, ends])
    told = [(e.event, e.tool.tool_name) for e in play(agent, "x", "arun_stream").events if e.event.startswith("Tool")]
    assert told == [("ToolCallStarted", "ok"), ("ToolCallStarted", "ends"), ("ToolCallCompleted", "ok")]


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.endswith("stream")])
def test_the_words_of_the_limit_are_in_the_stream(mode: str) -> None:
    def f() -> str:
        return "1"

    agent = Agent(model=ScriptedModel(wants("f"), repeat=True), tools=[f], tool_call_limit=1)
    seen = play(agent, "x", mode)
    assert "".join(e.content for e in seen.events if e.event == "RunContent") == seen.output.content


@in_every_mode
def test_a_write_that_fails_does_not_count_the_costs_twice(mode: str) -> None:
    class Hiccup(InMemoryDb):
        writes = 0

        def finish_run(self, *args: Any, **options: Any) -> None:
            self.writes += 1
            if self.writes == 1:
                raise RuntimeError("the database hiccuped")
            super().finish_run(*args, **options)

    agent = Agent(model=ScriptedModel(says("x")), db=Hiccup(), session_id="s")
    play(agent, "hi", mode)
    stored = agent.get_last_run_output()
    assert stored.status is RunStatus.error and "hiccuped" in stored.content
    assert agent.get_session_metrics().total_tokens == stored.metrics.total_tokens


class Kit(Toolkit):
    """Works while it is connected."""

    requires_connect = True

    def __init__(self) -> None:
        super().__init__(name="kit", tools=[self.use])
        self.connected = self.connects = 0

    def connect(self) -> None:
        self.connects += 1
        self.connected = True

    def close(self) -> None:
        self.connected = False

    @property
    def is_connected(self) -> bool:
        return bool(self.connected)

    def use(self) -> str:
        """Use it."""
        time.sleep(0.05)
        return "ok" if self.connected else "closed under me"


def test_a_toolkit_stays_open_while_a_run_uses_it() -> None:
    kit = Kit()
    model = ScriptedModel({"a": [wants("use"), says("a")], "b": [wants("use"), wants("use"), wants("use"), says("b")]})
    agent = Agent(model=model, tools=[kit])

    async def both() -> list[Any]:
        return await asyncio.gather(agent.arun("a"), agent.arun("b"))

    for output in asyncio.run(both()):
        assert {t.result for t in output.tools} == {"ok"}
    assert not kit.connected and kit.connects == 1


def test_concurrent_runs_of_a_cached_session_keep_each_others_state() -> None:
    async def remember(key: str, run_context: RunContext) -> str:
        run_context.session_state[key] = 1
        await asyncio.sleep(0.05)
        return "ok"

    turns = {k: [wants("remember", key=k), says(k)] for k in "ab"}
    model = ScriptedModel({**turns, "first": [says("hello")]})
    agent = Agent(model=model, tools=[remember], db=InMemoryDb(), session_id="s", cache_session=True)

    async def all_of_them() -> None:
        await agent.arun("first")
        await asyncio.gather(agent.arun("a"), agent.arun("b"))

    asyncio.run(all_of_them())
    assert agent.get_session_state() == {"a": 1, "b": 1}


def test_neither_texts_of_errors_nor_repr_show_a_key() -> None:
    from agno.models.anthropic import Claude
    from agno.models.openai import OpenAIChat, OpenAIResponses

    for kind in (OpenAIChat, OpenAIResponses, Claude):
        agent = Agent(model=kind(id="x", api_key="sk-SECRET"), name="n")
        with pytest.raises(TypeError) as error:
            agent.run("1", sesion_id="1")
        assert "SECRET" not in repr(agent) + str(error.value)


@in_every_mode
def test_what_only_the_user_may_say_is_never_taken_from_the_model(mode: str) -> None:
    @tool(requires_user_input=True, user_input_fields=["address"])
    def send(parcel: str, address: str) -> str:
        return f"sent {parcel} to {address}"

    model = ScriptedModel(wants("send", parcel="tea", address="evil"), says("done"))
    agent = Agent(model=model, tools=[send], db=InMemoryDb(), session_id="s")
    paused = play(agent, "go", mode).output
    assert len(paused.active_requirements) == 1
    paused.active_requirements[0].provide_user_input({"address": "Oslo"})
    done = play(agent, paused, mode, method="continue_run").output
    assert done.tools[0].result == "sent tea to Oslo"


@pytest.mark.parametrize("said", ["../../escaped", "/tmp/escaped", "a/../../b", "..\\escaped"])
def test_what_is_asked_never_leads_out_of_the_folder(said: str, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "sub"
    Agent(model=ScriptedModel(says("x")), save_response_to_file=f"{folder}/{{message}}.txt").run(said)
    written = [path for path in tmp_path.rglob("*.txt")]
    assert len(written) == 1 and written[0].parent == folder


def test_a_new_name_does_not_change_the_id() -> None:
    agent = Agent(model=ScriptedModel(says("a")), db=InMemoryDb(), name="My Agent", session_id="s")
    agent.run("x")
    agent.rename("New")
    assert (agent.id, agent.name) == ("my-agent", "New")


@in_every_mode
def test_the_session_of_another_user_is_refused_in_one_sentence_without_a_traceback(
    mode: str, agno_log: pytest.LogCaptureFixture
) -> None:
    db = InMemoryDb()
    agent = Agent(model=ScriptedModel(says("hers"), says("his")), db=db)
    play(agent, "hi", mode, session_id="s", user_id="ann")
    agno_log.clear()
    seen = play(agent, "hi", mode, session_id="s", user_id="ben")
    said = str(seen.error) if seen.error else seen.events[-1].content
    assert said == "Session 's' belongs to another user. Use another session_id."
    assert agno_log.records == []
    [kept] = agent.get_session("s", user_id="ann").runs
    assert kept.content == "hers"


def test_a_run_whose_prompt_cannot_be_made_is_stored_without_half_of_one() -> None:
    wrong = {"role": "user", "content": "an example", 1: 2}
    agent = Agent(model=ScriptedModel(), instructions="be brief", additional_input=[wrong], db=InMemoryDb())

    with pytest.raises(TypeError):
        agent.run("hi", session_id="s")

    session = agent.get_session("s")
    assert session is not None and session.runs is not None
    assert [(run.status, run.messages) for run in session.runs] == [(RunStatus.error, None)]


def _contains_itself(session_state: dict[str, Any]) -> None:
    session_state["me"] = session_state


def _is_bottomless(session_state: dict[str, Any]) -> None:
    for _ in range(2000):
        session_state["in"] = session_state = {}


@in_every_mode
@pytest.mark.parametrize("spoil", [_contains_itself, _is_bottomless])
def test_a_state_that_cannot_be_kept_is_said_and_what_was_kept_stays(mode: str, spoil: Any, caplog: Any) -> None:
    db = InMemoryDb()
    model = ScriptedModel(says("hi"), wants(spoil.__name__), says("done"))
    agent = Agent(model=model, db=db, tools=[spoil], session_id="s")
    play(agent, "begin", mode, session_state={"n": 1})
    seen = play(agent, "spoil it", mode)
    said = str(seen.error) if seen.error else seen.events[-1].content
    assert said.startswith("session_state, metadata, ") and said.endswith("too deep. Keep plain data in it.")
    first, second = agent.get_session("s").runs
    assert (first.status, second.status, second.content) == (RunStatus.completed, RunStatus.error, said)
    assert "done" in [message.content for message in second.messages]
    assert agent.get_session_state("s") == {"n": 1} and "Traceback" not in caplog.text


@in_every_mode
def test_a_given_state_that_contains_itself_is_said(mode: str) -> None:
    given: dict[str, Any] = {}
    given["me"] = given
    seen = play(Agent(model=ScriptedModel()), "hi", mode, session_state=given)
    said = str(seen.error) if seen.error else seen.events[-1].content
    assert said.endswith("too deep. Keep plain data in it.")


@in_every_mode
def test_a_database_that_is_full_is_said_in_a_sentence_without_a_traceback(mode: str, agno_log: Any) -> None:
    class Full(InMemoryDb):
        def finish_run(self, *arguments: Any, **named: Any) -> None:
            raise DbUnavailableError("The disk is full.")

    seen = play(Agent(model=ScriptedModel(says("hi")), db=Full()), "hi", mode)
    assert (str(seen.error) if seen.error else seen.events[-1].content) == "The disk is full."
    [told] = {(record.getMessage(), record.exc_info) for record in agno_log.records}
    assert told[0].endswith("the ERROR run could not be stored: The disk is full.") and told[1] is None
