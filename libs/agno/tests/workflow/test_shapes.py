"""Shapes that cannot be right are refused when they are built; workflows as data and as pictures."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any, Literal

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.models.offline import OfflineModel
from agno.registry.registry import Registry
from agno.workflow import (
    Condition,
    HumanReview,
    Loop,
    Parallel,
    Router,
    Step,
    StepInput,
    Steps,
    Workflow,
    WorkflowAgent,
)

from playing import MODES, play
from workflow.making import named, saying


def first(step_input: StepInput) -> str:
    return "first"


def second(step_input: StepInput) -> str:
    return "second"


def is_long(step_input: StepInput) -> bool:
    return len(str(step_input.previous_step_content)) > 3


def choose(step_input: StepInput) -> str:
    return "first"


def first_or_third(step_input: StepInput) -> list[Literal["first", "third"]] | None:
    return ["first"]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Loop([first], name="l", max_iterations=None), "Loop 'l' has no end"),
        (lambda: Loop([first], name="l", max_iterations=0), "max_iterations=0; give a number of 1 or more"),
        (lambda: Loop([first], name="l", max_iterations="3"), "max_iterations='3'; give a number"),
        (lambda: Step("x", executor=first, max_retries=-1), "Step 'x' has max_retries=-1"),
        (lambda: Step("x", executor=first, timeout_seconds=0), "Step 'x' has timeout_seconds=0"),
        (lambda: Step("x", executor=first, max_retries="2"), "Step 'x' has max_retries='2'"),
        (lambda: Step("x", executor=first, timeout_seconds="2"), "Step 'x' has timeout_seconds='2'"),
        (lambda: Loop([first], name="l", max_iterations=True), "max_iterations=True; give a number"),
        (lambda: Loop([first], name="l", end_condition=5), "Loop 'l' has end_condition=5; give a function or a text"),
        (lambda: Loop([first], name="l", end_condition="n >"), "Loop 'l' has end_condition='n >', which is no CEL"),
        (lambda: Condition("inputt == 'x'", [first], name="c"), "names 'inputt'; it can name input, previous_step_c"),
        (lambda: Router(5, [first], name="r"), "Router 'r' has selector=5; give a function or a text"),
        (lambda: Router('"x"', [first], name="r"), "Router 'r' can choose 'x', but its choices are 'first'"),
        (lambda: Router("input == '' ? 'first' : ['x']", [first], name="r"), "Router 'r' can choose 'x'"),
        (lambda: Router(first_or_third, [first, second], name="r"), "Router 'r' can choose 'third'"),
        (lambda: Loop([], name="l"), "Loop 'l' has no steps"),
        (lambda: Condition(True, [], name="c"), "Condition 'c' has no steps"),
        (lambda: Condition(7, [first], name="c"), "Condition 'c' has evaluator=7; give a bool, a function or a text"),
        (lambda: Router(None, [first], name="r"), "has nobody who chooses"),
        (lambda: Router("'x'", [], name="r"), "Router 'r' has no choices"),
        (lambda: Loop([]), "The Loop without a name has no steps"),
        (lambda: Step(), "The Step without a name needs one of"),
        (
            lambda: Step("x", executor=first, on_error="nope"),
            "Step 'x' has on_error='nope'; give one of 'fail', 'skip', 'pause'",
        ),
        (lambda: Loop([first], name="l", on_reject="no"), "Loop 'l' has on_reject='no'; give one of 'skip', 'cancel'"),
        (lambda: HumanReview(on_timeout="never"), "HumanReview has on_timeout='never'; give one of"),
        (lambda: Workflow(name="w", steps=[first, first]), "two steps named 'first'"),
        (lambda: Steps("s", steps=[Step("x", executor=first), Step("x", executor=second)]), "two steps named 'x'"),
        (lambda: Parallel(saying("a"), saying("b"), name="p"), "Parallel 'p' has two steps named 'Writer'"),
        (lambda: Workflow(name="w", steps=[first, 5]), r"Workflow 'w' holds 5 \(int\), which is no step"),
        (lambda: Workflow(name="w", steps=[Agent]), "which is no step"),
        (lambda: Step("x", executor=first, requires_confirmation=True, human_review=HumanReview()), "both given"),
        (lambda: Workflow(steps={"a": first}), r"Workflow without a name holds .* \(dict\), which is no step"),
        (lambda: Steps("s", steps=5), r"Steps 's' holds 5 \(int\), which is no step"),
        (lambda: Loop(step for step in [first]), r"\(generator\), which is no step"),
        (lambda: Workflow(colour="red"), "no setting 'colour'"),
        (lambda: Workflow(storage=1), "sessions are kept in db="),
    ],
)
def test_a_wrong_shape_is_refused_when_it_is_built(build: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        build()


def test_a_workflow_that_contains_itself_is_refused() -> None:
    inner = Workflow(name="inner", steps=[])
    outer = Workflow(name="outer", steps=[Steps("box", steps=[Step("in", workflow=inner)])])
    inner.steps.append(Step("out", workflow=outer))
    with pytest.raises(ValueError, match="contains itself: 'outer' -> 'inner' -> 'outer'"):
        Workflow(name="new", steps=[Step("outer", workflow=outer)])
    with pytest.raises(ValueError, match="contains itself"):
        outer.run("go")


def test_a_container_that_contains_itself_is_refused() -> None:
    steps: list[Any] = [first]
    box = Steps("box", steps=steps)
    steps.append(Parallel(box, name="both"))
    with pytest.raises(ValueError, match="Steps 'box' contains itself: 'box' -> 'both' -> 'box'"):
        Workflow(name="w", steps=[box]).run("go")


def test_workflows_lie_at_most_ten_deep() -> None:
    workflow = Workflow(name="0", steps=[first])
    with pytest.raises(ValueError, match="More than 10 workflows"):
        for number in range(1, 13):
            workflow = Workflow(name=str(number), steps=[Step("in", workflow=workflow)])
    assert int(workflow.name) == 10 and workflow.run("go").content == "first"


def test_lists_stay_as_they_were_given_and_may_grow() -> None:
    agent = saying("x")
    steps = [first, agent]
    workflow = Workflow(name="w", steps=steps)
    assert steps == [first, agent] and workflow.steps is steps
    workflow.run("go")
    assert steps == [first, agent]
    steps.append(second)
    assert workflow.run("go").content == "second"
    assert Workflow(steps=[Agent(model=OfflineModel())]).nodes[0].name == "step_1"


def test_a_single_container_works_like_its_list() -> None:
    assert Workflow(steps=Steps("all", steps=[first, second])).run("go").content == "second"


@pytest.mark.parametrize(
    "build",
    [
        lambda step: Workflow(steps=step),
        lambda step: Steps("all", steps=step),
        lambda step: Loop(step, max_iterations=1),
        lambda step: Condition(True, step),
        lambda step: Router(lambda step_input: "Writer", step),
        lambda step: Parallel(step),
    ],
)
def test_a_single_step_stands_for_a_list_of_one(build: Any) -> None:
    for step in (saying("told"), Step("Writer", agent=saying("told"))):
        made = build(step)
        workflow = made if isinstance(made, Workflow) else Workflow(steps=made)
        for one in (workflow, workflow.deep_copy()):
            output = one.run("go").step_results[-1]
            assert (output.steps[-1] if output.steps else output).content == "told"
        assert "Writer" in workflow.to_mermaid()


def test_what_is_wrong_with_an_expression_is_said_briefly() -> None:
    output = Workflow(steps=[Condition("input > 1", [first], name="c")]).run("go")
    said = "evaluator of 'c' is 'input > 1', which cannot be evaluated: found no matching overload for"
    assert output.content.startswith(f"Step 'c' failed: {said}") and "\n" not in output.content


def test_expressions_that_are_right_are_taken() -> None:
    Condition('session_state.counts.exists(n, n > 2) && size(input) > int("2")', [first])
    Condition("has(session_state.go) && additional_data['a'].b", [first])
    Loop([first], end_condition="all_success && (iteration > 1 || last_step_content == '')")
    Router('input == "a" ? "first" : (input == "b" ? ["second", "first"] : step_choices[0])', [first, second])


def test_the_old_name_of_the_id_is_ignored_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="use id="):
        workflow = Workflow(id="x", workflow_id="y")
    assert workflow.id == "x" and not hasattr(workflow, "workflow_id")
    assert Workflow(name="My Flow").id == "my-flow" and len(Workflow().id) == 36


def everything() -> Workflow:
    return Workflow(
        name="All",
        description="All there is",
        steps=[
            first,
            Agent(name="Writer", model=OfflineModel()),
            Parallel(Step("a", executor=first), Step("b", executor=second), name="both"),
            Condition(is_long, [Step("c", executor=first)], name="long?", else_steps=[Step("d", executor=second)]),
            Router(choose, [first, second], name="way"),
            Loop([Step("e", executor=first, requires_confirmation=True)], name="again", max_iterations=2),
            Steps("box", steps=[Step("inner", workflow=Workflow(name="Inner", steps=[first]))]),
        ],
        agent=WorkflowAgent(model=OfflineModel()),
    )


def test_an_agent_in_front_that_is_no_workflow_agent_is_refused() -> None:
    with pytest.raises(TypeError, match=r"agent= of Workflow 'Press' is Agent\(.*It takes a WorkflowAgent"):
        Workflow(name="Press", steps=[first], agent=Agent(name="Front", model=OfflineModel()))


def test_a_workflow_is_stored_as_data_and_made_again() -> None:
    workflow = everything()
    data = json.loads(json.dumps(workflow.to_dict()))
    assert (data["name"], data["workflow_id"], data["description"]) == ("All", "all", "All there is")
    kinds = [(step["name"], step["type"]) for step in workflow.to_dict_for_steps()["steps"]]
    assert kinds == [
        ("first", "Step"), ("Writer", "Step"), ("both", "Parallel"), ("long?", "Condition"), ("way", "Router"),
        ("again", "Loop"), ("box", "Steps"),
    ]  # fmt: skip
    again = Workflow.from_dict(data)
    assert again.to_dict() == workflow.to_dict()
    assert again.to_dict_for_steps()["steps"][3] == workflow.to_dict_for_steps()["steps"][3]
    db = InMemoryDb()
    workflow.save(db=db)
    loaded = Workflow.load("all", db=db)
    assert loaded is not None and loaded.to_mermaid() == workflow.to_mermaid()
    assert loaded.delete(db=db) and Workflow.load("all", db=db) is None


def test_what_cannot_be_stored_needs_a_registry() -> None:
    workflow = Workflow(name="w", steps=[Step("x", executor=lambda step_input: "x")])
    with pytest.raises(ValueError, match="Registry"):
        workflow.to_dict()
    assert workflow.to_dict_for_steps()["steps"][0]["name"] == "x"
    assert Registry is not None


def test_a_copy_has_agents_of_its_own() -> None:
    agent = saying("x")
    workflow = Workflow(
        name="w", steps=[agent, Parallel(Step("a", agent=saying("y", name="B")), first)], db=InMemoryDb()
    )
    copy = workflow.deep_copy(update={"name": "copy"})
    assert copy.db is workflow.db and copy.name == "copy" and copy.id == "copy"
    assert copy.nodes[0].agent is not agent and copy.run("go").status.value == "COMPLETED"


def test_run_parameters_tell_what_run_takes() -> None:
    def whole(workflow: Any, execution_input: Any, topic: str, depth: int = 2, **more: Any) -> str:
        return topic

    assert list(Workflow(steps=[first]).run_parameters) == ["input"]
    assert Workflow(steps=whole).run_parameters == {
        "topic": {"name": "topic", "default": None, "annotation": "str", "required": True},
        "depth": {"name": "depth", "default": 2, "annotation": "int", "required": False},
    }


def test_arguments_of_run_may_be_given_by_position() -> None:
    def told(step_input: StepInput, run_context: Any) -> str:
        return f"{step_input.input} {step_input.additional_data} {run_context.user_id} {run_context.session_id}"

    workflow = Workflow(steps=[told])
    assert workflow.run("go", {"a": 1}, "ann", "s").content == "go {'a': 1} ann s"
    assert asyncio.run(workflow.arun("go", {"a": 1}, session_id="s")).content == "go {'a': 1} None s"
    with pytest.raises(TypeError, match=r"run\(\) of a Workflow got additional_data twice: by position and by name\."):
        workflow.run("go", {"a": 1}, additional_data={"a": 2})
    with pytest.raises(TypeError, match="up to 8 arguments by position .* and got 9; write the others by name"):
        workflow.run("go", *[None] * 8, True)


def test_a_flowchart_shows_every_way() -> None:
    chart = everything().to_mermaid()
    for line in (
        'n1(["start"])', 'n2["first (function)"]', 'n3["Writer (agent)"]', '[["both"]]', '{"long??"}', "-->|yes|", "-->|no|",
        "-->|first|", '{{"again, at most 2 rounds"}}', "-->|again|", "-->|done|", '["e (function) (waits for a person)"]',
        '["inner (workflow Inner)"]',
    ):  # fmt: skip
        assert line in chart, line


def test_a_finished_run_is_a_tree() -> None:
    inner = Workflow(name="Inner", steps=[saying("x", name="Deep")])
    workflow = Workflow(
        name="W", steps=[Parallel(saying("a", name="A"), named("f"), name="both"), Step("in", workflow=inner)]
    )
    tree = workflow.run_tree(workflow.run("go"))
    lines = [line.split(" · ")[0] for line in tree.splitlines()]
    assert lines == [
        "Workflow W", "├─ Parallel both", "│  ├─ Step A", "│  │  └─ Agent A", "│  └─ Step f", "└─ Workflow in",
        "   └─ Workflow Inner", "      └─ Step Deep", "         └─ Agent Deep",
    ]  # fmt: skip
    assert "30 tokens" in tree
    timed = [line for line in tree.splitlines() if re.search(r" · \d+\.\d\ds", line)]
    assert len(timed) == 6, "all but the steps whose time stands on the line of who worked in them"


def test_what_a_run_took_before_it_waited_counts() -> None:
    def nap(step_input: StepInput) -> str:
        time.sleep(0.02)
        return "rested"

    pay = Step("pay", executor=first, requires_confirmation=True)
    workflow = Workflow(db=InMemoryDb(), session_id="s", steps=[nap, pay])
    run = workflow.run("go")
    run.step_requirements[0].confirm()
    done = workflow.continue_run(run_id=run.run_id, step_requirements=run.step_requirements)
    assert done.step_results[0].duration >= 0.02 and done.metrics.duration > run.metrics.duration >= 0.02


def test_names_with_signs_of_their_own_do_not_break_a_flowchart() -> None:
    odd = [Step('say "x|y" <b>', executor=first), Step("end", executor=second)]
    chart = Workflow(steps=[Router(choose, odd, name="way")]).to_mermaid()
    assert '-->|"say &quot;x|y&quot; &lt;b>"|' in chart and '-->|"end"|' in chart


def test_importing_workflows_loads_no_web_framework() -> None:
    import subprocess

    heavy = "starlette fastapi uvicorn aiohttp sqlalchemy rich openai celpy"
    program = f"import sys, agno.workflow; print([m for m in {heavy.split()!r} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("mode", MODES)
def test_functions_without_a_name_are_steps_with_the_name_of_their_position(mode: str) -> None:
    def all_of(step_input: StepInput) -> str:
        return ", ".join(step_input.previous_step_outputs or {})

    inner = Steps("box", steps=[lambda given: f"{given.input} c", lambda given: f"{given.previous_step_content} d"])
    steps = [lambda given: "a", lambda given: f"{given.previous_step_content}b", inner, all_of]
    seen = play(Workflow(name="w", steps=steps), "go", mode)
    assert seen.output.content == "step_1, step_2, box"
    assert [one.content for one in seen.output.step_results][:2] == ["a", "ab"]
    assert [one.step_name for one in seen.output.step_results[2].steps] == ["step_1", "step_2"]


@pytest.mark.parametrize("mode", MODES)
def test_a_selector_may_give_steps_though_its_router_lists_no_choices(mode: str) -> None:
    way = Step("way", executor=lambda given: "went")
    assert play(Workflow(steps=[Router(lambda given: way, [], name="r")]), "go", mode).output.content == "went"
