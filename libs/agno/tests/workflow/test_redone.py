"""What was shown to a person and refused is done again, as a whole; what it took, and what it left in the state, is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.run.base import RunStatus
from agno.testing import ScriptedModel, says
from agno.workflow import Condition, HumanReview, Loop, OnReject, Parallel, Router, Step, Steps, Workflow

from playing import MODES, play

Making = Callable[[str], Step]
REVIEW = HumanReview(requires_output_review=True, on_reject=OnReject.retry, max_retries=3)
CONTAINERS: dict[str, Callable[[Making], Any]] = {
    "parallel": lambda step: Parallel(step("a"), step("b"), name="box", human_review=REVIEW),
    "loop": lambda step: Loop([step("a"), step("b")], name="box", max_iterations=1, human_review=REVIEW),
    "condition": lambda step: Condition(True, [step("a"), step("b")], name="box", human_review=REVIEW),
    "router": lambda step: Router(
        lambda step_input: ["a", "b"], [step("a"), step("b")], name="box", human_review=REVIEW
    ),
    "steps": lambda step: Steps("box", steps=[step("a"), step("b")], human_review=REVIEW),
    "workflow": lambda step: Step(
        "box", workflow=Workflow(name="inner", steps=[step("a"), step("b")]), human_review=REVIEW
    ),
}


class Shown:
    """A run that is shown to a person, each time by another process."""

    def __init__(self, build: Callable[..., list[Any]], mode: str) -> None:
        self.build, self.mode, self.ran, self.db = build, mode, list[str](), InMemoryDb()
        self.run = play(self.flow(), "go", mode, run_id="r", session_id="s").output

    def flow(self) -> Workflow:
        return Workflow(name="w", steps=self.build(self.step), db=self.db)

    def step(self, name: str) -> Step:
        return Step(name, executor=lambda step_input: self.ran.append(name) or f"{name} {self.ran.count(name)}")

    def say(self, good: bool) -> Any:
        requirement = self.run.step_requirements[0]
        requirement.confirm() if good else requirement.reject("again")
        options: dict[str, Any] = {"requirements": self.run.step_requirements, "run_id": "r", "session_id": "s"}
        self.run = play(self.flow(), None, self.mode, "continue_run", **options).output
        return self.run


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", CONTAINERS)
def test_all_that_is_inside_is_done_again_after_a_no(kind: str, mode: str) -> None:
    shown = Shown(lambda step: [CONTAINERS[kind](step), step("last")], mode)
    assert shown.say(False).is_paused and sorted(shown.ran) == ["a", "a", "b", "b"]
    run = shown.say(True)
    assert run.status is RunStatus.completed and sorted(shown.ran) == ["a", "a", "b", "b", "last"]
    box = run.step_results[0]
    assert {"b 2"} <= {one.content for one in (box, *(box.steps or ()))}, "the second one is the result"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("inside", [False, True])
def test_runs_that_made_drafts_are_told_and_counted_whatever_became_of_the_drafts(mode: str, inside: bool) -> None:
    def build(step: Making) -> list[Any]:
        agent = Agent(name="ann", model=ScriptedModel(says("a draft"), repeat=True))
        if inside:
            return [Steps("box", steps=[step("a"), Step("ann", agent=agent)], human_review=REVIEW), step("last")]
        return [Step("ann", agent=agent, human_review=REVIEW), step("last")]

    shown = Shown(build, mode)
    one = shown.run.step_executor_runs[0].metrics.total_tokens
    shown.say(False)
    shown.say(False)
    run = shown.say(True)
    assert run.status is RunStatus.completed and len({each.run_id for each in run.step_executor_runs}) == 3
    assert run.metrics.steps["ann"].metrics.total_tokens == 3 * one
    session = shown.db.get_session("s")
    assert session.session_data["session_metrics"]["total_tokens"] == 3 * one


@pytest.mark.parametrize("mode", MODES)
def test_what_a_step_left_in_the_state_is_there_after_it_was_shown(mode: str) -> None:
    def counted(name: str) -> Any:
        def count(step_input: Any, session_state: dict[str, Any]) -> str:
            session_state[name] = session_state.get(name, 0) + 1
            return f"{name} {session_state[name]}"

        return count

    def wanted(step_input: Any, session_state: dict[str, Any]) -> bool:
        session_state["asked"] = session_state.get("asked", 0) + 1
        return True

    def build(step: Making) -> list[Any]:
        shown_step = Step("shown", executor=counted("drafts"), human_review=REVIEW)
        return [
            Step("first", executor=counted("first")),
            shown_step,
            Condition(wanted, [Step("ask", executor=lambda step_input: "asked", requires_confirmation=True)]),
            step("last"),
        ]

    shown = Shown(build, mode)
    shown.say(False)
    shown.say(True)
    run = shown.say(True)
    assert run.status is RunStatus.completed and run.session_state == {"first": 1, "drafts": 2, "asked": 1}
