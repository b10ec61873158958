"""Plain and async hooks around plain and async tools: which thread and which loop they use, and cancelling them."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import AsyncGenerator, Callable
from contextvars import ContextVar
from typing import Any

import pytest

from agno.agent import Agent
from agno.testing import ScriptedModel, says, wants

from playing import in_every_mode, play

trace: ContextVar[str] = ContextVar("trace", default="unset")
place: dict[str, Any] = {}


def plain_hook(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    place["hook"] = threading.get_ident()
    return function(**arguments)


async def async_hook(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    place["hook loop"] = asyncio.get_running_loop()
    return await function(**arguments)


def plain_tool() -> str:
    place["tool"] = threading.get_ident()
    return f"plain {trace.get()}"


async def async_tool() -> str:
    place["tool loop"] = asyncio.get_running_loop()
    await asyncio.sleep(0)
    return f"async {trace.get()}"


async def pages() -> AsyncGenerator[str, None]:
    place["tool loop"] = asyncio.get_running_loop()
    yield "async "
    yield trace.get()


def agent_with(tool: Any, hooks: Any) -> tuple[Agent, ScriptedModel]:
    model = ScriptedModel(wants(tool.__name__), says("done"))
    return Agent(model=model, tools=[tool], tool_hooks=list(hooks)), model


CHAINS = [chain for length in range(4) for chain in itertools.product([plain_hook, async_hook], repeat=length)]


@pytest.mark.parametrize("chain", CHAINS, ids=lambda c: "-".join(h.__name__[:5] for h in c) or "none")
@pytest.mark.parametrize("tool", [plain_tool, async_tool, pages])
def test_in_an_async_run_what_is_async_runs_on_the_callers_loop(tool: Any, chain: Any) -> None:
    agent, model = agent_with(tool, chain)

    async def caller() -> None:
        place.clear()
        trace.set("caller's")
        await agent.arun("go")
        here = asyncio.get_running_loop()
        assert {place.get("hook loop", here), place.get("tool loop", here)} == {here}
        assert threading.get_ident() not in (place.get("hook"), place.get("tool"))
        if chain and set(chain) == {plain_hook} and tool is plain_tool:
            assert place["tool"] == place["hook"]  # no second worker for it

    asyncio.run(caller())
    assert model.requests[1].messages[-1].content == f"{'plain' if tool is plain_tool else 'async'} caller's"


@in_every_mode
@pytest.mark.parametrize("tool", [plain_tool, async_tool, pages])
def test_a_plain_hook_sees_the_result_in_every_mode(mode: str, tool: Any) -> None:
    agent, model = agent_with(tool, [plain_hook, plain_hook])
    play(agent, "go", mode)
    assert model.requests[1].messages[-1].content.endswith(" unset")


def test_errors_of_an_async_tool_pass_through_a_plain_hook() -> None:
    seen: list[str] = []

    async def broken() -> None:
        raise OSError("disk on fire")

    def watches(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        try:
            return function(**arguments)
        except OSError as error:
            seen.append(str(error))
            raise

    agent, model = agent_with(broken, [watches])
    asyncio.run(agent.arun("go"))
    assert seen == ["disk on fire"] and model.requests[1].messages[-1].content == "disk on fire"


def test_cancelling_a_run_cancels_the_async_tool_behind_a_plain_hook() -> None:
    seen: list[str] = []
    after = threading.Event()

    async def waits() -> None:
        try:
            seen.append("begun")
            await asyncio.sleep(60)
        finally:
            seen.append("ended")

    def insists(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        try:
            return function(**arguments)
        except Exception as error:
            seen.append(type(error).__name__)
            try:
                function(**arguments)
            except RuntimeError:
                seen.append("refused")  # nothing of a cancelled run begins any more
            raise
        finally:
            after.set()

    agent, _ = agent_with(waits, [insists])

    async def caller() -> None:
        task = asyncio.ensure_future(agent.arun("go"))
        while not seen:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(caller())
    assert after.wait(30)
    assert seen == ["begun", "ended", "CancelledError", "refused"]


def test_two_hundred_concurrent_runs_behind_plain_hooks_do_not_wait_for_each_other() -> None:
    agent = Agent(
        model=ScriptedModel(
            lambda messages: says("done") if messages[-1].role == "tool" else wants("async_tool"), repeat=True
        ),
        tools=[async_tool],
        tool_hooks=[plain_hook, async_hook, plain_hook],
    )

    async def everybody() -> list[Any]:
        return await asyncio.gather(*[agent.arun("go", session_id=str(n)) for n in range(200)])

    assert {output.content for output in asyncio.run(everybody())} == {"done"}
