"""Cancelling a run that waits: for a person (it is in the database only), or for a tool."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.run.agent import CustomEvent
from agno.run.base import RunStatus
from agno.run.cancel import get_cancellation_manager, set_cancellation_manager
from agno.run.cancellation_management import InMemoryRunCancellationManager
from agno.run.context import RunContext
from agno.testing import ScriptedModel, call, says, wants
from agno.tools import tool

from playing import in_every_mode, play


@tool(requires_confirmation=True)
def pay() -> str:
    return "paid"


def cancelled(agent: Any, mode: str, *arguments: Any) -> bool:
    """Cancel in the colour of a mode."""
    if mode.startswith("a"):
        return bool(asyncio.run(agent.acancel_run(*arguments)))
    return bool(agent.cancel_run(*arguments))


@pytest.mark.parametrize("known", ["session in hand", "session_id given", "looked up"])
@in_every_mode
def test_a_paused_run_is_marked_and_not_continued(mode: str, known: str, tmp_path: Any) -> None:
    model = ScriptedModel(wants("pay"), says("ok"))
    db = SqliteDb(db_file=tmp_path / "a.db")
    agent = Agent(model=model, name="payer", tools=[pay], db=db)
    paused = play(agent, "go", mode).output
    if known != "session in hand":
        agent = Agent(model=model, name="payer", tools=[pay], db=db)
    arguments = (paused.run_id, paused.session_id) if known == "session_id given" else (paused.run_id,)
    assert cancelled(agent, mode, *arguments) is True
    stored = agent.get_run_output(paused.run_id, paused.session_id)
    assert stored.status is RunStatus.cancelled
    assert [m.role for m in stored.messages] == ["user", "assistant", "tool"]
    assert "cancelled" in stored.messages[-1].content
    paused.active_requirements[0].confirm()
    seen = play(
        agent, None, mode, "continue_run",
        run_id=paused.run_id, session_id=paused.session_id, requirements=paused.requirements,
    )  # fmt: skip
    said = str(seen.error) if seen.error else seen.events[-1].content
    assert "is cancelled, so there is nothing to continue" in said
    assert cancelled(agent, mode, paused.run_id) is False, "there is nothing left to cancel"


@in_every_mode
def test_what_is_not_there_or_has_ended_is_not_cancelled(mode: str) -> None:
    agent = Agent(model=ScriptedModel(says("ok")), db=InMemoryDb())
    done = play(agent, "go", mode).output
    assert cancelled(agent, mode, done.run_id) is False
    assert agent.get_run_output(done.run_id).status is RunStatus.completed
    assert cancelled(agent, mode, "nope") is False
    assert cancelled(Agent(), mode, "nope") is False
    assert cancelled(Agent, mode, "nope") is False, "also without an agent"


# While a tool runs ---------------------------------------------------------------------------------------------------

MINUTE = 60.0  # nobody waits for it


def cancel_when(begun: threading.Event, run_id: str) -> threading.Thread:
    """Cancel from another thread as soon as a tool has begun."""

    def cancel() -> None:
        begun.wait(30)
        Agent.cancel_run(run_id)

    thread = threading.Thread(target=cancel)
    thread.start()
    return thread


def answers(output: Any) -> dict[str, Any]:
    return {m.tool_name: m.content for m in output.messages if m.role == "tool"}


@in_every_mode
def test_an_async_tool_that_waits_is_cancelled_at_once(mode: str) -> None:
    begun, ended = threading.Event(), []

    async def wait() -> str:
        begun.set()
        try:
            await asyncio.sleep(MINUTE)
        finally:
            ended.append("cleaned up")
        return "done"

    agent = Agent(model=ScriptedModel(wants("wait")), tools=[wait], db=InMemoryDb())
    thread = cancel_when(begun, f"wait-{mode}")
    output = play(agent, "go", mode, run_id=f"wait-{mode}", session_id="s").output
    thread.join()
    assert output.status is RunStatus.cancelled and ended == ["cleaned up"]
    assert answers(output) == {"wait": "The run ended before this tool gave a result."}
    assert agent.get_run_output(f"wait-{mode}", "s").status is RunStatus.cancelled


@in_every_mode
def test_an_async_generator_tool_that_waits_is_cancelled_at_once(mode: str) -> None:
    begun = threading.Event()

    async def wait() -> AsyncIterator[Any]:
        yield CustomEvent()
        begun.set()
        await asyncio.sleep(MINUTE)

    agent = Agent(model=ScriptedModel(wants("wait")), tools=[wait])
    thread = cancel_when(begun, f"generator-{mode}")
    output = play(agent, "go", mode, run_id=f"generator-{mode}").output
    thread.join()
    assert output.status is RunStatus.cancelled


@pytest.mark.parametrize("mode", ["arun", "arun_stream"])
def test_tools_side_by_side_are_all_left_and_a_blocking_one_runs_to_its_end_unheard(mode: str) -> None:
    begun, let_go, ended = threading.Event(), threading.Event(), []

    async def wait() -> None:
        await asyncio.sleep(MINUTE)

    def block() -> str:
        begun.set()
        let_go.wait(30)
        ended.append("block")
        return "unheard"

    agent = Agent(model=ScriptedModel(wants(call("wait"), call("block"))), tools=[wait, block])
    thread = cancel_when(begun, f"both-{mode}")
    output = play(agent, "go", mode, run_id=f"both-{mode}").output
    thread.join()
    assert output.status is RunStatus.cancelled and not ended
    assert set(answers(output).values()) == {"The run ended before this tool gave a result."}
    let_go.set()


@in_every_mode
def test_a_tool_that_cancels_its_own_run_ends_with_its_result(mode: str) -> None:
    async def enough(run_context: RunContext) -> str:
        Agent.cancel_run(run_context.run_id)
        await asyncio.sleep(0)
        return "that was it"

    output = play(Agent(model=ScriptedModel(wants("enough")), tools=[enough]), "go", mode).output
    assert output.status is RunStatus.cancelled and answers(output) == {"enough": "that was it"}


def test_who_cancels_the_task_of_a_run_gets_its_cancellation_and_no_other() -> None:
    begun = threading.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.sleep(MINUTE)

    async def main() -> Any:
        agent = Agent(model=ScriptedModel(wants("wait")), tools=[wait])
        task = asyncio.ensure_future(agent.arun("go", run_id="task"))
        await asyncio.to_thread(begun.wait, 10)
        Agent.cancel_run("task")
        output = await task
        assert task.cancelling() == 0 if hasattr(task, "cancelling") else True
        again = asyncio.ensure_future(agent.arun("go"))
        again.cancel()
        with pytest.raises(asyncio.CancelledError):
            await again
        return output

    assert asyncio.run(main()).status is RunStatus.cancelled


class Elsewhere(InMemoryRunCancellationManager):
    """Keeps its marks where no run sees them change."""

    def register_run(self, run_id: str) -> Any:
        super().register_run(run_id)


def test_a_manager_that_keeps_its_marks_elsewhere_is_asked_while_a_tool_waits() -> None:
    begun = threading.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.sleep(MINUTE)

    before = get_cancellation_manager()
    set_cancellation_manager(Elsewhere())
    try:
        thread = cancel_when(begun, "polled")
        output = play(Agent(model=ScriptedModel(wants("wait")), tools=[wait]), "go", "arun", run_id="polled").output
        thread.join()
    finally:
        set_cancellation_manager(before)
    assert output.status is RunStatus.cancelled
