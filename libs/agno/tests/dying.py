"""Processes that die, in one: each write to the database is a moment at which a process may have died, and what is stored
then is given to another. And components whose tools note that they ran.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants

from playing import MODES, play


class Dying(InMemoryDb):
    """A database that remembers what was in it after each write, and which tools had run by then."""

    def __init__(self, ran: list[str], begun: InMemoryDb | None = None) -> None:
        super().__init__()
        self.ran, self.moments = ran, list[tuple[Any, Counter[str]]]()
        if begun is not None:
            self._stores = begun._stores

    def write_session(self, *given: Any, **options: Any) -> None:
        super().write_session(*given, **options)
        with self._store() as store:
            now = copy.copy(store)
            now.rows = {kind: dict(rows) for kind, rows in store.rows.items()}
            now.runs = {session: dict(runs) for session, runs in store.runs.items()}
        self.moments.append((now, Counter(self.ran)))

    def as_it_was(self, moment: int, ran: list[str]) -> InMemoryDb:
        """The database as another process finds it; `ran` becomes what had run."""
        found = InMemoryDb()
        with found._store() as store:
            was, counts = self.moments[moment]
            store.rows = {kind: dict(rows) for kind, rows in was.rows.items()}
            store.runs = {session: dict(runs) for session, runs in was.runs.items()}
        ran[:] = counts.elements()
        return found


def finished(db: InMemoryDb) -> Counter[str]:
    """The tools whose results are stored, however deep in the runs they lie."""
    found: Counter[str] = Counter()
    for run in db.get_session("s").runs:
        _count(run.to_dict(), found)
    return found


def _count(data: Any, found: Counter[str]) -> None:
    for tool in data.get("tools") or ():
        name = tool["tool_name"]
        if tool.get("result") is not None and not name.startswith(("delegate", "execute", "create")):
            found[name] += 1
    for record in data.get("at_work") or ():
        _count(record["run"], found)
    for one in (*(data.get("member_responses") or ()), *(data.get("step_executor_runs") or ())):
        _count(one, found)


def results(messages: list[Any]) -> list[str]:
    return [message.tool_name for message in messages if message.role == "tool" and not message.from_history]


class Newsroom:
    """Components whose tools note that they ran. Their models go by the messages alone, so any process can go on."""

    def __init__(self, ran: list[str]) -> None:
        self.ran = ran

    def tool(self, name: str) -> Callable[..., Any]:
        def work(session_state: dict[str, Any]) -> str:
            self.ran.append(name)
            session_state.setdefault("done", []).append(name)
            session_state[name] = True
            return f"{name} is done"

        work.__name__ = name
        return work

    def agent(self, name: str, **settings: Any) -> Agent:
        """An agent that uses its first tool, then two at once, then answers."""
        first, second, third = (f"{name}{n}" for n in (1, 2, 3))

        def turn(messages: list[Any]) -> Any:
            done = results(messages)
            if first not in done:
                return wants(first)
            return says(f"{name} has it") if third in done else wants(call(second), call(third))

        tools = [self.tool(one) for one in (first, second, third)]
        return Agent(name=name, model=ScriptedModel(turn, repeat=True), tools=tools, **settings)

    def team(self, name: str, members: list[Any], *calls: Any, **settings: Any) -> Team:
        """A team whose leader uses a tool of its own, then makes these calls in one turn, then answers."""
        own = f"{name}0"

        def turn(messages: list[Any]) -> Any:
            done = results(messages)
            if own not in done:
                return wants(own)
            return says(f"{name} has it") if len(done) > 1 else wants(*calls)

        model = ScriptedModel(turn, repeat=True)
        return Team(members, name=name, model=model, tools=[self.tool(own)], **settings)


def to(who: str) -> Any:
    return call("delegate_task_to_member", member_id=who, task_description=f"do it, {who}")


def to_all() -> Any:
    return call("delegate_task_to_members", task_description="do it, all")


def nested(room: Newsroom, **settings: Any) -> Team:
    """Three deep: desk > inner > core > cy; and ann beside inner."""
    core = room.team("core", [room.agent("cy")], to("cy"))
    inner = room.team("inner", [core], to("core"))
    return room.team("desk", [inner, room.agent("ann")], to("inner"), to("ann"), **settings)


def broadcasting(room: Newsroom, **settings: Any) -> Team:
    core = room.team("core", [room.agent("cy"), room.agent("dan")], to_all(), mode="broadcast")
    return room.team("desk", [core, room.agent("ann")], to_all(), mode="broadcast", **settings)


def routing(room: Newsroom, **settings: Any) -> Team:
    core = room.team("core", [room.agent("cy")], to("cy"), mode="route")
    return room.team("desk", [core], to("core"), mode="route", **settings)


def with_tasks(room: Newsroom, **settings: Any) -> Team:
    def turn(messages: list[Any]) -> Any:
        done = results(messages)
        if not done:
            tasks = [("a", "ann"), ("b", "ben"), ("c", "ann")]
            return wants(*[call("create_task", title=t, description=t, assignee=who) for t, who in tasks])
        if "execute_tasks_parallel" not in done:
            return wants("execute_tasks_parallel", task_ids=["task-1", "task-2"])
        return says("desk has it") if "execute_task" in done else wants("execute_task", task_id="task-3")

    members = [room.agent("ann"), room.agent("ben")]
    return Team(members, name="desk", model=ScriptedModel(turn, repeat=True), mode="tasks", **settings)


OF_NESTED = [f"{who}0" for who in ("desk", "inner", "core")]
OF_NESTED += [f"{who}{n}" for who in ("cy", "ann") for n in (1, 2, 3)]
TEAMS: dict[str, tuple[Any, Counter[str]]] = {
    "coordinate": (nested, Counter(OF_NESTED)),
    "broadcast": (
        broadcasting,
        Counter(["desk0", "core0", *(f"{who}{n}" for who in ("cy", "dan", "ann") for n in (1, 2, 3))]),
    ),
    "route": (routing, Counter(["desk0", "core0", "cy1", "cy2", "cy3"])),
    "tasks": (with_tasks, Counter([*(f"ann{n}" for n in (1, 2, 3))] * 2 + [f"ben{n}" for n in (1, 2, 3)])),
}


def stored_runs(db: InMemoryDb) -> list[Any]:
    """The rows, sorted: how they end, and to whom they belong."""
    rows = db.load_session("s", None)[1]  # type: ignore[index]  # it is there
    assert not any("#" in run_id for run_id, _ in rows), "nothing is left beside the runs"
    return sorted(
        str(
            (
                run.run_id == "r",
                run.parent_run_id == "r",
                run.status,
                run.content,
                len(run.__dict__.get("messages") or ()),
                len(run.__dict__.get("member_responses") or ()),
            )
        )
        for run in db.get_session("s").runs
    )


def plays_again(
    db: Dying, moment: int, make: Any, **settings: Any
) -> tuple[Any, InMemoryDb, Counter[str], Counter[str]]:
    """What another process makes of what is stored at a moment: run, database, what ran in it, what was stored before."""
    ran: list[str] = []
    left = db.as_it_was(moment, ran)
    before, stored = Counter(ran), finished(left)
    second = make(Newsroom(ran), db=left, **settings)
    run = play(second, None, MODES[moment % 4], "continue_run", run_id="r", session_id="s", take_over=True).output
    return run, left, Counter(ran) - before, stored
