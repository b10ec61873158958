"""Every way to work together, with everything that can come between, in every mode of running."""

from __future__ import annotations

from typing import Any

import pytest

from agno.db.in_memory import InMemoryDb
from agno.exceptions import ModelProviderError
from agno.run.base import RunStatus
from agno.run.cancel import cancel_run, get_active_runs
from agno.team import Team, TeamMode
from agno.testing import ScriptedModel, call, fails, says, wants
from team.desk import agent, paid, pay, to, to_all

from playing import in_every_mode, play

EVERY_WAY = pytest.mark.parametrize("way", list(TeamMode))


def asking(way: TeamMode) -> list[Any]:
    """The turns in which a leader asks Ann, or everybody."""
    if way is TeamMode.broadcast:
        return [wants(to_all())]
    if way is TeamMode.tasks:
        made = wants(call("create_task", title="it", description="do it", assignee="ann"))
        return [made, wants("execute_task", task_id="task-1")]
    return [wants(to("ann"))]


def led(way: TeamMode, *turns: Any, tools: Any = None, **settings: Any) -> Team:
    """A team in which Ann does what the scenario is about, and Ben what he is told."""
    leader = ScriptedModel(*asking(way), says("All done"), repeat=True)
    members = [agent("Ann", *turns, tools=tools), agent("Ben")]
    return Team(members, model=leader, mode=way, name="Desk", db=InMemoryDb(), session_id="s", **settings)


def stored(desk: Team) -> set[str]:
    return {run.status.name for run in desk.get_session().runs}


@in_every_mode
@EVERY_WAY
def test_it_goes_well(way: TeamMode, mode: str) -> None:
    desk = led(way, says("Ann did it"))
    seen = play(desk, "go", mode)
    assert seen.output.content == ("Ann did it" if way is TeamMode.route else "All done")
    assert stored(desk) == {"completed"} and not get_active_runs()


@in_every_mode
@EVERY_WAY
def test_a_member_pauses(way: TeamMode, mode: str) -> None:
    paid.clear()
    desk = led(way, wants("pay", amount=1), says("Ann paid"), tools=[pay])
    output = play(desk, "go", mode).output
    assert output.is_paused and not paid and "paused" in stored(desk)
    (asked,) = output.active_requirements
    asked.confirm()
    seen = play(desk, None, mode, "continue_run", run_id=output.run_id, requirements=[asked])
    assert seen.output.content == ("Ann paid" if way is TeamMode.route else "All done") and paid == [1]
    assert stored(desk) == {"completed"} and not get_active_runs()
    assert len(desk.members[1].model.requests) == (1 if way is TeamMode.broadcast else 0)


@in_every_mode
@EVERY_WAY
def test_it_is_cancelled(way: TeamMode, mode: str) -> None:
    def stop() -> str:
        """Cancel the team."""
        cancel_run("the-run")
        return "stopping"

    desk = led(way, wants("stop"), says("never"), tools=[stop])
    seen = play(desk, "go", mode, run_id="the-run")
    assert seen.output.status is RunStatus.cancelled and len(desk.members[0].model.requests) == 1
    assert "cancelled" in stored(desk) and "running" not in stored(desk) and not get_active_runs()
    if seen.events:
        assert seen.kinds[-1] == "TeamRunCancelled"


@in_every_mode
@EVERY_WAY
def test_a_member_fails(way: TeamMode, mode: str) -> None:
    desk = led(way, fails(ModelProviderError("Ann is down")))
    seen = play(desk, "go", mode)
    assert seen.output.status is RunStatus.completed and seen.output.content == "All done"
    last = desk.model.requests[-1].messages
    assert any("Ann is down" in str(m.content) for m in last if m.role == "tool")
    assert seen.output.member_responses[0].status is RunStatus.error and not get_active_runs()


@in_every_mode
@EVERY_WAY
def test_a_limit_of_tool_calls_is_reached(way: TeamMode, mode: str) -> None:
    desk = led(way, says("Ann did it"), tool_call_limit=1)
    desk.model = ScriptedModel(wants(*asking(way)[0].calls, call("delegate_task_to_member")), repeat=True)
    seen = play(desk, "go", mode)
    assert seen.output.status is RunStatus.completed and len(seen.output.tools) == 1
    refused = [m for m in seen.output.messages if m.role == "tool" and m.tool_call_error]
    assert refused and not get_active_runs()
