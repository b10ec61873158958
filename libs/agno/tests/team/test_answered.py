"""Answers of people are given once: they outlive the process that went on with them, and no copy of a run uses one twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, call, says, wants
from agno.tools import tool

from dying import Dying, Newsroom, results, to, to_all
from playing import MODES, play


def asking(room: Newsroom, name: str, **settings: Any) -> Agent:
    """An agent that waits for two calls, makes one beside them and one after them."""

    def turn(messages: list[Any]) -> Any:
        done = results(messages)
        if not done:
            return wants(call(f"pay_{name}"), call(f"note_{name}"), call(f"send_{name}"))
        return wants(f"last_{name}") if len(done) == 3 else says(f"{name} has it")

    marked = tool(requires_confirmation=True)
    tools = [marked(room.tool(f"{what}_{name}")) for what in ("pay", "send")]
    tools += [room.tool(f"{what}_{name}") for what in ("note", "last")]
    return Agent(name=name, id=name, model=ScriptedModel(turn, repeat=True), tools=tools, **settings)


def alone(room: Newsroom, **settings: Any) -> Any:
    return asking(room, "a", **settings)


def side_by_side(room: Newsroom, **settings: Any) -> Any:
    return room.team("desk", [asking(room, "a"), asking(room, "b")], to("a"), to("b"), **settings)


def deep(room: Newsroom, **settings: Any) -> Any:
    inner = room.team("inner", [asking(room, "a"), asking(room, "b")], to_all(), mode="broadcast")
    return room.team("desk", [inner, room.agent("ann")], to("inner"), to("ann"), **settings)


SHAPES: dict[str, Callable[..., Any]] = {"agent": alone, "side by side": side_by_side, "deep": deep}
OPTIONS: dict[str, Any] = {"run_id": "r", "session_id": "s"}


class Desk:
    """Processes that share a database, and note which tools they ran."""

    def __init__(self, shape: str) -> None:
        self.make, self.ran = SHAPES[shape], list[str]()
        self.db: Any = InMemoryDb()
        self.paused = self.component(self.db).run("go", **OPTIONS)

    def component(self, db: Any) -> Any:
        return self.make(Newsroom(self.ran), db=db, checkpoint="tools")

    def copy(self) -> Any:
        """The run as it was when it waited first, in other hands."""
        return type(self.paused).from_dict(self.paused.to_dict())

    def go_on(self, mode: str, given: Any = None, **options: Any) -> Any:
        return play(self.component(self.db), given, mode, "continue_run", **options)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("many", [1, 9])
def test_who_goes_on_after_a_process_that_was_told_the_answers_need_not_tell_them_again(shape: str, many: int) -> None:
    desk = Desk(shape)
    while (run := desk.db.get_session("s").get_run("r")).is_paused:
        for requirement in run.active_requirements[:many]:
            requirement.confirm()
        dying = Dying(desk.ran, desk.db)
        output = desk.component(dying).continue_run(requirements=run.requirements, **OPTIONS)
        for moment in range(len(dying.moments) - 1):
            ended_the_same(desk, dying, moment, output)
        desk.db = dying.as_it_was(len(dying.moments) - 1, desk.ran)
    assert output.status is RunStatus.completed


def ended_the_same(desk: Desk, dying: Dying, moment: int, output: Any) -> None:
    """What another process makes of what is stored at a moment, with no answer, is what the first would have made."""
    ran: list[str] = []
    left = dying.as_it_was(moment, ran)
    component = desk.make(Newsroom(ran), db=left, checkpoint="tools")
    again = play(component, None, MODES[moment % 4], "continue_run", take_over=True, **OPTIONS).output
    assert (again.status, again.content) == (output.status, output.content)
    assert len(again.active_requirements) == len(output.active_requirements)
    assert set(Counter(ran).values()) == {1}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES)
def test_each_with_a_copy_of_their_own_answers_in_any_order_and_twice(shape: str, mode: str) -> None:
    desk = Desk(shape)
    count = len(desk.paused.requirements)
    for number in reversed(range(count)):
        for _ in range(2 if number else 1):  # the second time by mistake
            copy = desk.copy()
            copy.requirements[number].confirm()
            seen = desk.go_on(mode, copy)
            assert seen.error is None and seen.output.is_paused is (number > 0)
    assert set(Counter(desk.ran).values()) == {1}
    assert desk.db.get_session("s").get_run("r").status is RunStatus.completed


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES)
def test_one_list_of_answers_may_be_given_each_time_another_of_it_is_there(shape: str, mode: str) -> None:
    desk = Desk(shape)
    requirements = desk.copy().requirements
    for requirement in requirements:
        requirement.confirm()
        seen = desk.go_on(mode, requirements=requirements, **OPTIONS)
        assert seen.error is None
    assert seen.output.status is RunStatus.completed and set(Counter(desk.ran).values()) == {1}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_copy_that_was_answered_may_be_given_again_when_the_process_died(shape: str) -> None:
    desk = Desk(shape)
    dying = Dying(desk.ran, desk.db)
    copy = desk.copy()
    for requirement in copy.requirements:
        requirement.confirm()
    answered = copy.to_dict()
    desk.component(dying).continue_run(copy)
    for moment in range(len(dying.moments) - 1):
        ran: list[str] = []
        left = dying.as_it_was(moment, ran)
        component, again = desk.make(Newsroom(ran), db=left, checkpoint="tools"), type(copy).from_dict(answered)
        done = play(component, again, MODES[moment % 4], "continue_run", take_over=True).output
        assert done.status is RunStatus.completed and set(Counter(ran).values()) == {1}


@pytest.mark.parametrize("mode", MODES)
def test_a_copy_that_was_answered_may_be_given_again_when_the_run_failed_after_its_tools(mode: str) -> None:
    ran: list[str] = []
    failing = {"now": False}

    def turn(messages: list[Any]) -> Any:
        if not results(messages):
            return wants("pay")
        if failing["now"]:
            raise RuntimeError("away")
        return says("paid")

    def component() -> Agent:
        tools = [tool(requires_confirmation=True)(Newsroom(ran).tool("pay"))]
        return Agent(model=ScriptedModel(turn, repeat=True), tools=tools, db=db)

    db = InMemoryDb()
    paused = component().run("go", **OPTIONS)
    paused.requirements[0].confirm()
    answered = paused.to_dict()
    failing["now"] = True
    play(component(), type(paused).from_dict(answered), mode, "continue_run")
    failing["now"] = False
    seen = play(component(), type(paused).from_dict(answered), mode, "continue_run")
    assert seen.output.content == "paid" and ran == ["pay"]


@pytest.mark.parametrize("how", ["requires_confirmation", "requires_user_input", "external_execution"])
def test_what_was_to_be_asked_when_the_process_died_is_asked(how: str) -> None:
    def component(db: Any, ran: list[str]) -> Agent:
        def wait(what: str = "") -> str:
            raise AssertionError("nobody let it run")

        def turn(messages: list[Any]) -> Any:
            return says("answered without asking") if results(messages) else wants(call("note"), call("wait"))

        options: Any = {how: True}
        tools = [Newsroom(ran).tool("note"), tool(**options)(wait)]
        return Agent(model=ScriptedModel(turn, repeat=True), tools=tools, db=db, checkpoint="tools")

    ran: list[str] = []
    dying = Dying(ran)
    component(dying, ran).run("go", **OPTIONS)
    for moment in range(len(dying.moments) - 1):
        left = dying.as_it_was(moment, ran)
        again = play(component(left, ran), None, MODES[moment % 4], "continue_run", take_over=True, **OPTIONS).output
        assert again.is_paused and len(again.active_requirements) == 1 and ran == ["note"]


@pytest.mark.parametrize("mode", MODES)
def test_what_was_answered_stands_on_the_run_that_ended(mode: str) -> None:
    desk = Desk("deep")
    requirements = desk.copy().requirements
    requirements[0].reject("too much")
    for requirement in requirements[1:]:
        requirement.confirm()
    seen = desk.go_on(mode, requirements=requirements, **OPTIONS)
    told = desk.db.get_session("s").get_run("r").requirements
    assert seen.output.status is RunStatus.completed and [one.confirmation for one in told] == [False, True, True, True]
