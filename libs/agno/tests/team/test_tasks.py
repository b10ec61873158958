"""The tasks mode: a list of tasks, worked through round by round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agno.db.sqlite import SqliteDb
from agno.run.base import RunStatus
from agno.team import Team, TeamMode
from agno.testing import ScriptedModel, call, says, wants
from team.desk import agent, paid, pay, sent, team

from playing import in_every_mode, play


def task(title: str, **more: Any) -> Any:
    return call("create_task", title=title, description=f"Please {title}", **more)


@in_every_mode
def test_a_leader_works_through_its_tasks(mode: str) -> None:
    ann, ben = agent("Ann", says("tea facts")), agent("Ben", says("an essay"))
    desk = team(
        [ann, ben],
        wants(task("look up tea", assignee="ann"), task("write", assignee="ben", depends_on=["task-1"])),
        wants("execute_task", task_id="task-2"),
        wants("execute_task", task_id="task-1"),
        wants("execute_task", task_id="task-2"),
        says("Here is your essay"),
        mode=TeamMode.tasks,
        session_id="s",
    )
    seen = play(desk, "An essay on tea", mode)
    assert seen.output.content == "Here is your essay"
    refused = sent(desk, 2)[-1]
    assert refused.tool_call_error and "depends on task-1" in refused.content
    assert "Result of 'look up tea':\ntea facts" in sent(ben)[-1].content
    tasks = seen.output.session_state["team_tasks"]["desk"]["tasks"]
    assert [(one["status"], one["result"]) for one in tasks] == [("completed", "tea facts"), ("completed", "an essay")]
    if seen.events:
        assert seen.kinds[1] == "TeamTaskIterationStarted" and "TeamTaskIterationCompleted" in seen.kinds
        made = [(e.task_id, e.title) for e in seen.events if e.event == "TeamTaskCreated"]
        assert made == [("task-1", "look up tea"), ("task-2", "write")]
        states = [[one["status"] for one in e.tasks] for e in seen.events if e.event == "TeamTaskStateUpdated"]
        assert states[-1] == ["completed", "completed"]


@in_every_mode
def test_open_tasks_bring_another_round_until_there_were_enough(mode: str) -> None:
    desk = team(
        [agent("Ann")],
        wants(task("never done")),
        says("one"),
        says("two"),
        says("three"),
        mode="tasks",
        max_iterations=3,
    )
    seen = play(desk, "go", mode)
    assert seen.output.status is RunStatus.completed and len(desk.model.requests) == 4
    assert "task-1 (pending): never done" in sent(desk, 2)[-1].content
    if seen.events:
        rounds = [e.iteration for e in seen.events if e.event == "TeamTaskIterationStarted"]
        assert rounds == [1, 2, 3]


@in_every_mode
def test_a_leader_says_that_the_goal_is_reached(mode: str) -> None:
    desk = team([agent("Ann")], wants(task("a"), task("b")), wants("mark_all_complete"), says("Done"), mode="tasks")
    seen = play(desk, "go", mode)
    assert seen.output.content == "Done" and len(desk.model.requests) == 3


@in_every_mode
def test_tasks_side_by_side_and_one_that_fails(mode: str) -> None:
    from agno.exceptions import ModelProviderError
    from agno.testing import fails

    members = [agent("Ann"), agent("Ben", fails(ModelProviderError("down")))]
    desk = team(
        members,
        wants(task("a", assignee="ann"), task("b", assignee="ben"), task("c", assignee="nobody")),
        wants("execute_tasks_parallel", task_ids=["task-1", "task-2"]),
        wants("update_task_status", task_id="task-2", status="lost"),
        wants("list_tasks"),
        says("Half of it"),
        mode="tasks",
    )
    seen = play(desk, "go", mode)
    assert "no member 'nobody'" in sent(desk, 1)[-1].content
    assert "task-1 (completed, ann): a\nAnn here" in sent(desk, 2)[-1].content
    assert "task-2 (failed, ben): b\ndown" in sent(desk, 2)[-1].content
    assert "none of pending" in sent(desk, 3)[-1].content
    assert seen.output.content == "Half of it"


@in_every_mode
def test_a_task_may_wait_for_a_person_in_another_process(mode: str, tmp_path: Path) -> None:
    paid.clear()

    def process(*turns: Any, again: bool) -> Team:
        script = [says("paid it")] if again else [wants("pay", amount=3), says("paid it")]
        db = SqliteDb(db_file=str(tmp_path / "a.db"))
        members = [agent("Ann", *script, tools=[pay]), agent("Ben")]
        return Team(members, model=ScriptedModel(*turns), mode="tasks", name="Desk", db=db, session_id="s")

    first = process(
        wants(task("pay", assignee="ann"), task("greet", assignee="ben")),
        wants("execute_tasks_parallel", task_ids=["task-1", "task-2"]),
        again=False,
    )
    output = play(first, "go", mode).output
    assert output.is_paused
    second = process(says("All done"), again=True)
    requirement = second.get_run_output(output.run_id).requirements[0]
    requirement.confirm()
    seen = play(second, None, mode, "continue_run", run_id=output.run_id, requirements=[requirement])
    assert seen.output.content == "All done" and paid == [3] and not second.members[1].model.requests
    tasks = seen.output.session_state["team_tasks"]["desk"]["tasks"]
    assert [one["result"] for one in tasks] == ["paid it", "Ben here"]


def test_the_list_outlives_a_pause_without_a_database() -> None:
    paid.clear()
    ann = agent("Ann", wants("pay", amount=3), says("paid it"), tools=[pay])
    turns = (wants(task("pay", assignee="ann")), wants("execute_task", task_id="task-1"), says("All done"))
    desk = team([ann], *turns, mode="tasks")
    output = desk.run("go")
    output.active_requirements[0].confirm()
    done = desk.continue_run(output)
    assert done.content == "All done" and paid == [3]
    assert done.session_state["team_tasks"]["desk"]["tasks"][0]["result"] == "paid it"
