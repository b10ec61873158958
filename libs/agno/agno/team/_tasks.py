"""The `tasks` mode: a list of tasks that the leader makes and works through with its members, round by round.

The list is plain data in the session state, under `team_tasks` and the id of the team: it outlives a pause, members see
it, and so does whoever reads the session.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from agno._engine.context import Run
from agno._io import DONE, IO, Give
from agno.models._loop import Exchange, converse
from agno.models.message import Message
from agno.run.base import RunStatus
from agno.team._assignments import answer_of, bounded
from agno.team._delegating import Delegations, MemberFailed, MemberRun, errors_of, resumed, wanted
from agno.tools._results import Deferred, RunsInside
from agno.utils.blank import blank
from agno.utils.dttm import now_epoch

TASKS = "team_tasks"
_CLOSED = ("completed", "failed")
_STATUSES = ("pending", "in_progress", *_CLOSED)


class Board:
    """The task list of one run, and the tools over it."""

    blocking = False  # they only change a dict, or say what is to be done

    def __init__(self, delegations: Delegations) -> None:
        self.delegations = delegations
        self.run = delegations.run
        kept = self.run.state.setdefault(TASKS, {})
        mine = kept.get(self.run.component.id)
        if mine is None or mine.get("run_id") != self.run.output.run_id:
            mine = kept[self.run.component.id] = {
                "run_id": self.run.output.run_id,
                "round": 0,
                "done": False,
                "tasks": [],
            }
        self.data: dict[str, Any] = mine

    @property
    def tasks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.data["tasks"]
        return found

    def open(self) -> list[dict[str, Any]]:
        """The tasks that are neither completed nor failed."""
        return [task for task in self.tasks if task["status"] not in _CLOSED]

    def text(self) -> str:
        """The list as the leader reads it."""
        if not self.tasks:
            return "There are no tasks yet."
        return "\n".join(_line(task) for task in self.tasks)

    def _task(self, task_id: str) -> dict[str, Any]:
        found = next((task for task in self.tasks if task["id"] == str(task_id)), None)
        if found is None:
            raise MemberFailed(f"There is no task {task_id!r}. The tasks are:\n{self.text()}")
        return found

    # The tools -------------------------------------------------------------------------------------------------------

    def create_task(
        self,
        title: str,
        description: str,
        assignee: str | None = None,
        depends_on: list[str] | None = None,
        fc: Any = None,
    ) -> Deferred:
        """Add a task to the list.

        Args:
            title: A few words.
            description: What is to be done, with everything that the member has to know.
            assignee: The ID of the member that does it.
            depends_on: IDs of the tasks that have to be completed before.
        """

        async def work(io: IO, give: Give) -> str:
            made = self.data.setdefault("made_by", {})
            if fc.call_id in made:  # by a process that died before it could store the result of the call
                return f"Created {_line(self._task(made[fc.call_id]))}"
            if assignee is not None:
                wanted(self.delegations.roster, assignee)
            for other in depends_on or ():
                self._task(other)
            task = {
                "id": f"task-{len(self.tasks) + 1}",
                "title": title,
                "description": description,
                "assignee": assignee,
                "depends_on": list(depends_on or ()),
                "status": "pending",
                "result": None,
            }
            self.tasks.append(task)
            made[fc.call_id] = task["id"]
            await self._tell(give, "TaskCreatedEvent", task)
            return f"Created {_line(task)}"

        return Deferred(work)

    def update_task_status(self, task_id: str, status: str, result: str | None = None) -> Deferred:
        """Close a task that needs no member, or open one again.

        Args:
            task_id: The ID of the task.
            status: pending, in_progress, completed or failed.
            result: What came out of it.
        """

        async def work(io: IO, give: Give) -> str:
            if status not in _STATUSES:
                raise MemberFailed(f"status={status!r} is none of {', '.join(_STATUSES)}.")
            task = self._task(task_id)
            await self._set(give, task, status, result)
            return _line(task)

        return Deferred(work)

    def list_tasks(self) -> str:
        """Read the list of tasks."""
        return self.text()

    def execute_task(self, task_id: str, member_id: str | None = None, fc: Any = None) -> Deferred:
        """Let a member do a task, and get its result.

        Args:
            task_id: The ID of the task.
            member_id: The ID of the member; left out, the one that the task is assigned to.
        """
        return Deferred(functools.partial(self._execute, fc, [task_id], member_id))

    def execute_tasks_parallel(self, task_ids: list[str], fc: Any = None) -> Deferred:
        """Let members do several tasks that do not depend on each other, and get their results.

        Args:
            task_ids: The IDs of the tasks; each must be assigned to a member.
        """
        return Deferred(functools.partial(self._execute, fc, task_ids, None))

    def mark_all_complete(self, summary: str | None = None) -> Deferred:
        """Say that the user's goal is reached. Tasks that are still open are closed.

        Args:
            summary: What was reached.
        """

        async def work(io: IO, give: Give) -> str:
            for task in self.open():
                await self._set(give, task, "completed", task["result"])
            self.data["done"] = True
            return "All tasks are closed. Answer the user."

        return Deferred(work)

    def tools(self) -> list[Callable[..., Any]]:
        """The tools, in the order in which a leader reads them."""
        return [
            self.create_task,
            self.execute_task,
            self.execute_tasks_parallel,
            self.update_task_status,
            self.list_tasks,
            self.mark_all_complete,
        ]

    # Doing tasks -----------------------------------------------------------------------------------------------------

    async def _execute(self, fc: Any, task_ids: Sequence[str], member_id: str | None, io: IO, give: Give) -> RunsInside:
        tasks = [self._task(task_id) for task_id in dict.fromkeys(task_ids)]
        if not tasks:
            raise MemberFailed("task_ids is empty: name at least one task.")
        member_runs = await resumed(self.delegations, fc.call_id)
        if member_runs is None:
            member_runs = [await self._member_run(task, member_id, fc.call_id) for task in tasks]
            for task in tasks:
                await self._set(give, task, "in_progress", None)
        await self.delegations.perform(member_runs, io, give)
        for task, member_run in zip(tasks, member_runs, strict=True):
            await self._note(give, task, member_run)
        if any(one.output.is_paused for one in member_runs):
            return RunsInside([one.output.run_id for one in member_runs])
        limit = self.run.component.max_member_response_chars
        told = [f"{_line(task)}\n{bounded(str(task['result']), limit)}" for task in tasks]
        ids = [one.output.run_id for one in member_runs]
        return RunsInside(ids, "\n\n".join(told), errors=errors_of(member_runs))

    async def _member_run(self, task: dict[str, Any], member_id: str | None, call_id: str) -> MemberRun:
        missing = [other for other in task["depends_on"] if self._task(other)["status"] != "completed"]
        if missing:
            raise MemberFailed(f"{task['id']} depends on {', '.join(missing)}, which must be completed before.")
        if (who := member_id or task["assignee"]) is None:
            raise MemberFailed(f"{task['id']} is assigned to nobody: give member_id.")
        member = wanted(self.delegations.roster, who)
        task["assignee"] = member.id
        results = [self._task(other) for other in task["depends_on"]]
        limit = self.run.component.max_member_response_chars
        known = [f"Result of {one['title']!r}:\n{bounded(str(one['result']), limit)}" for one in results]
        text = "\n\n".join([str(task["description"] or task["title"]), *known])
        return await self.delegations.prepare(member, text, None, call_id, who=task["id"])

    async def _note(self, give: Give, task: dict[str, Any], member_run: MemberRun) -> None:
        """What came out of a task."""
        output = member_run.output
        if output.is_paused or task["status"] in _CLOSED:
            return
        failed = output.status is RunStatus.error
        result = str(output.content) if failed else answer_of(output, member_run.member.name)
        await self._set(give, task, "failed" if failed else "completed", result)

    # Events ----------------------------------------------------------------------------------------------------------

    async def _set(self, give: Give, task: dict[str, Any], status: str, result: str | None) -> None:
        task["status"], task["result"] = status, result
        await self._tell(give, "TaskUpdatedEvent", task)

    async def _tell(self, give: Give, kind: str, task: dict[str, Any]) -> None:
        facts = {"task_id": task["id"], "title": task["title"], "status": task["status"]}
        await self._event(give, kind, facts)
        await self._event(give, "TaskStateUpdatedEvent", {"tasks": self.copied(), "iteration": self.data["round"]})

    def _event(self, give: Give, kind: str, facts: dict[str, Any]) -> Awaitable[None]:
        run, event_class = self.run, getattr(self.run.events, kind)
        if not run.hears(event_class):
            return DONE
        return give(blank(event_class, {**run.identity, "created_at": now_epoch(), **facts}))

    def copied(self) -> list[dict[str, Any]]:
        """The list as it is now."""
        return [dict(task) for task in self.tasks]


def _line(task: dict[str, Any]) -> str:
    who = f", {task['assignee']}" if task["assignee"] else ""
    after = f", after {', '.join(task['depends_on'])}" if task["depends_on"] else ""
    return f"{task['id']} ({task['status']}{who}{after}): {task['title']}"


async def rounds(run: Run, x: Exchange) -> None:
    """Let the leader work until no task is open, it says that the goal is reached, or it had `max_iterations` rounds."""
    board: Board = run.delegations.board
    most, events = run.component.max_iterations, run.events
    if not run.continued:
        board.data["round"] = 0
    while True:
        if not x.resumed:
            board.data["round"] += 1
        facts = {"iteration": board.data["round"], "tasks": board.copied()}
        await run.emit(events.TaskIterationStartedEvent, **facts)
        await converse(x)
        if x.paused:
            return
        facts["tasks"] = board.copied()
        await run.emit(events.TaskIterationCompletedEvent, **facts)
        if x.stopped or x.limit_hit or board.data["done"] or not board.open() or board.data["round"] >= most:
            return
        x.messages.append(Message(role=run.component.user_message_role, content=_reminder(board)))


def _reminder(board: Board) -> str:
    return (
        f"These are the tasks:\n{board.text()}\n\nSome are still open. Go on with them, close those that are not needed "
        "any more, or call mark_all_complete if the goal is reached."
    )


__all__ = ["TASKS", "Board", "rounds"]
