"""Cancelling a run while its model is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agno.agent import Agent
from agno.exceptions import ModelProviderError
from agno.models.base import Model
from agno.models.response import ModelResponse
from agno.run import cancel
from agno.run.base import RunStatus
from agno.run.cancel import get_cancellation_manager, set_cancellation_manager
from agno.run.cancellation_management import InMemoryRunCancellationManager
from agno.team import Team
from agno.testing import ScriptedModel, says, wants

from playing import in_every_mode, play


class Slow(Model):
    """Says a word, and then waits for ever."""

    def __init__(self) -> None:
        super().__init__(id="slow")
        self.asked = asyncio.Event()
        self.left = 0

    async def _wait(self) -> None:
        self.asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1

    async def ainvoke(self, *given: Any, **more: Any) -> ModelResponse:
        await self._wait()
        raise AssertionError

    async def ainvoke_stream(self, *given: Any, **more: Any) -> AsyncIterator[ModelResponse]:
        yield ModelResponse(content="word")
        await self._wait()


class Down(Slow):
    async def _wait(self) -> None:
        self.asked.set()
        raise ModelProviderError("the provider is down")


async def heard(agent: Any, stream: bool, **options: Any) -> list[Any]:
    if not stream:
        return [await agent.arun("go", **options)]
    return [event async for event in agent.arun("go", stream=True, yield_run_output=True, **options)]


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_is_left_where_it_waits_and_what_was_said_is_kept(stream: bool) -> None:
    async def main() -> None:
        model = Slow()
        agent = Agent(model=model)
        run = asyncio.create_task(heard(agent, stream, run_id="r"))
        await model.asked.wait()
        assert agent.cancel_run("r") is True
        output = (await run)[-1]
        assert output.status is RunStatus.cancelled and model.left == 1
        assert output.content == ("word" if stream else "Run r was cancelled")
        assert [m.content for m in output.messages] == ["go", *(["word"] if stream else [])]
        assert cancel.get_active_runs() == {}

    asyncio.run(main())


@pytest.mark.parametrize("stream", [False, True])
def test_the_request_of_a_member_is_left_when_its_team_is_cancelled(stream: bool) -> None:
    async def main() -> None:
        model = Slow()
        leader = ScriptedModel(wants("delegate_task_to_member", member_id="m", task_description="go"))
        team = Team([Agent(name="m", model=model)], model=leader)
        run = asyncio.create_task(heard(team, stream, run_id="r"))
        await model.asked.wait()
        team.cancel_run("r")
        assert (await run)[-1].status is RunStatus.cancelled and model.left == 1

    asyncio.run(main())


def test_a_reader_that_asks_for_each_item_in_a_task_of_its_own_is_not_cancelled_instead() -> None:
    async def main() -> None:
        model = Slow()
        agent = Agent(model=model)
        stream = agent.arun("go", stream=True, run_id="r", yield_run_output=True)
        items: list[Any] = []
        while True:
            waiting = asyncio.create_task(anext(stream))
            if len(items) == 1:
                await model.asked.wait()
                agent.cancel_run("r")
            try:
                items.append(await waiting)
            except StopAsyncIteration:
                break
        assert items[-1].status is RunStatus.cancelled and model.left == 1

    asyncio.run(main())


def test_a_run_that_waits_to_send_its_request_again_ends_at_once() -> None:
    async def main() -> None:
        model = Down()
        agent = Agent(model=model, retries=1, delay_between_retries=1000)
        run = asyncio.create_task(heard(agent, False, run_id="r"))
        await model.asked.wait()
        await asyncio.sleep(0)
        agent.cancel_run("r")
        assert (await run)[0].status is RunStatus.cancelled

    asyncio.run(main())


class Elsewhere(InMemoryRunCancellationManager):
    """Gives no token: runs ask it now and then."""

    def register_run(self, run_id: str) -> None:  # type: ignore[override]  # the contract allows it
        super().register_run(run_id)


def test_a_manager_that_keeps_its_marks_elsewhere_is_asked_while_the_model_is() -> None:
    before = get_cancellation_manager()
    set_cancellation_manager(Elsewhere())

    async def main() -> None:
        model = Slow()
        agent = Agent(model=model)
        run = asyncio.create_task(heard(agent, True, run_id="r"))
        await model.asked.wait()
        agent.cancel_run("r")
        assert (await run)[-1].status is RunStatus.cancelled and model.left == 1

    try:
        asyncio.run(main())
    finally:
        set_cancellation_manager(before)


def test_who_cancels_the_task_gets_its_cancellation() -> None:
    async def main() -> None:
        model = Slow()
        agent = Agent(model=model)
        run = asyncio.create_task(heard(agent, False, run_id="r"))
        await model.asked.wait()
        run.cancel()
        agent.cancel_run("r")
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(main())


@in_every_mode
def test_a_model_that_cancels_its_own_run_ends_it_as_cancelled(mode: str) -> None:
    def turn(messages: Any) -> Any:
        agent.cancel_run("r")
        return says("too late")

    agent = Agent(model=ScriptedModel(turn))
    seen = play(agent, "go", mode, run_id="r")
    assert seen.output.status is RunStatus.cancelled
