"""Sequences, steps side by side, loops, conditions and routes."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest

from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import ScriptedModel, says
from agno.workflow import Condition, Loop, OnError, Parallel, Router, Step, StepInput, StepOutput, Steps, Workflow

from playing import in_every_mode, play
from workflow.making import asked, named, saying


def failing(name: str, **settings: Any) -> Step:
    return Step(name, executor=named(name, ValueError(f"{name} broke")), max_retries=0, **settings)


def ran(output: Any) -> list[Any]:
    """The names of steps, nested ones in lists."""
    return [[one.step_name, ran(one.steps)] if one.steps else one.step_name for one in output]


# Sequences -----------------------------------------------------------------------------------------------------------


@in_every_mode
def test_steps_hand_on_what_they_make(mode: str) -> None:
    agent = saying("text")
    inner = Steps("inner", steps=[named("a"), named("b", lambda si: f"{si.previous_step_content}b")])
    seen = play(Workflow(steps=[inner, agent]), "go", mode)
    assert asked(agent) == "ab" and ran(seen.output.step_results) == [["inner", ["a", "b"]], "Writer"]
    assert seen.output.step_results[0].content == "inner ran 2 of 2 steps."


@in_every_mode
def test_a_failure_inside_ends_the_container_and_what_was_done_stays(mode: str) -> None:
    log: list[str] = []
    inner = Steps("inner", steps=[named("a", None, log), failing("b"), named("c", None, log)])
    seen = play(Workflow(steps=[inner, named("next", None, log)]), "go", mode)
    first = seen.output.step_results[0]
    assert log == ["a", "next"] and seen.output.status is RunStatus.completed
    assert (first.success, first.error, ran([first])) == (False, "b broke", [["inner", ["a", "b"]]])


@in_every_mode
def test_a_failure_that_is_fatal_ends_the_workflow_from_any_depth(mode: str) -> None:
    log: list[str] = []
    bad = failing("bad", on_error=OnError.fail)
    box = Steps("box", steps=[Loop([Condition(True, [bad], name="if")], name="loop")])
    seen = play(Workflow(steps=[named("a", None, log), box, named("never", None, log)]), "go", mode)
    assert seen.output.status is RunStatus.error and seen.output.content == "Step 'bad' failed: bad broke"
    assert log == ["a"] and seen.output.step_results[0].content == "a"
    seen = play(Workflow(steps=[Steps("box", steps=[failing("bad")], on_error="fail")]), "go", mode)
    assert seen.output.status is RunStatus.error


# Side by side --------------------------------------------------------------------------------------------------------


@in_every_mode
def test_parallel_steps_run_at_the_same_time_and_keep_their_order(mode: str) -> None:
    together = threading.Barrier(3, timeout=30)

    def meet(name: str) -> Any:
        return named(name, lambda si: (together.wait() < 0) or f"{name} got {si.previous_step_content}")

    seen = play(Workflow(steps=[named("first"), Parallel(meet("a"), meet("b"), meet("c"), name="all")]), "go", mode)
    output = seen.output.step_results[1]
    assert [one.content for one in output.steps] == [f"{name} got first" for name in "abc"]
    assert output.content.startswith("## a (ok)\na got first\n\n## b (ok)")


@in_every_mode
def test_a_parallel_step_that_fails_leaves_the_others_alone(mode: str) -> None:
    agent = saying("sum")
    both = Parallel(failing("bad"), named("good"), name="both")
    seen = play(Workflow(steps=[both, agent]), "go", mode)
    output = seen.output.step_results[0]
    assert (output.success, output.error) == (False, "bad: bad broke") and output.steps[1].success
    assert "## bad (failed)" in output.content
    assert asked(agent) == "=== bad ===\nStep 'bad' failed: bad broke\n\n=== good ===\ngood"


@in_every_mode
def test_what_parallel_steps_change_in_the_state_is_joined_in_their_order(mode: str, caplog: Any) -> None:
    def change(name: str, **extra: Any) -> Any:
        def step(step_input: StepInput, session_state: dict[str, Any]) -> str:
            assert session_state["log"] == ["start"], "nobody sees the others"
            session_state["log"].append(name)
            session_state["by"][name] = True
            session_state["votes"] += 1
            session_state["winner"] = name
            session_state.update(extra)
            session_state.pop("gone", None)
            return name

        step.__name__ = name
        return step

    both = Parallel(
        change("a", only_a=1),
        change("b"),
        name="both",
        merge_state={"votes": lambda before, values: before + sum(value - before for value in values)},
    )
    state = {"log": ["start"], "by": {}, "votes": 10, "gone": 1, "kept": 1}
    seen = play(Workflow(steps=[both]), "go", mode, session_state=state)
    assert seen.output.session_state == {
        "log": ["start", "a", "b"],
        "by": {"a": True, "b": True},
        "votes": 12,
        "winner": "b",
        "only_a": 1,
        "kept": 1,
    }
    assert "session_state['winner'] was changed by the parallel steps 'a', 'b'; 'b' wins" in caplog.text


def test_a_count_that_parallel_steps_lost_is_told_also_inside_of_a_dict(caplog: pytest.LogCaptureFixture) -> None:
    def count(step_input: StepInput, session_state: dict[str, Any]) -> str:
        session_state["votes"] += 1
        session_state["by"]["city"]["Rome"] += 1
        session_state["open"] = session_state["by"]["seen"] = True
        return "counted"

    state = {"votes": 3, "by": {"city": {"Rome": 1}, "seen": False}, "open": False}
    steps = [Parallel(Step("a", executor=count), Step("b", executor=count))]
    assert (Workflow(steps=steps).run("go", session_state=state).session_state or {})["votes"] == 4
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2, "that two say the same of a flag is no conflict"
    assert told[0].startswith("session_state['votes'] was changed by the parallel steps 'a', 'b'")
    assert told[1].startswith("session_state['by']['city']['Rome'] was changed") and "merge_state={'by':" in told[1]


@in_every_mode
def test_lists_get_what_every_parallel_step_added_also_if_it_is_the_same(mode: str) -> None:
    def vote(step_input: StepInput, session_state: dict[str, Any]) -> str:
        session_state["votes"].append("yes")
        session_state.setdefault("voters", []).append("somebody")
        return "voted"

    voters = Parallel(*[Step(name, executor=vote) for name in "ab"], name="voters")
    seen = play(Workflow(steps=[voters]), "go", mode, session_state={"votes": ["no"]})
    assert seen.output.session_state == {"votes": ["no", "yes", "yes"], "voters": ["somebody", "somebody"]}


@in_every_mode
def test_metrics_of_parallel_agents_are_summed_and_told_by_name(mode: str) -> None:
    both = Parallel(saying("x", name="A"), saying("y", name="B"), name="both")
    seen = play(Workflow(steps=[both, named("f")]), "go", mode)
    assert seen.output.step_results[0].metrics.total_tokens == 30
    assert {name: one.metrics.total_tokens for name, one in seen.output.metrics.steps.items()} == {"A": 15, "B": 15}
    assert seen.output.metrics.duration > 0


# Loops ---------------------------------------------------------------------------------------------------------------


@in_every_mode
def test_a_loop_ends_by_its_condition_or_its_limit(mode: str) -> None:
    for condition, rounds in ((lambda outputs: outputs[-1].content == "2", 2), (None, 3), (_never, 3)):
        log: list[str] = []
        loop = Loop([named("a", lambda si, log=log: str(len(log)), log)], name="loop", end_condition=condition)
        seen = play(Workflow(steps=[loop]), "go", mode)
        output = seen.output.step_results[0]
        assert len(log) == rounds and ran([output]) == [["loop", ["a"] * rounds]]
        assert seen.output.content == str(rounds)
        if seen.events:
            numbers = [event.iteration for event in seen.events if event.event == "LoopIterationStarted"]
            more = [event.should_continue for event in seen.events if event.event == "LoopIterationCompleted"]
            assert numbers == list(range(1, rounds + 1)) and more == [True] * (rounds - 1) + [False]


async def _never(outputs: Any) -> bool:
    raise ValueError("broken conditions do not end loops")


@in_every_mode
def test_rounds_begin_anew_or_go_on_from_the_last(mode: str) -> None:
    def grow(step_input: StepInput) -> str:
        return f"{step_input.previous_step_content}+"

    for forward, content in ((False, "start+"), (True, "start+++")):
        loop = Loop([grow], name="loop", forward_iteration_output=forward)
        assert play(Workflow(steps=[named("start"), loop]), "go", mode).output.content == content


@in_every_mode
def test_stop_ends_the_loop_and_the_workflow(mode: str) -> None:
    log: list[str] = []
    loop = Loop([Step("stop", executor=named("stop", StepOutput(content="enough", stop=True), log))], name="loop")
    seen = play(Workflow(steps=[loop, named("never", None, log)]), "go", mode)
    assert log == ["stop"] and seen.output.content == "enough"


# Conditions ----------------------------------------------------------------------------------------------------------


async def _async_yes(step_input: StepInput) -> bool:
    return True


@in_every_mode
@pytest.mark.parametrize(
    ("evaluator", "expected"),
    [
        (True, "yes"),
        (False, "no"),
        (lambda step_input: step_input.previous_step_content == "first", "yes"),
        (lambda step_input, session_state: session_state["go"], "yes"),
        (_async_yes, "yes"),
        (lambda step_input: "not a bool", "no"),
    ],
)
def test_conditions_of_every_kind(mode: str, evaluator: Any, expected: str) -> None:
    steps = [named("first"), Condition(evaluator, [named("yes")], name="if", else_steps=[named("no")])]
    seen = play(Workflow(steps=steps, session_state={"go": True}), "go", mode)
    assert seen.output.content == expected and ran(seen.output.step_results) == ["first", ["if", [expected]]]


@in_every_mode
def test_after_a_condition_that_was_not_met_the_step_before_is_the_last(mode: str) -> None:
    agent = saying("done")
    seen = play(Workflow(steps=[named("first"), Condition(False, named("never"), name="if"), agent]), "go", mode)
    skipped = seen.output.step_results[1]
    assert asked(agent) == "first" and (skipped.success, skipped.skipped, skipped.steps) == (True, True, None)
    if seen.events:
        outputs = [event.step_name for event in seen.events if event.event == "StepOutput"]
        assert outputs == ["first", "if"]


@in_every_mode
def test_a_condition_that_breaks_fails_its_step(mode: str) -> None:
    seen = play(Workflow(steps=[Condition(lambda si: 1 / 0, [named("a")], name="if")]), "go", mode)
    assert seen.output.status is RunStatus.error and "Step 'if' failed: division by zero" in seen.output.content


# Routes --------------------------------------------------------------------------------------------------------------

A, B = Step("a", executor=named("a")), Step("b", executor=named("b", lambda si: f"b after {si.previous_step_content}"))
WRITER = saying("w")
FREE = Step("free", executor=named("free"))
LOOP = Loop([named("in loop")], name="again", max_iterations=2)


@in_every_mode
@pytest.mark.parametrize(
    ("selector", "names", "content"),
    [
        (lambda si: A, ["a"], "a"),
        (lambda si: [A, B], ["a", "b"], "b after a"),
        (lambda si: "b", ["b"], "b after first"),
        (lambda si: ["Writer", "a"], ["Writer", "a"], "a"),
        (lambda si: WRITER, ["Writer"], "w"),
        (lambda si: LOOP, ["again"], "in loop"),
        (lambda si: FREE, ["free"], "free"),
        (lambda si: "way 5", ["way 5"], "b after a"),
        (lambda si, step_choices: step_choices[0], ["a"], "a"),
        (lambda si: None, [], "first"),
        (lambda si: [], [], "first"),
    ],
)
def test_routes_of_every_kind(mode: str, selector: Any, names: list[str], content: str) -> None:
    router = Router(selector, [A, B, WRITER, LOOP, [A, B]], name="route")
    seen = play(Workflow(steps=[named("first"), router]), "go", mode)
    assert seen.output.content == content
    assert [one.step_name for one in seen.output.step_results[1].steps or ()] == names


@in_every_mode
@pytest.mark.parametrize(
    ("choice", "words"), [("c", "chose 'c', but its choices are 'a', 'b'"), (42, r"chose 42 \(int\), which is no step")]
)
def test_an_unknown_route_is_refused_at_once(mode: str, choice: Any, words: str) -> None:
    log: list[str] = []
    seen = play(Workflow(steps=[Router(lambda si: choice, [A, B], name="route"), named("x", None, log)]), "go", mode)
    assert seen.output.status is RunStatus.error and log == []
    assert re.search(words, seen.output.content)


# Inside of each other ------------------------------------------------------------------------------------------------


@in_every_mode
def test_workflows_are_steps_of_workflows(mode: str) -> None:
    def note(step_input: StepInput, session_state: dict[str, Any]) -> str:
        session_state["depth"] = session_state.get("depth", 0) + 1
        return f"[{step_input.previous_step_content or step_input.input}]"

    innermost = Workflow(name="innermost", steps=[note])
    inner = Workflow(name="inner", steps=[Steps("box", steps=[note, innermost])])
    outer = Workflow(name="outer", steps=[named("first"), Step("inner", workflow=inner), saying("end")])
    seen = play(outer, "go", mode)
    assert seen.output.step_results[1].content == "[[first]]" and seen.output.content == "end"
    assert seen.output.session_state == {"depth": 2}
    nested, agent = seen.output.step_executor_runs
    assert (nested.workflow_name, nested.parent_run_id) == ("inner", seen.output.run_id)
    assert nested.step_executor_runs[0].workflow_name == "innermost" and agent.agent_name == "Writer"
    if seen.events:
        step = seen.output.step_results[1].step_id
        began = [event for event in seen.events if event.event == "WorkflowStarted"]
        assert [event.workflow_name for event in began] == ["outer", "inner", "innermost"]
        assert began[1].parent_step_id == step
        ended = [event.workflow_name for event in seen.events if event.event == "WorkflowCompleted"]
        assert ended == ["innermost", "inner", "outer"]


@in_every_mode
def test_a_workflow_that_fails_inside_fails_its_step(mode: str) -> None:
    inner = Workflow(name="inner", steps=[failing("bad")])
    seen = play(Workflow(steps=[Step("in", workflow=inner, max_retries=0)]), "go", mode)
    assert seen.output.content == "Step 'in' failed: Step 'bad' failed: bad broke"


@in_every_mode
def test_a_failed_workflow_that_is_tried_again_does_not_repeat_finished_steps(mode: str) -> None:
    log: list[str] = []
    shaky = Step("shaky", executor=named("shaky", lambda si: ValueError("no") if log.count("shaky") < 2 else "ok", log))
    shaky.max_retries = 0
    inner = Workflow(name="inner", steps=[named("once", None, log), shaky])
    seen = play(Workflow(steps=[Step("in", workflow=inner, max_retries=3)]), "go", mode)
    assert seen.output.content == "ok" and log == ["once", "shaky", "shaky"]


@in_every_mode
def test_a_team_is_a_step(mode: str) -> None:
    team = Team(name="Desk", members=[saying("x", name="A")], model=ScriptedModel(says("from the team")))
    seen = play(Workflow(steps=[named("first"), team]), "go", mode)
    output = seen.output.step_results[1]
    assert (output.step_name, output.executor_type, output.content) == ("Desk", "team", "from the team")
    if seen.events:
        event = next(event for event in seen.events if event.event == "TeamRunStarted")
        assert (event.step_name, event.workflow_run_id) == ("Desk", seen.output.run_id)
