"""A workflow that was edited while a run of it waited: what was done keeps its place, or the run is refused as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agno.db.in_memory import InMemoryDb
from agno.exceptions import RunNotContinuableError
from agno.run.base import RunStatus
from agno.workflow import Condition, Loop, Parallel, Router, Step, Workflow

from playing import MODES, play

Making = Callable[..., Step]


def steps(step: Making) -> list[Any]:
    """Done: one, two rounds, the way left, the else branch, the inner one, and p. Then somebody is asked."""
    inner = Workflow(name="inner", steps=[step("i1"), step("i2", requires_confirmation=True)])
    return [
        step("one"),
        Loop([step("l1"), step("l2")], name="rounds", max_iterations=2),
        Router(lambda step_input: ["left"], [step("right"), step("left")], name="way"),
        Condition(False, [step("then")], name="if", else_steps=[step("else")]),
        Parallel(step("p"), Step("nested", workflow=inner), name="par"),
        step("last"),
    ]


class Waiting:
    """A run that waits, in a database that other processes read."""

    def __init__(self) -> None:
        self.db, self.ran = InMemoryDb(), list[str]()
        self.run = self.flow(steps).run("go", run_id="r", session_id="s")
        self.before = list(self.ran)

    def step(self, name: str, **settings: Any) -> Step:
        return Step(name, executor=lambda step_input: self.ran.append(name) or name, **settings)

    def flow(self, build: Callable[[Making], list[Any]]) -> Workflow:
        return Workflow(name="w", steps=build(self.step), db=self.db)

    def go_on(self, build: Callable[[Making], list[Any]], mode: str) -> Any:
        self.run.step_requirements[0].confirm()
        options: dict[str, Any] = {"run_id": "r", "session_id": "s", "requirements": self.run.step_requirements}
        return play(self.flow(build), None, mode, "continue_run", **options)


def with_par(step: Making, *parts: Any) -> list[Any]:
    found = steps(step)
    found[4] = Parallel(*parts, name="par")
    return found


def nested(step: Making, *names: str) -> Step:
    last = len(names) - 1
    inner = [step(name, requires_confirmation=number == last) for number, name in enumerate(names)]
    return Step("nested", workflow=Workflow(name="inner", steps=inner))


REFUSED: dict[str, tuple[Callable[[Making], list[Any]], str]] = {
    "renamed": (lambda step: [step("uno"), *steps(step)[1:]], "step 'one' at a place where .* has step 'uno'"),
    "removed": (lambda step: steps(step)[1:], "'one' .* 'rounds'"),
    "added before": (lambda step: [step("zero"), *steps(step)], "'one' .* 'zero'"),
    "what is asked is another": (lambda step: with_par(step, step("p"), nested(step, "i1", "pay")), "'i2' .* 'pay'"),
    "added inside": (lambda step: with_par(step, step("p"), nested(step, "i0", "i1", "i2")), "'i1' .* 'i0'"),
    "changed places": (lambda step: with_par(step, nested(step, "i1", "i2"), step("p")), "'p' .* 'nested'"),
    "no container any more": (lambda step: [step("one"), step("rounds"), *steps(step)[2:]], "'l1' .* no step"),
    "a way that is gone": (
        lambda step: [*steps(step)[:3], Condition(False, step("then"), name="if"), *steps(step)[4:]],
        "'else' .* no step",
    ),
}
TAKEN: dict[str, tuple[Callable[[Making], list[Any]], list[str]]] = {
    "as it was": (steps, ["i2", "last"]),
    "added behind": (lambda step: [*steps(step), step("more")], ["i2", "last", "more"]),
    "what comes next is another": (lambda step: [*steps(step)[:5], step("end")], ["i2", "end"]),
    "nobody is asked any more": (
        lambda step: with_par(
            step, step("p"), Step("nested", workflow=Workflow(steps=[step("i1"), step("i2")])), step("q")
        ),
        ["i2", "q", "last"],
    ),
}


@pytest.mark.parametrize("how", REFUSED)
def test_where_another_step_stands_than_was_done_or_asked_the_run_is_refused_and_still_waits(how: str) -> None:
    waiting = Waiting()
    build, words = REFUSED[how]
    with pytest.raises(RunNotContinuableError, match=words):
        raise waiting.go_on(build, "run").error
    assert waiting.ran == waiting.before, "nothing was done"
    assert waiting.db.get_session("s").get_run("r").status is RunStatus.paused
    assert waiting.go_on(steps, "run").output.content == "last"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", TAKEN)
def test_steps_that_were_not_reached_may_be_others(how: str, mode: str) -> None:
    waiting = Waiting()
    build, expected = TAKEN[how]
    output = waiting.go_on(build, mode).output
    assert output.status is RunStatus.completed and output.content == expected[-1]
    assert sorted(waiting.ran[len(waiting.before) :]) == sorted(expected)


def test_a_selector_that_gives_steps_of_its_own_is_asked_again() -> None:
    waiting = Waiting()

    def build(step: Making) -> list[Any]:
        made = [step("made"), step("asked", requires_confirmation=True)]
        return [Router(lambda step_input: made, name="way"), step("last")]

    waiting.run = waiting.flow(build).run("go", run_id="r", session_id="s")
    assert waiting.go_on(build, "run").output.content == "last"
