"""Runs that go on by themselves: stored at once, looked up, cancelled, never lost."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.exceptions import RunNotContinuableError
from agno.run.agent import RunInput, RunOutput
from agno.run.base import RunStatus
from agno.run.cancel import get_active_runs
from agno.session import AgentSession
from agno.testing import ScriptedModel, fails, says, wants
from agno.tools import tool

from playing import in_every_mode, play

DONE = (RunStatus.completed, RunStatus.error, RunStatus.cancelled, RunStatus.paused)


async def until_done(agent: Agent, run_id: str, session_id: str = "s") -> Any:
    for _ in range(500):
        found = await agent.aget_run_output(run_id, session_id)
        if found.status in DONE:
            return found
        gc.collect()  # a task that nobody holds would be gone
        await asyncio.sleep(0.005)
    raise AssertionError(f"{run_id} is still {found.status}")


def test_it_is_stored_as_pending_at_once_and_completes_by_itself(tmp_path: Any) -> None:
    released = asyncio.Event()

    async def wait() -> str:
        await released.wait()
        return "waited"

    model = ScriptedModel(wants("wait"), says("done"))
    agent = Agent(model=model, tools=[wait], db=SqliteDb(db_file=tmp_path / "a.db"))

    async def scenario() -> None:
        pending = await agent.arun("go", background=True, session_id="s")
        stored = agent.get_run_output(pending.run_id, "s")  # not awaited, so the run has had no chance to begin
        assert pending.status is stored.status is RunStatus.pending
        assert stored.input.input_content == "go"
        released.set()
        done = await until_done(agent, pending.run_id)
        assert done.status is RunStatus.completed and done.content == "done"
        assert pending.status is RunStatus.pending, "what was given back is a snapshot"
        assert len((await agent.aget_session("s")).runs) == 1

    asyncio.run(scenario())


def test_it_needs_a_db_and_an_event_loop() -> None:
    agent = Agent(model=ScriptedModel())
    for stream in (False, True):
        with pytest.raises(ValueError, match="needs a db="):
            agent.arun("go", background=True, stream=stream)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="arun"):
        Agent(model=ScriptedModel(), db=InMemoryDb()).run("go", background=True)


def test_a_failed_run_is_stored() -> None:
    agent = Agent(model=ScriptedModel(fails(503, "overloaded")), db=InMemoryDb(), session_id="s")

    async def scenario() -> Any:
        pending = await agent.arun("go", background=True)
        return await until_done(agent, pending.run_id)

    failed = asyncio.run(scenario())
    assert failed.status is RunStatus.error and "overloaded" in failed.content


def test_a_run_that_cannot_begin_says_so_to_the_caller() -> None:
    db = InMemoryDb()
    agent = Agent(model=ScriptedModel(says("hi")), db=db)
    agent.run("go", session_id="s", user_id="ada")

    async def scenario() -> None:
        with pytest.raises(Exception, match="another user"):
            await agent.arun("go", background=True, session_id="s", user_id="bob")

    asyncio.run(scenario())


@pytest.mark.parametrize("at_once", [True, False])
def test_it_can_be_cancelled(at_once: bool) -> None:
    started = asyncio.Event()

    async def slow() -> str:
        started.set()
        await asyncio.sleep(0.05)
        return "late"

    agent = Agent(model=ScriptedModel(wants("slow")), tools=[slow], db=InMemoryDb(), session_id="s")

    async def scenario() -> Any:
        pending = await agent.arun("go", background=True)
        if not at_once:
            await started.wait()
        assert agent.cancel_run(pending.run_id) is True
        return await until_done(agent, pending.run_id)

    assert asyncio.run(scenario()).status is RunStatus.cancelled


def test_its_stream_may_be_left_and_the_run_goes_on() -> None:
    async def scenario() -> None:
        agent = Agent(model=ScriptedModel(says("a b c", latency=0.02)), db=InMemoryDb(), session_id="s")
        stream = agent.arun("go", background=True, stream=True, stream_events=True)
        async for event in stream:
            assert event.event == "RunStarted"
            break
        await stream.aclose()
        assert (await until_done(agent, event.run_id)).content == "a b c"

        whole = Agent(model=ScriptedModel(says("a b c")), db=InMemoryDb(), session_id="s")
        items = [
            item
            async for item in whole.arun("go", background=True, stream=True, stream_events=True, yield_run_output=True)
        ]
        assert [i.event for i in items[:-1] if i.event != "RunContent"] == ["RunStarted", "RunCompleted"]
        assert items[-1].content == "a b c"

        failing = Agent(model=ScriptedModel(fails(500, "no")), db=InMemoryDb(), session_id="s")
        events = [event async for event in failing.arun("go", background=True, stream=True)]
        assert events[-1].event == "RunError"

    asyncio.run(scenario())


def test_a_paused_run_is_continued_in_the_background_and_refused_while_it_runs() -> None:
    @tool(requires_confirmation=True)
    async def pay(amount: int) -> str:
        await asyncio.sleep(0.02)
        return f"paid {amount}"

    agent = Agent(model=ScriptedModel(wants("pay", amount=3), says("ok")), tools=[pay], db=InMemoryDb(), session_id="s")

    async def scenario() -> None:
        paused = await until_done(agent, (await agent.arun("go", background=True)).run_id)
        assert paused.is_paused
        paused.active_requirements[0].confirm()
        options = {"run_id": paused.run_id, "requirements": paused.requirements}
        pending = await agent.acontinue_run(background=True, **options)
        assert pending.status is RunStatus.pending and pending.run_id == paused.run_id
        with pytest.raises(RunNotContinuableError, match="is running"):
            await agent.acontinue_run(**options)
        done = await until_done(agent, paused.run_id)
        assert done.status is RunStatus.completed and done.tools[0].result == "paid 3"
        with pytest.raises(RunNotContinuableError, match="completed"):
            await agent.acontinue_run(background=True, **options)
        assert (await agent.aget_run_output(paused.run_id)).status is RunStatus.completed

    asyncio.run(scenario())


def test_a_run_whose_loop_ended_is_cancelled_in_the_store() -> None:
    async def slow() -> str:
        await asyncio.sleep(60)
        return "never"

    agent = Agent(model=ScriptedModel(wants("slow")), tools=[slow], db=InMemoryDb(), session_id="s")

    async def scenario() -> str:
        pending = await agent.arun("go", background=True)
        await asyncio.sleep(0.02)
        return str(pending.run_id)

    run_id = asyncio.run(scenario())
    stored = agent.get_run_output(run_id)
    assert run_id not in get_active_runs()
    assert stored.status is RunStatus.cancelled and stored.messages[-1].role == "tool"


@in_every_mode
def test_a_pending_run_that_nobody_began_is_resumed(mode: str) -> None:
    db = InMemoryDb()
    pending = RunOutput(run_id="r", session_id="s", status=RunStatus.pending, input=RunInput(input_content="go"))
    db.begin_run(AgentSession(session_id="s"), pending)
    agent = Agent(model=ScriptedModel(says("hello")), db=db, session_id="s", instructions="Greet")
    seen = play(agent, None, mode, "continue_run", run_id="r")
    assert seen.output.content == "hello"
    assert [m.content for m in seen.output.messages] == ["Greet", "go", "hello"]
    assert [run.status for run in agent.get_session().runs] == [RunStatus.completed]
