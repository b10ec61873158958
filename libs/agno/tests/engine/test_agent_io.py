"""Runs as their surroundings see them: the event loop, other runs, threads, memory."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.models.message import Message
from agno.run.base import RunStatus
from agno.run.cancel import get_active_runs
from agno.testing import ScriptedModel, call, says, wants

from playing import in_every_mode, play

trace: ContextVar[str] = ContextVar("trace", default="unset")


class MeetingDb(InMemoryDb):
    """Each read waits until all are there."""

    blocking = True

    def __init__(self, meeting: threading.Barrier) -> None:
        super().__init__()
        self.meeting = meeting

    def read_session(self, *args: Any, **kwargs: Any) -> Any:
        self.meeting.wait(30)
        return super().read_session(*args, **kwargs)


def test_slow_reads_of_concurrent_runs_do_not_stall_the_loop() -> None:
    meeting = threading.Barrier(6)
    agent = Agent(model=ScriptedModel(says("ok"), repeat=True), db=MeetingDb(meeting))

    async def five() -> None:
        runs = [asyncio.ensure_future(agent.arun("go", session_id=f"s{n}")) for n in range(5)]
        while meeting.n_waiting < 5:  # only a loop that goes on sees that five reads wait at once
            assert not meeting.broken
            await asyncio.sleep(0.001)
        meeting.wait(30)
        assert {(await run).content for run in runs} == {"ok"}

    asyncio.run(five())


def test_a_thousand_concurrent_runs_see_nothing_of_each_other() -> None:
    async def look(session_state: dict[str, Any], dependencies: dict[str, Any]) -> str:
        before = trace.get()
        session_state["seen"] = [*session_state.get("seen", []), before]
        await asyncio.sleep(0.001)
        assert trace.get() == before
        return f"{session_state['secret']} {dependencies['key']} {before}"

    def answer(messages: list[Message]) -> Any:
        return says(messages[-1].content) if messages[-1].role == "tool" else wants(call("look"))

    db = InMemoryDb()
    model = ScriptedModel(answer, repeat=True)
    agent = Agent(model=model, tools=[look], db=db, session_state={"secret": None})
    settings = {key: repr(value) for key, value in agent.settings().items()}

    async def one(n: int) -> Any:
        trace.set(f"t{n}")
        given: dict[str, Any] = {"session_id": f"s{n}", "user_id": f"u{n}", "session_state": {"secret": n}}
        if n % 2:
            return await agent.arun(f"q{n}", dependencies={"key": n}, **given)
        events = agent.arun(f"q{n}", stream=True, yield_run_output=True, dependencies={"key": n}, **given)
        return [event async for event in events][-1]

    async def everybody() -> list[Any]:
        return await asyncio.gather(*[one(n) for n in range(1000)])

    outputs = asyncio.run(everybody())
    assert [o.content for o in outputs] == [f"{n} {n} t{n}" for n in range(1000)]
    assert [(o.session_id, o.user_id) for o in outputs] == [(f"s{n}", f"u{n}") for n in range(1000)]
    assert all(o.messages[0].content == f"q{n}" and len(o.messages) == 4 for n, o in enumerate(outputs))
    assert len({o.run_id for o in outputs}) == 1000
    assert all(agent.get_session_state(f"s{n}") == {"secret": n, "seen": [f"t{n}"]} for n in range(1000))
    assert {key: repr(value) for key, value in agent.settings().items()} == settings
    assert get_active_runs() == {} and trace.get() == "unset"


# What stays behind ----------------------------------------------------------------------------------------------------


def small() -> str:
    return "result"


async def small_later() -> str:
    return "result"


def small_items() -> Any:
    yield "result"


def passes(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    return function(**arguments)


def answers(messages: list[Message]) -> Any:
    asked = ("small", "small_later", "small_items")
    return says("done") if messages[-1].role == "tool" else wants(*[call(name) for name in asked])


def forgetful_agent() -> Agent:
    class Forgetful(ScriptedModel):
        def _next(self, *args: Any, **kwargs: Any) -> Any:
            turn = super()._next(*args, **kwargs)
            self.requests.clear()
            return turn

    return Agent(model=Forgetful(answers, repeat=True), tools=[small, small_later, small_items], tool_hooks=[passes])


def stream(agent: Agent, upto: int | None = None) -> None:
    for n, _ in enumerate(agent.run("go", stream=True, stream_events=True)):
        if n == upto:
            break


async def astream(agent: Agent, upto: int | None = None) -> None:
    events: AsyncGenerator[Any, None] = agent.arun("go", stream=True, stream_events=True)
    n = 0
    async for _ in events:
        n += 1
        if n == upto:
            break
    await events.aclose()


async def arun(agent: Agent) -> None:
    await agent.arun("go")


async def cancelled(agent: Agent) -> None:
    task = asyncio.ensure_future(agent.arun("go"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


WAYS: dict[str, Callable[[Agent], Any]] = {
    "sync": lambda agent: agent.run("go"),
    "sync stream": stream,
    "sync stream, left": lambda agent: stream(agent, 2),
    "async": arun,
    "async stream": astream,
    "async stream, left": lambda agent: astream(agent, 2),
    "async, cancelled": cancelled,
}


async def _left_behind(way: Callable[[Agent], Any], agent: Agent, runs: int) -> tuple[int, int]:
    """Objects that the garbage collector knows, and blocks of memory, that so many runs leave after a few to warm up."""
    counts = []
    for many in (200, runs):
        for _ in range(many):
            result = way(agent)
            if result is not None and hasattr(result, "__await__"):
                await result
            result = None
        await asyncio.sleep(0.02)
        gc.collect()
        counts.append((len(gc.get_objects()), sys.getallocatedblocks()))
    assert asyncio.all_tasks() == {asyncio.current_task()}
    (objects, blocks), (more_objects, more_blocks) = counts
    return more_objects - objects, more_blocks - blocks


@pytest.mark.timeout(120)
@pytest.mark.parametrize("way", WAYS)
def test_runs_leave_nothing_behind(way: str) -> None:
    runs = 500  # one object for every fifth run would be too many
    agent = forgetful_agent()
    assert [tool.result for tool in agent.run("go").tools or ()] == ["result"] * 3
    threads = {t for t in threading.enumerate() if t.name != "agno-worker"}
    objects, blocks = asyncio.run(_left_behind(WAYS[way], agent, runs))
    # what is there does not depend on the number of runs: half a batch of ids, a thread more or less
    assert objects < 100 and blocks < 400, f"{runs} runs left {objects} objects in {blocks} blocks"
    assert {t for t in threading.enumerate() if t.name != "agno-worker"} == threads
    assert get_active_runs() == {}


# Nested, interrupted, cancelled ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("outer", ["run", "arun"])
@pytest.mark.parametrize("inner", ["sync tool, run", "async tool, arun", "async tool, run", "taking turns"])
def test_runs_nest_ten_deep_in_every_mixture(outer: str, inner: str) -> None:
    def agent(depth: int) -> Agent:
        turns = (wants("nest", depth=depth - 1), lambda messages: says(messages[-1].content))
        return Agent(model=ScriptedModel(*turns), tools=[in_sync if uses_sync(depth) else in_async])

    def uses_sync(depth: int) -> bool:
        return inner == "sync tool, run" or (inner == "taking turns" and depth % 3 == 0)

    def nest(depth: int) -> str:
        return "bottom" if depth == 0 else str(agent(depth).run("down").content)

    in_sync = nest

    async def nest(depth: int) -> str:  # type: ignore[no-redef]  # the model knows one name
        if depth == 0:
            return "bottom"
        if inner == "async tool, run" or (inner == "taking turns" and depth % 2):
            return str(agent(depth).run("down").content)
        return str((await agent(depth).arun("down")).content)

    in_async = nest
    top = agent(10)
    output = top.run("go") if outer == "run" else asyncio.run(top.arun("go"))
    assert output.content == "bottom"


def test_sync_runs_work_in_a_notebook_with_the_callers_connection() -> None:
    connection = sqlite3.connect(":memory:")

    def query() -> str:
        return str(connection.execute("SELECT 41 + 1").fetchone()[0])

    async def later() -> str:
        await asyncio.sleep(0)
        return trace.get()

    model = ScriptedModel(wants(call("query"), call("later")), says("done"), repeat=True)

    async def notebook() -> None:
        trace.set("cell")
        agent = Agent(model=model, tools=[query, later])
        assert agent.run("go").content == "done"
        assert [m.content for m in model.requests[1].messages if m.role == "tool"] == ["42", "cell"]
        assert [e.event for e in agent.run("go", stream=True)][-1] == "RunContent"

    asyncio.run(notebook())
    connection.close()


@in_every_mode
def test_context_variables_of_the_caller_are_seen_in_tools_and_hooks(mode: str) -> None:
    seen: list[str] = []

    def look() -> str:
        seen.append(trace.get())
        return "ok"

    async def look_later() -> str:
        return look()

    def look_twice() -> Any:
        yield look()
        yield look()

    async def look_twice_later() -> Any:
        yield look()

    def hook(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        look()
        return function(**arguments)

    def pre(run_input: Any) -> None:
        look()

    tools = [look, look_later, look_twice, look_twice_later]
    names = ("look", "look_later", "look_twice", "look_twice_later")
    model = ScriptedModel(wants(*[call(name) for name in names]), says("done"))
    token = trace.set("caller's")
    try:
        play(
            Agent(model=model, tools=tools, tool_hooks=[hook], pre_hooks=[pre], post_hooks=[lambda: look()]), "go", mode
        )
    finally:
        trace.reset(token)
    assert seen == ["caller's"] * 11


@pytest.mark.parametrize("streaming", [False, True])
def test_leaving_an_async_stream_closes_the_provider_before_aclose_returns(streaming: bool) -> None:
    model = ScriptedModel(says("one two three four"))
    agent = Agent(model=model, db=InMemoryDb(), session_id="s")

    async def leave() -> None:
        events = agent.arun("go", stream=True, stream_events=streaming)
        async for event in events:
            if event.event == "RunContent":
                break
        await events.aclose()
        assert model.closed_streams == 1
        stored = agent.get_last_run_output()
        assert stored is not None and stored.status is RunStatus.cancelled
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(leave())


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.06, 0.12, 0.2])
def test_a_task_cancelled_at_any_moment_leaves_a_cancelled_run(moment: float, tmp_path: Path) -> None:
    class Slow(SqliteDb):
        begun = False

        def begin_run(self, *args: Any) -> Any:
            self.begun = True
            time.sleep(0.05)
            return super().begin_run(*args)

    async def wait() -> str:
        await asyncio.sleep(60)
        return "never"

    db = Slow(db_file=str(tmp_path / "runs.db"))
    agent = Agent(model=ScriptedModel(wants("wait")), tools=[wait], db=db, session_id="s")

    async def caller() -> bool:
        task = asyncio.ensure_future(agent.arun("go"))
        await asyncio.sleep(moment)
        begun = db.begun
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        return begun

    begun = asyncio.run(caller())
    session = agent.get_session()
    runs = session.runs if session is not None else []
    assert [run.status for run in runs or []] in ([], [RunStatus.cancelled])  # none: it had not begun
    assert runs or not begun
    assert get_active_runs() == {}
    db.close()
