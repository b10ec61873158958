"""A team whose process died goes on, and so do its members: no tool that succeeded runs again.

The death is played: each write to the database is a moment at which the process may have died, and what is stored then is
given to another process. That is every moment there is, for who reads the database. tests/team/test_killed.py kills.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants
from agno.workflow import Parallel, Step, Workflow

from playing import MODES, in_every_mode, play


class Dying(InMemoryDb):
    """A database that remembers what was in it after each write, and which tools had run by then."""

    def __init__(self, ran: list[str]) -> None:
        super().__init__()
        self.ran, self.moments = ran, list[tuple[Any, Counter[str]]]()

    def write_session(self, *given: Any, **options: Any) -> None:
        super().write_session(*given, **options)
        with self._store() as store:
            now = copy.copy(store)
            now.rows = {kind: dict(rows) for kind, rows in store.rows.items()}
            now.runs = {session: dict(runs) for session, runs in store.runs.items()}
        self.moments.append((now, Counter(self.ran)))

    def as_it_was(self, moment: int, ran: list[str]) -> Dying:
        """The database as another process finds it, and what had run."""
        found = Dying(ran)
        with found._store() as store:
            was, counts = self.moments[moment]
            store.rows = {kind: dict(rows) for kind, rows in was.rows.items()}
            store.runs = {session: dict(runs) for session, runs in was.runs.items()}
            ran[:] = counts.elements()
        return found

    def finished(self) -> Counter[str]:
        """The tools whose results are stored, however deep in the runs they lie."""
        found: Counter[str] = Counter()
        for run in self.get_session("s").runs:
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


def nested(room: Newsroom, **settings: Any) -> Team:
    """Three deep: desk > inner > core > cy; beside them ann and ben."""
    core = room.team("core", [room.agent("cy")], to("cy"))
    inner = room.team("inner", [core, room.agent("dan")], to("core"), to("dan"))
    members = [inner, room.agent("ann"), room.agent("ben")]
    return room.team("desk", members, to("inner"), to("ann"), to("ben"), **settings)


def broadcasting(room: Newsroom, **settings: Any) -> Team:
    core = room.team("core", [room.agent("cy"), room.agent("dan")], to_all(), mode="broadcast")
    return room.team("desk", [core, room.agent("ann")], to_all(), mode="broadcast", **settings)


def to_all() -> Any:
    return call("delegate_task_to_members", task_description="do it, all")


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
OF_NESTED += [f"{who}{n}" for who in ("cy", "dan", "ann", "ben") for n in (1, 2, 3)]
TEAMS: dict[str, tuple[Any, Counter[str]]] = {
    "coordinate": (nested, Counter(OF_NESTED)),
    "broadcast": (
        broadcasting,
        Counter(["desk0", "core0", *(f"{who}{n}" for who in ("cy", "dan", "ann") for n in (1, 2, 3))]),
    ),
    "route": (routing, Counter(["desk0", "core0", "cy1", "cy2", "cy3"])),
    "tasks": (with_tasks, Counter([*(f"ann{n}" for n in (1, 2, 3))] * 2 + [f"ben{n}" for n in (1, 2, 3)])),
}


def runs_of(run: Any) -> list[tuple[Any, ...]]:
    """Who worked in a run, and what came of it, without what differs from one run to the next."""
    found = []
    for one in run.member_responses:
        name = one.__dict__.get("agent_name") or one.__dict__.get("team_name")
        deeper = runs_of(one) if "member_responses" in one.__dict__ else []
        found.append((name, one.status, one.content, [tool.result for tool in one.tools or ()], deeper))
    return sorted(found)


def sorted_state(state: Any) -> Any:
    """What the state says. A tool whose result was not stored may be in it, since its neighbour's was: it is there twice."""
    state = {key: value for key, value in (state or {}).items() if key != "team_tasks"}
    return {**state, "done": sorted(set(state["done"]))}


@pytest.mark.parametrize("shape", list(TEAMS))
@in_every_mode
def test_whenever_the_process_dies_no_tool_that_succeeded_runs_again(mode: str, shape: str) -> None:
    make, expected = TEAMS[shape]
    ran: list[str] = []
    db = Dying(ran)
    whole = play(make(Newsroom(ran), db=db, checkpoint="tools"), "go", mode, run_id="r", session_id="s").output
    assert whole.status is RunStatus.completed and Counter(ran) == expected
    stored = [(one.run_id == "r", one.status, one.content) for one in db.get_session("s").runs]
    for moment in range(len(db.moments) - 1):
        again: list[str] = []
        left = db.as_it_was(moment, again)
        done, before = left.finished(), Counter(again)
        assert mode.startswith("a") or done == before, "in a sync run every write holds all that was done"
        second = make(Newsroom(again), db=left, checkpoint="tools")
        run = play(second, None, MODES[moment % 4], "continue_run", run_id="r", session_id="s").output
        assert run.status is RunStatus.completed and run.content == whole.content
        after = Counter(again) - before
        assert after == expected - done, "what is stored does not run again, and the rest does"
        assert runs_of(run) == runs_of(whole)
        assert sorted_state(run.session_state) == sorted_state(whole.session_state)
        session = left.get_session("s")
        assert sorted(map(str, [(one.run_id == "r", one.status, one.content) for one in session.runs])) == sorted(
            map(str, stored)
        ), "a finished run is stored as ever"
        assert not any("#" in run_id for run_id, _ in left.load_session("s", None)[1])
        assert session.session_data["session_metrics"]["total_tokens"] >= 15
        assert run.to_dict().get("at_work") is None
