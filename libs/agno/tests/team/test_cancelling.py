"""Cancelling a team, a member, and leaving a stream: nothing goes on, and everything is stored."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agno.db.in_memory import InMemoryDb
from agno.run.base import RunStatus
from agno.run.cancel import cancel_run, get_active_runs
from agno.run.context import RunContext
from agno.team import Team
from agno.testing import says, wants
from team.desk import agent, leads, team, to, to_all

from playing import in_every_mode, play


def statuses(desk: Team) -> set[str]:
    return {run.status.name for run in desk.get_session().runs}


@in_every_mode
def test_cancelling_a_team_stops_its_member(mode: str) -> None:
    def stop() -> str:
        """Cancel the team from inside."""
        assert cancel_run("the-run")
        return "stopping"

    ann = agent("Ann", wants("stop"), says("never"), tools=[stop])
    desk = team([ann], *leads(to("ann")), db=InMemoryDb(), session_id="s")
    seen = play(desk, "go", mode, run_id="the-run")
    assert seen.output.status is RunStatus.cancelled and len(ann.model.requests) == 1
    assert seen.output.member_responses[0].status is RunStatus.cancelled
    assert statuses(desk) == {"cancelled"} and not get_active_runs()
    if seen.events:
        assert seen.kinds[-2:] == ["RunCancelled", "TeamRunCancelled"]


@in_every_mode
def test_cancelling_reaches_members_of_members(mode: str) -> None:
    def stop() -> str:
        """Cancel the team from inside."""
        assert cancel_run("the-run")
        return "stopping"

    leaf = agent("Leaf", wants("stop"), says("never"), tools=[stop])
    outer = team([team([leaf], *leads(to("leaf")), name="Inner")], *leads(to("inner")), name="Outer")
    seen = play(outer, "go", mode, run_id="the-run")
    inner = seen.output.member_responses[0]
    assert {seen.output.status, inner.status, inner.member_responses[0].status} == {RunStatus.cancelled}
    assert len(leaf.model.requests) == 1 and not get_active_runs()


@in_every_mode
def test_a_member_that_is_cancelled_cancels_the_team(mode: str) -> None:
    def stop(run_context: RunContext) -> str:
        """Cancel this very run."""
        assert cancel_run(run_context.run_id)
        return "stopping"

    ann = agent("Ann", wants("stop"), says("never"), tools=[stop])
    desk = team([ann], *leads(to("ann")))
    seen = play(desk, "go", mode)
    assert seen.output.status is RunStatus.cancelled and "Ann was cancelled" in seen.output.content
    assert not get_active_runs()


def test_cancelling_reaches_all_members_that_run_at_once() -> None:
    begun: list[str] = []

    def waiting(name: str) -> Any:
        async def wait() -> str:
            """Cancel the team when everybody is here."""
            begun.append(name)
            while len(begun) < 3:
                await asyncio.sleep(0)
            cancel_run("the-run")
            return "waited"

        return agent(name, wants("wait"), says("never"), tools=[wait])

    members = [waiting(name) for name in "abc"]
    desk = team(members, *leads(to_all()), delegate_task_to_all_members=True, db=InMemoryDb(), session_id="s")
    output = asyncio.run(asyncio.wait_for(desk.arun("go", run_id="the-run"), 30))
    assert output.status is RunStatus.cancelled and output.content == "Run the-run was cancelled"
    assert all(len(member.model.requests) == 1 for member in members)
    assert statuses(desk) == {"cancelled"} and not get_active_runs()


@in_every_mode
def test_a_team_cancelled_before_it_starts_does_nothing(mode: str) -> None:
    desk = team([agent("Ann")], *leads(to("ann")))
    desk.cancel_run("early")
    seen = play(desk, "go", mode, run_id="early")
    assert seen.output.status is RunStatus.cancelled and not desk.model.requests


@pytest.mark.parametrize("kind", ["TeamToolCallStarted", "RunStarted", "RunContent", "RunCompleted", "TeamRunContent"])
def test_a_reader_who_leaves_ends_the_members(kind: str) -> None:
    desk = team([agent("Ann")], *leads(to("ann")), db=InMemoryDb(), session_id="s")
    for event in desk.run("go", stream=True, stream_events=True):
        if event.event == kind:
            break
    assert desk.get_last_run_output().status is RunStatus.cancelled and not get_active_runs()

    async def leave() -> None:
        stream = desk_async.arun("go", stream=True, stream_events=True)
        async for event in stream:
            if event.event == kind:
                break
        await stream.aclose()

    desk_async = team([agent("Ann"), agent("Ben")], *leads(to_all()), mode="broadcast", db=InMemoryDb(), session_id="s")
    asyncio.run(leave())
    assert desk_async.get_last_run_output().status is RunStatus.cancelled and not get_active_runs()
    assert "running" not in statuses(desk_async)
