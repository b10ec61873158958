"""A member that waits for a person makes its team wait; answers find their way back, also from another process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.exceptions import RunNotContinuableError
from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import call, says, wants
from agno.tools import tool
from team.desk import agent, leads, paid, pay, sent, team, to, to_all

from playing import in_every_mode, play

looked: list[str] = []


@pytest.fixture(autouse=True)
def nothing_happened() -> None:
    paid.clear()
    looked.clear()


def look() -> str:
    """Look around."""
    looked.append("look")
    return "seen"


@tool(requires_user_input=True, user_input_fields=["city"])
def travel(city: str, day: str) -> str:
    """Book a journey."""
    return f"to {city} on {day}"


@tool(external_execution=True)
def shell(command: str) -> str:
    """Run a command."""
    return "never here"


def payers(*turns: Any, again: bool = False) -> list[Any]:
    """Two members that pay; `again`: as a new process has them, with the rest of their scripts."""
    ann = [says("Ann paid")] if again else [wants(call("look"), call("pay", amount=1)), says("Ann paid")]
    ben = [says("Ben paid")] if again else [wants("pay", amount=2), says("Ben paid")]
    return [agent("Ann", *ann, tools=[pay, look]), agent("Ben", *ben, tools=[pay])]


def answered(output: Any, name: str) -> Any:
    """The question of a member, confirmed."""
    (requirement,) = [r for r in output.active_requirements if r.member_agent_name == name]
    requirement.confirm()
    return requirement


def test_others_read_what_a_member_that_waited_was_asked() -> None:
    ann = agent("Ann", wants("pay", amount=1), says("Ann paid"), tools=[pay])
    ben = agent("Ben")
    desk = team([ann, ben], wants(to("ann", "pay the tea")), *leads(to("ben")), share_member_interactions=True)
    output = desk.run("go")
    output = desk.continue_run(output, requirements=[answered(output, "Ann")])
    assert output.content == "All done"
    assert "<member interactions>\nMember: Ann\nTask: pay the tea\nResponse: Ann paid" in sent(ben)[-1].content


@in_every_mode
def test_a_pause_of_a_member_pauses_the_team(mode: str) -> None:
    ann, _ = payers()
    desk = team([ann], *leads(to("ann")), db=InMemoryDb(), session_id="s")
    seen = play(desk, "go", mode)
    output = seen.output
    assert output.status is RunStatus.paused and "confirmation for pay" in output.content
    (requirement,) = output.active_requirements
    member = output.member_responses[0]
    assert (requirement.member_agent_name, requirement.member_run_id) == ("Ann", member.run_id)
    assert requirement.member_agent_id == "ann" and member.is_paused
    (delegation,) = output.tools
    assert delegation.child_run_id == member.run_id and delegation.is_paused
    if seen.events:
        assert seen.kinds[-2:] == ["RunPaused", "TeamRunPaused"]
        assert seen.events[-2].requirements == seen.events[-1].requirements
        assert seen.events[-1].tools[0].tool_name == "pay"
    requirement.confirm()
    seen = play(desk, output, mode, "continue_run")
    assert seen.output.content == "All done" and paid == [1] and looked == ["look"]
    assert sent(desk, 1)[-1].content == "Ann paid"
    assert seen.output.metrics.total_tokens == 30
    assert desk.get_session_metrics().total_tokens == 60
    assert [run.status for run in desk.get_session().runs] == [RunStatus.completed] * 2
    if seen.events:
        assert seen.kinds == [
            "TeamRunContinued", "TeamToolCallStarted", "RunContinued", "ToolCallStarted", "ToolCallCompleted",
            "RunContent", "RunCompleted", "TeamToolCallCompleted", *["TeamRunContent"] * 2, "TeamRunCompleted",
        ]  # fmt: skip


@in_every_mode
@pytest.mark.parametrize("order", [("Ann", "Ben"), ("Ben", "Ann")])
@pytest.mark.parametrize("together", [False, True])
def test_two_that_wait_are_answered_in_either_order_by_other_processes(
    mode: str, order: tuple[str, str], together: bool, tmp_path: Path
) -> None:
    def process(members: list[Any], *turns: Any) -> Team:
        db = SqliteDb(db_file=str(tmp_path / "team.db"))
        return team(members, *turns, db=db, session_id="s", delegate_task_to_all_members=together)

    calls = [to_all()] if together else [to("ann"), to("ben")]
    first = process(payers(), *leads(*calls))
    output = play(first, "go", mode).output
    assert [r.member_agent_name for r in output.active_requirements] == ["Ann", "Ben"]
    for round_, name in enumerate(order):
        desk = process(payers(again=True), says("All done"))
        stored = desk.get_run_output(output.run_id)
        seen = play(desk, None, mode, "continue_run", run_id=output.run_id, requirements=[answered(stored, name)])
        assert seen.error is None
        expected = RunStatus.paused if round_ == 0 else RunStatus.completed
        assert seen.output.status is expected
    assert paid == ([1, 2] if order[0] == "Ann" else [2, 1]) and looked == ["look"]
    assert seen.output.content == "All done"
    answers = [m.content for m in sent(desk) if m.role == "tool"]
    assert answers == (["Agent Ann: Ann paid\nAgent Ben: Ben paid"] if together else ["Ann paid", "Ben paid"])
    assert {run.status for run in desk.get_session().runs} == {RunStatus.completed}
    assert desk.get_session_metrics().total_tokens == 90


def test_a_pause_shows_while_others_still_work() -> None:
    shown = asyncio.Event()

    async def wait() -> str:
        """Wait until the pause of the other was seen."""
        await shown.wait()
        return "waited"

    ben = agent("Ben", wants("wait"), says("Ben done"), tools=[wait])
    desk = team([payers()[0], ben], *leads(to_all()), delegate_task_to_all_members=True)

    async def watch() -> list[str]:
        kinds = []
        async for event in desk.arun("go", stream=True, stream_events=True):
            kinds.append(event.event)
            if event.event == "RunPaused":
                assert event.requirements[0].member_agent_name == "Ann"
                shown.set()
        return kinds

    kinds = asyncio.run(asyncio.wait_for(watch(), 30))
    assert kinds.index("RunPaused") < kinds.index("RunCompleted") < kinds.index("TeamRunPaused") == len(kinds) - 1


@in_every_mode
def test_members_wait_for_input_and_for_what_runs_outside(mode: str) -> None:
    ann = agent("Ann", wants("travel", day="Monday"), says("booked"), tools=[travel])
    ben = agent("Ben", wants("shell", command="ls"), says("listed"), tools=[shell])
    desk = team([ann, ben], *leads(to("ann"), to("ben")))
    output = play(desk, "go", mode).output
    first, second = output.active_requirements
    assert first.needs_user_input and second.needs_external_execution
    first.provide_user_input({"city": "Rome"})
    output = play(desk, output, mode, "continue_run").output
    assert output.is_paused and [r.member_agent_name for r in output.active_requirements] == ["Ben"]
    output.active_requirements[0].set_external_execution_result("a b c")
    output = play(desk, output, mode, "continue_run").output
    assert output.content == "All done"
    assert ann.model.requests[1].messages[-1].content == "to Rome on Monday"
    assert ben.model.requests[1].messages[-1].content == "a b c"


@in_every_mode
def test_a_member_may_wait_again_and_again(mode: str) -> None:
    ann = agent("Ann", *[wants("pay", amount=n) for n in range(4)], says("paid all"), tools=[pay])
    desk = team([ann], *leads(to("ann")))
    output = play(desk, "go", mode).output
    for rounds in range(4):
        assert output.is_paused and paid == list(range(rounds))
        answered(output, "Ann")
        output = play(desk, output, mode, "continue_run").output
    assert output.content == "All done" and paid == [0, 1, 2, 3]
    assert len(output.member_responses) == 1 and output.metrics.details["member:ann"][0].total_tokens == 75


@in_every_mode
def test_a_rejection_reaches_the_member(mode: str) -> None:
    ann, _ = payers()
    desk = team([ann], *leads(to("ann")))
    output = play(desk, "go", mode).output
    output.active_requirements[0].reject("too much")
    output = play(desk, output, mode, "continue_run").output
    assert output.content == "All done" and paid == []
    assert ann.model.requests[1].messages[-1].content == "too much"


@in_every_mode
def test_a_pause_three_deep_is_answered_at_the_top(mode: str, tmp_path: Path) -> None:
    def process(again: bool) -> Team:
        db = SqliteDb(db_file=str(tmp_path / "team.db"))
        ann, ben = payers(again=again)
        rest = (says("inner"), says("middle"), says("outer"))
        inner = team([ann, ben], *((rest[0],) if again else leads(to("ann"), to("ben"), answer="inner")), name="Inner")
        middle = team([inner], *((rest[1],) if again else leads(to("inner"), answer="middle")), name="Middle")
        turns = (rest[2],) if again else leads(to("middle"), answer="outer")
        return team([middle], *turns, name="Outer", db=db, session_id="s")

    output = play(process(False), "go", mode).output
    assert [r.member_agent_name for r in output.active_requirements] == ["Ann", "Ben"]
    for name in ("Ben", "Ann"):
        desk = process(True)
        stored = desk.get_run_output(output.run_id)
        seen = play(desk, None, mode, "continue_run", run_id=output.run_id, requirements=[answered(stored, name)])
    assert seen.output.content == "outer" and paid == [2, 1] and looked == ["look"]
    assert {run.status for run in desk.get_session().runs} == {RunStatus.completed}
    assert len(desk.get_session().runs) == 5


@in_every_mode
def test_a_leader_may_wait_together_with_a_member(mode: str) -> None:
    ann, _ = payers()
    desk = team([ann], wants(to("ann"), call("pay", amount=9)), says("All done"), tools=[pay])
    output = play(desk, "go", mode).output
    assert sorted(str(r.member_agent_name) for r in output.active_requirements) == ["Ann", "None"]
    for requirement in output.active_requirements:
        requirement.confirm()
    output = play(desk, output, mode, "continue_run").output
    assert output.content == "All done" and sorted(paid) == [1, 9]


@in_every_mode
def test_a_routed_member_answers_for_the_team_after_a_pause(mode: str) -> None:
    ann, _ = payers()
    desk = team([ann], wants(to("ann")), respond_directly=True)
    output = play(desk, "go", mode).output
    answered(output, "Ann")
    seen = play(desk, output, mode, "continue_run")
    assert seen.output.content == "Ann paid" and paid == [1]
    if seen.events:
        assert "".join(e.content for e in seen.events if e.event == "TeamRunContent") == "Ann paid"


@in_every_mode
def test_updated_tools_of_a_member_are_taken(mode: str) -> None:
    ann, _ = payers()
    desk = team([ann], *leads(to("ann")), db=InMemoryDb(), session_id="s")
    output = play(desk, "go", mode).output
    (asked,) = [r.tool_execution for r in output.active_requirements]
    asked.confirmed = True
    output = play(desk, None, mode, "continue_run", run_id=output.run_id, updated_tools=[asked]).output
    assert output.content == "All done" and paid == [1]


def test_what_is_given_stays_as_it_is() -> None:
    ann, _ = payers()
    desk = team([ann], *leads(to("ann")))
    output = desk.run("go")
    answered(output, "Ann")
    before = output.to_dict()
    assert desk.continue_run(output).content == "All done"
    assert output.to_dict() == before


def test_nobody_answered_so_it_goes_on_waiting() -> None:
    ann, _ = payers()
    desk = team([ann], *leads(to("ann")))
    output = desk.run("go")
    again = desk.continue_run(output)
    assert again.is_paused and len(again.active_requirements) == 1 and not paid
    answered(again, "Ann")
    assert desk.continue_run(again).content == "All done"


def test_results_that_are_missing_are_asked_for() -> None:
    ann = agent("Ann", wants(call("shell", command="a"), call("shell", command="b")), says("x"), tools=[shell])
    desk = team([ann], *leads(to("ann")))
    output = desk.run("go")
    output.active_requirements[0].set_external_execution_result("A")
    with pytest.raises(ValueError, match="'shell' .* of 'Ann' is executed outside"):
        desk.continue_run(output)
    output.active_requirements[0].set_external_execution_result("B")
    assert desk.continue_run(output).content == "All done"


@in_every_mode
def test_an_approval_on_record_lets_a_member_go_on(mode: str) -> None:
    from agno.approval import approval

    @approval
    @tool
    def delete(name: str) -> str:
        """Delete something."""
        paid.append(0)
        return "deleted"

    ann = agent("Ann", wants("delete", name="x"), says("Ann done"), tools=[delete])
    db = InMemoryDb()
    desk = team([ann], *leads(to("ann")), db=db, session_id="s")
    output = play(desk, "go", mode).output
    ((record,), _) = db.get_approvals()
    with pytest.raises(RunNotContinuableError, match="waits for the approval of tool 'delete'"):
        desk.continue_run(run_id=output.run_id, requirements=[])
    db.resolve_approval(record["id"], approved=True)
    output = play(desk, None, mode, "continue_run", run_id=output.run_id, requirements=[]).output
    assert output.content == "All done" and paid == [0]


@in_every_mode
def test_a_paused_team_is_cancelled_with_its_members(mode: str) -> None:
    desk = team([payers()[0]], *leads(to("ann")), db=InMemoryDb(), session_id="s")
    output = play(desk, "go", mode).output
    assert desk.cancel_run(output.run_id)
    assert {run.status for run in desk.get_session().runs} == {RunStatus.cancelled}
    with pytest.raises(RunNotContinuableError):
        desk.continue_run(run_id=output.run_id, requirements=[])


@in_every_mode
def test_a_fork_of_a_paused_run_leaves_the_original(mode: str) -> None:
    desk = team([payers()[0]], *leads(to("ann")), db=InMemoryDb(), session_id="s")
    output = play(desk, "go", mode).output
    answered(output, "Ann")
    fork = play(desk, output, mode, "continue_run", fork=True).output
    assert fork.content == "All done" and fork.run_id != output.run_id
    statuses: Callable[[str | None], list[Any]] = lambda parent: [  # noqa: E731  # shorter than a def
        run.status for run in desk.get_session().runs if run.parent_run_id == parent
    ]
    assert statuses(output.run_id) == [RunStatus.paused] and statuses(fork.run_id) == [RunStatus.completed]


def test_the_run_of_a_member_is_not_continued_by_itself() -> None:
    desk = team([payers()[0]], *leads(to("ann")), db=InMemoryDb(), session_id="s")
    output = desk.run("go")
    with pytest.raises(RunNotContinuableError, match=f"Continue the team's run, which is '{output.run_id}'"):
        desk.continue_run(run_id=output.member_responses[0].run_id, requirements=output.requirements)


def test_a_paused_run_goes_on_in_a_copy_of_its_session() -> None:
    desk = team([payers()[0]], *leads(to("ann")), db=InMemoryDb(), session_id="s")
    desk.run("go")
    fork = desk.fork_session()
    stored = desk.get_last_run_output(fork.session_id)
    answered(stored, "Ann")
    done = desk.continue_run(stored)
    assert done.content == "All done" and done.session_id == fork.session_id and paid == [1]
    assert {run.status for run in desk.get_session(fork.session_id).runs} == {RunStatus.completed}
    assert {run.status for run in desk.get_session("s").runs} == {RunStatus.paused}


def test_an_approval_without_a_database_is_refused() -> None:
    from agno.approval import approval

    @approval
    @tool
    def delete(name: str) -> str:
        """Delete something."""
        return "deleted"

    ann = agent("Ann", wants("delete", name="x"), says("never"), tools=[delete])
    desk = team([ann], *leads(to("ann")))
    assert desk.run("go").status is RunStatus.completed
    assert (
        "name='Desk'" in sent(desk, 1)[-1].content and "no database to keep approvals in" in sent(desk, 1)[-1].content
    )
