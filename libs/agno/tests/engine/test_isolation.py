"""What belongs to one user is out of reach for another, whatever ids they name and whatever is cached."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from agno.agent import Agent
from agno.db._port import SessionConflictError
from agno.db.in_memory import InMemoryDb
from agno.exceptions import RunNotFoundError
from agno.run import RunContext
from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool
from agno.workflow import StepInput, Workflow

from playing import in_every_mode, play


def agent_of(turns: list[Any], **settings: Any) -> Agent:
    return Agent(name="Clerk", model=ScriptedModel(*turns), **settings)


def team_of(turns: list[Any], **settings: Any) -> Team:
    return Team([Agent(name="Ann")], name="Desk", model=ScriptedModel(*turns), **settings)


both = pytest.mark.parametrize("make", [agent_of, team_of])


def said_to(component: Any) -> str:
    return " ".join(str(m.content) for m in component.model.requests[-1].messages)


@both
@in_every_mode
def test_a_cached_session_is_not_shown_to_another_user(make: Any, mode: str) -> None:
    desk = make([says("1"), says("2")], db=InMemoryDb(), cache_session=True, add_history_to_context=True)
    desk.run("My code is 4711", user_id="ann", session_id="s")
    seen = play(desk, "What is the code?", mode, user_id="bob", session_id="s")
    told = str(seen.error) if seen.error is not None else seen.events[-1].content
    assert "belongs to another user" in told and len(desk.model.requests) == 1


@both
def test_without_a_database_the_cache_is_the_last_users(make: Any) -> None:
    desk = make([says("1"), says("2"), says("3")], cache_session=True, add_history_to_context=True)
    desk.run("My code is 4711", user_id="ann", session_id="s")
    desk.run("Hello", user_id="bob", session_id="s")
    assert "4711" not in said_to(desk)
    desk.run("Hello again", user_id="bob", session_id="s")
    assert "4711" not in said_to(desk)
    assert desk.get_session("s", user_id="ann") is None and len(desk.get_session("s", user_id="bob").runs) == 2


@both
def test_a_cached_run_cannot_be_continued_by_another_user(make: Any) -> None:
    desk = make([says("1"), says("2")], db=InMemoryDb(), cache_session=True)
    run = desk.run("My code is 4711", user_id="ann", session_id="s")
    for wish in ({"input": "And?"}, {"regenerate": True}, {"fork_session": True, "input": "And?"}):
        with pytest.raises(RunNotFoundError):
            desk.continue_run(run_id=run.run_id, session_id="s", user_id="bob", **wish)
    assert len(desk.model.requests) == 1


@tool(requires_confirmation=True)
def pay(amount: int, run_context: RunContext) -> str:
    """Pay an amount."""
    return f"paid {amount} for {run_context.user_id}, {(run_context.session_state or {}).get('current_user_id')}"


@in_every_mode
def test_who_continues_the_run_of_another_user_is_refused_before_a_tool_runs(mode: str) -> None:
    clerk = Agent(model=ScriptedModel(wants("pay", amount=3), says("Done")), tools=[pay], db=InMemoryDb())
    run = clerk.run("Pay", user_id="ann", session_id="s")
    run.active_requirements[0].confirm()
    seen = play(clerk, run, mode, method="continue_run", user_id="bob")
    told = seen.error or seen.events[-1]
    assert isinstance(told, SessionConflictError) or "another user" in told.content
    assert [event.event for event in seen.events if "ToolCall" in event.event] == []
    mine = clerk.continue_run(run, user_id="ann")
    assert mine.status is RunStatus.completed and mine.tools[0].result == "paid 3 for ann, ann"


@both
def test_a_continued_run_stays_that_of_its_user(make: Any) -> None:
    db = InMemoryDb()
    turns = [wants("pay", amount=3), says("Done"), wants("add_memory", memory="Pays bills"), says("Noted")]
    desk = make(turns, tools=[pay], db=db, enable_user_memories=True)
    run = desk.run("Pay", user_id="ann", session_id="s")
    run.active_requirements[0].confirm()
    run = desk.continue_run(run_id=run.run_id, session_id="s", requirements=run.requirements)  # no user_id
    assert run.tools[0].result == "paid 3 for ann, ann"
    assert [memory.user_id for memory in db.get_user_memories()] == ["ann"]


def test_the_steps_of_a_continued_workflow_work_for_its_user() -> None:
    def receipt(step_input: StepInput, run_context: RunContext) -> str:
        return f"receipt for {run_context.user_id}"

    clerk = Agent(name="Clerk", model=ScriptedModel(wants("pay", amount=3), says("Done")), tools=[pay])
    workflow = Workflow(name="Bills", steps=[clerk, receipt], db=InMemoryDb())
    run = workflow.run("Pay", user_id="ann", session_id="s")
    run.step_requirements[0].executor_requirements[0].confirm()
    run = workflow.continue_run(run_id=run.run_id, session_id="s", step_requirements=run.step_requirements)
    assert run.content == "receipt for ann"


@both
def test_users_who_name_no_session_do_not_get_into_each_others(make: Any) -> None:
    desk = make([says(str(n)) for n in range(4)], db=InMemoryDb(), add_history_to_context=True)
    desk.run("My code is 4711", user_id="ann")
    desk.run("What is the code?", user_id="bob")
    assert "4711" not in said_to(desk)
    desk.run("And now?", user_id="bob")
    assert "What is the code?" in said_to(desk) and "4711" not in said_to(desk)
    assert len(desk.get_session(user_id="bob").runs) == 2
    assert len(desk.get_session().runs) == len(desk.get_session(user_id="ann").runs) == 1


def test_names_are_made_up_and_changed_for_the_own_session_only() -> None:
    clerk = Agent(name="Clerk", model=ScriptedModel(says("1")), db=InMemoryDb())
    clerk.run("My code is 4711", user_id="ann", session_id="s")
    for change in (
        lambda: clerk.generate_session_name("s", user_id="bob"),
        lambda: clerk.rename("Mine", "s", user_id="bob"),
    ):
        with pytest.raises(ValueError, match="There is no session 's'"):
            change()
    assert clerk.name == "Clerk"


def test_tools_made_for_a_user_are_not_those_of_a_session_with_that_name() -> None:
    def tools_for(user_id: str | None = None) -> list[Any]:
        def vault() -> str:
            """Open the vault."""
            return f"vault of {user_id}"

        return [vault]

    clerk = Agent(model=ScriptedModel(*[wants("vault"), says("Done")] * 2), tools=tools_for)
    assert clerk.run("Open", user_id="ann").tools[0].result == "vault of ann"
    assert clerk.run("Open", session_id="ann").tools[0].result == "vault of None"


def test_a_cached_session_forgets_no_run_that_ended_meanwhile() -> None:
    """A run that began without the cache must not leave what it read as the cache, when another run ended since."""
    clerk = Agent(
        model=ScriptedModel({"outer": [wants("ask"), says("1")], "inner": [says("2")], "ends": [says("3")]}),
        db=InMemoryDb(),
        cache_session=True,
        session_id="s",
    )

    def ask() -> str:
        """Ask twice: the first answer is cached, the second clears the cache of what the first run knew."""
        clerk.run("inner")
        clerk.delete_session("other")
        clerk.__dict__.pop("_cached_session")  # as a run that ended beside it would
        return "asked"

    clerk.set_tools([ask])
    clerk.run("outer")
    session = clerk.get_session()
    assert sorted(run.status.value for run in session.runs) == ["COMPLETED", "COMPLETED"]
    assert session.get_run(session.runs[0].run_id).metrics is not None


@pytest.mark.parametrize("of_the_call", [True, False])
@in_every_mode
def test_what_tools_change_is_not_the_callers(mode: str, of_the_call: bool) -> None:
    """Dicts and lists of any depth; an object among the dependencies is the caller's own."""
    client = object()
    given: dict[str, Any] = {
        "dependencies": {"prices": {"tea": [3]}, "client": client},
        "metadata": {"tags": {"a": ["b"]}},
        "knowledge_filters": {"city": {"name": ["Oslo"]}},
        "session_state": {"cart": {"items": []}},
    }
    before = copy.deepcopy({**given, "dependencies": {"prices": {"tea": [3]}}})

    def spoil(run_context: RunContext) -> str:
        assert run_context.dependencies and run_context.dependencies["client"] is client
        run_context.dependencies["prices"]["tea"].append(4)
        run_context.dependencies["prices"]["coffee"] = 5
        run_context.metadata["tags"]["a"].append("c")  # type: ignore[index]  # given
        run_context.knowledge_filters["city"]["name"].append("Rome")  # type: ignore[index,call-overload]  # a dict
        run_context.session_state["cart"]["items"].append("tea")  # type: ignore[index]  # given
        return "spoiled"

    model = ScriptedModel(*[wants("spoil"), says("ok")] * 2)
    agent = Agent(model=model, tools=[spoil], **({} if of_the_call else given))
    for session in ("s", "t"):
        seen = play(agent, "go", mode, session_id=session, **(given if of_the_call else {}))
        assert seen.output.tools[0].result == "spoiled"
        assert seen.output.session_state == {"cart": {"items": ["tea"]}}
    assert given["dependencies"].pop("client") is client
    assert given == before
