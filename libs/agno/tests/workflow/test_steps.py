"""What works in a step, what it is given, and what happens when it fails."""

from __future__ import annotations

import functools
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from agno.agent import Agent
from agno.media import File, Image
from agno.run.base import RunStatus
from agno.run.workflow import CustomEvent
from agno.testing import ScriptedModel, fails, says, wants
from agno.workflow import Condition, OnError, Parallel, Step, StepInput, StepOutput, Steps, Workflow

from playing import in_every_mode, play
from workflow.making import asked, named, saying


def plain(step_input: StepInput) -> str:
    return f"plain {step_input.input}"


async def waiting(step_input: StepInput) -> str:
    return f"waiting {step_input.input}"


def pieces(step_input: StepInput) -> Iterator[Any]:
    yield "pie"
    yield "ces"


async def async_pieces(step_input: StepInput) -> AsyncIterator[Any]:
    yield "async "
    yield "pieces"


def returning(step_input: StepInput) -> Any:
    yield "thrown away"
    return StepOutput(content="returned")


class Called:
    def __call__(self, step_input: StepInput, greeting: str = "hello") -> str:
        return f"{greeting} {step_input.input}"


@in_every_mode
@pytest.mark.parametrize(
    ("executor", "content"),
    [
        (plain, "plain x"),
        (waiting, "waiting x"),
        (pieces, "pieces"),
        (async_pieces, "async pieces"),
        (returning, "returned"),
        (functools.partial(Called().__call__, greeting="hi"), "hi x"),
        (Called(), "hello x"),
        (lambda: "nothing asked", "nothing asked"),
        (lambda step_input: StepOutput(content={"a": 1}), {"a": 1}),
        (lambda step_input: 7, "7"),
    ],
)
def test_functions_of_every_kind_are_steps(mode: str, executor: Any, content: Any) -> None:
    seen = play(Workflow(steps=[Step("one", executor=executor)]), "x", mode)
    output = seen.output.step_results[0]
    assert seen.output.content == output.content == content
    assert (output.step_name, output.step_type, output.executor_type, output.success) == (
        "one",
        "Step",
        "function",
        True,
    )
    assert seen.output.status is RunStatus.completed


@in_every_mode
def test_an_agent_is_asked_what_the_step_before_gave_or_else_the_input(mode: str) -> None:
    first, second = saying("a draft", name="First"), saying("a text", name="Second")
    seen = play(Workflow(steps=[first, second]), "write", mode)
    assert asked(first) == "write" and asked(second) == "a draft"
    assert seen.output.content == "a text"
    assert [output.step_name for output in seen.output.step_results] == ["First", "Second"]
    runs = seen.output.step_executor_runs
    assert [run.agent_name for run in runs] == ["First", "Second"]
    assert {run.parent_run_id for run in runs} == {seen.output.run_id}
    assert [run.workflow_step_id for run in runs] == [output.step_id for output in seen.output.step_results]
    assert [output.step_run_id for output in seen.output.step_results] == [run.run_id for run in runs]


@in_every_mode
def test_after_parallel_steps_everybody_sees_all_of_them_by_name(mode: str) -> None:
    agent, found = saying("done"), {}

    def look(step_input: StepInput) -> str:
        found.update(
            output=step_input.get_step_output("left").content,
            content=step_input.get_step_content("both"),
            last=step_input.get_last_step_content(),
            previous=step_input.previous_step_content,
            everything=step_input.get_all_previous_content(),
            missing=step_input.get_step_output("nobody"),
        )
        return ""

    both = Parallel(named("left", "L"), Steps("inner", steps=[named("right", "R"), named("deep", "D")]), name="both")
    play(Workflow(steps=[named("first"), both, look, agent]), "go", mode)
    joined = "=== left ===\nL\n\n=== inner ===\nD"
    assert found["output"] == "L" and found["missing"] is None
    assert found["content"] == {"left": "L", "right": "R", "deep": "D"}
    assert found["last"] == found["previous"] == joined
    assert found["everything"] == f"=== first ===\nfirst\n\n=== both ===\n{joined}"
    assert asked(agent) == "go", "a step that gives nothing leaves the next one the input"


@in_every_mode
def test_media_of_the_run_and_of_steps_reach_later_steps_and_the_output(mode: str) -> None:
    made = Image(url="https://a.example/made.png")
    given = Image(content=b"\x89PNG", mime_type="image/png")
    file = File(content=b"text", filename="a.txt", mime_type="text/plain")
    found: list[Any] = []

    def look(step_input: StepInput) -> StepOutput:
        found.append(([i.url or i.content for i in step_input.images], step_input.files[0].content))
        return StepOutput(content="looked")

    steps = [named("draw", StepOutput(content="drawn", images=[made])), Steps("box", steps=[look])]
    seen = play(Workflow(steps=steps), "go", mode, images=[given], files=[file])
    assert found == [([b"\x89PNG", made.url], b"text")]
    assert [image.url for image in seen.output.images] == [None, made.url] and len(seen.output.files) == 1


@in_every_mode
def test_structured_input_is_checked_and_given_as_it_is(mode: str) -> None:
    class Topic(BaseModel):
        name: str
        depth: int = 1

    found: list[Any] = []
    workflow = Workflow(input_schema=Topic, steps=[named("look", lambda step_input: found.append(step_input.input))])
    seen = play(workflow, {"name": "rain"}, mode)
    assert found == [Topic(name="rain")] and seen.output.input == {"name": "rain", "depth": 1}
    refused = str(play(workflow, {"depth": "two"}, mode).error)
    assert refused.startswith("The input does not fit input_schema Topic: name: Field required; depth: Input should be")
    assert "\n" not in refused and "http" not in refused
    assert "Topic" in str(play(workflow, 5, mode).error)


@in_every_mode
def test_a_step_is_tried_again_and_its_events_are_not_repeated(mode: str) -> None:
    tries: list[int] = []

    def shaky(step_input: StepInput) -> str:
        tries.append(1)
        if len(tries) < 3:
            raise ValueError("not yet")
        return "at last"

    seen = play(Workflow(steps=[Step("shaky", executor=shaky, max_retries=2), named("next")]), "go", mode)
    assert seen.output.status is RunStatus.completed and len(tries) == 3
    assert seen.output.step_results[0].content == "at last"
    if seen.events:
        assert seen.kinds.count("StepStarted") == 4, "two attempts more, and the next step"
        assert seen.kinds.count("StepError") == 2 and seen.kinds.count("StepCompleted") == 2


@in_every_mode
def test_a_step_that_fails_ends_the_run_and_what_was_finished_stays(mode: str) -> None:
    log: list[str] = []
    steps = [named("good", "fine", log), Step("bad", executor=named("bad", ValueError("no luck"), log), max_retries=1)]
    seen = play(Workflow(steps=[*steps, named("never", None, log)]), "go", mode)
    output = seen.output
    assert seen.error is None and output.status is RunStatus.error and log == ["good", "bad", "bad"]
    assert output.content == "Step 'bad' failed: no luck"
    assert [(one.step_name, one.success) for one in output.step_results] == [("good", True), ("bad", False)]
    if seen.events:
        assert seen.events[-1].event == "WorkflowError" and "WorkflowCompleted" not in seen.kinds
        assert (seen.events[-1].error, seen.events[-1].error_type) == (output.content, "ValueError")


@in_every_mode
@pytest.mark.parametrize("how", [{"skip_on_failure": True}, {"on_error": OnError.skip}, {"on_error": "skip"}])
def test_a_failure_can_be_left_behind(mode: str, how: dict[str, Any]) -> None:
    bad = Step("bad", executor=named("bad", ValueError("no luck")), max_retries=0, **how)
    seen = play(Workflow(steps=[bad, named("next")]), "go", mode)
    assert seen.output.status is RunStatus.completed and seen.output.content == "next"
    failed = seen.output.step_results[0]
    assert (failed.success, failed.error, failed.content) == (False, "no luck", "Step 'bad' failed: no luck")


@in_every_mode
def test_an_agent_that_fails_fails_the_step(mode: str) -> None:
    agent = Agent(name="Broken", model=ScriptedModel(fails(503, "down"), says("better")))
    seen = play(Workflow(steps=[Step("ask", agent=agent, max_retries=1)]), "go", mode)
    assert seen.output.content == "better"
    agent = Agent(name="Broken", model=ScriptedModel(fails(503, "down"), repeat=True))
    seen = play(Workflow(steps=[Step("ask", agent=agent, max_retries=0)]), "go", mode)
    assert seen.output.status is RunStatus.error and "down" in seen.output.content


@in_every_mode
def test_a_step_that_takes_too_long_fails(mode: str) -> None:
    released = threading.Event()

    def slow(step_input: StepInput) -> str:
        released.wait(30)
        return "late"

    step = Step("slow", executor=slow, timeout_seconds=0.05, max_retries=0)
    seen = play(Workflow(steps=[step]), "go", mode)
    released.set()
    assert seen.output.status is RunStatus.error and "longer than 0.05 seconds" in seen.output.content
    seen = play(Workflow(steps=[Step("quick", executor=named("quick"), timeout_seconds=50)]), "go", mode)
    assert seen.output.content == "quick"


@in_every_mode
def test_what_works_on_after_its_time_changes_nothing_any_more(mode: str) -> None:
    released, ended = threading.Event(), threading.Event()

    def slow(step_input: StepInput, session_state: dict[str, Any]) -> str:
        released.wait(30)
        session_state["late"] = True
        ended.set()
        return "late"

    def quick(step_input: StepInput, session_state: dict[str, Any]) -> str:
        session_state["in time"] = True
        return "quick"

    def after(step_input: StepInput) -> str:
        released.set()
        assert ended.wait(30)
        return "after"

    steps = [
        Step("quick", executor=quick, timeout_seconds=50),
        Step("slow", executor=slow, timeout_seconds=0.05, max_retries=0, skip_on_failure=True),
        after,
    ]
    seen = play(Workflow(steps=steps), "go", mode)
    assert seen.output.content == "after" and seen.output.session_state == {"in time": True}


@in_every_mode
def test_a_time_limit_also_ends_the_workflow_in_the_step(mode: str) -> None:
    released, log = threading.Event(), list[str]()

    def slow(step_input: StepInput) -> str:
        log.append("slow")
        released.wait(30)
        return "late"

    inner = Workflow(name="inner", steps=[slow, named("never", None, log)])
    before = set(threading.enumerate())
    seen = play(Workflow(steps=[Step("in", workflow=inner, timeout_seconds=0.1, max_retries=0)]), "go", mode)
    released.set()
    for thread in set(threading.enumerate()) - before:
        if not thread.name.startswith(("agno-worker", "agno-portal")):
            thread.join(30)
    assert (
        seen.output.status is RunStatus.error and "never" not in log
    )  # on a busy machine not even "slow" begins in time


@in_every_mode
def test_a_time_limit_also_ends_the_agent_in_the_step(mode: str) -> None:
    released, called = threading.Event(), []

    def wait() -> str:
        called.append("wait")
        released.wait(30)
        return "waited"

    model = ScriptedModel(wants("wait"), says("never"))
    agent = Agent(name="A", model=model, tools=[wait])
    seen = play(Workflow(steps=[Step("ask", agent=agent, timeout_seconds=0.2, max_retries=0)]), "go", mode)
    released.set()
    assert seen.output.status is RunStatus.error and len(model.requests) <= 1 and called in ([], ["wait"])


@in_every_mode
def test_session_state_goes_into_functions_and_agents_and_comes_back(mode: str) -> None:
    def count(session_state: dict[str, Any]) -> str:
        session_state["count"] += 1
        del session_state["old"]
        return "counted"

    def first(step_input: StepInput, session_state: dict[str, Any]) -> str:
        session_state["seen"] = [session_state["workflow_name"], session_state["count"]]
        return "x"

    def last(step_input: StepInput, run_context: Any) -> str:
        return f"{run_context.session_state['count']} {run_context.workflow_id}"

    agent = Agent(name="A", model=ScriptedModel(wants("count"), says("ok")), tools=[count])
    workflow = Workflow(name="w", steps=[first, agent, last], session_state={"count": 1, "old": True, "kept": 1})
    seen = play(workflow, "go", mode, session_state={"count": 5})
    assert seen.output.content == "6 w"
    assert seen.output.session_state == {"count": 6, "kept": 1, "seen": ["w", 5]}
    assert workflow.session_state == {"count": 1, "old": True, "kept": 1}, "a workflow is configuration"


@in_every_mode
def test_events_of_ones_own_pass_and_say_where_they_come_from(mode: str) -> None:
    from dataclasses import dataclass

    @dataclass
    class Halfway(CustomEvent):
        percent: int = 0

    def work(step_input: StepInput) -> Iterator[Any]:
        yield Halfway(percent=50)
        yield "done"

    seen = play(Workflow(name="w", steps=[work], store_events=True), "go", mode)
    assert seen.output.content == "done"
    if seen.events:
        event = next(event for event in seen.events if isinstance(event, Halfway))
        assert (event.percent, event.workflow_id, event.run_id) == (50, "w", seen.output.run_id)
        assert seen.kinds[1:5] == ["StepStarted", "CustomEvent", "WorkflowRunContent", "StepOutput"]


@in_every_mode
def test_a_function_step_can_stream_an_agent(mode: str) -> None:
    agent = saying("four words in it")

    def ask(step_input: StepInput) -> Iterator[Any]:
        yield from agent.run(step_input.input, stream=True, stream_events=True, yield_run_output=True)

    seen = play(Workflow(steps=[ask]), "go", mode)
    assert seen.output.content == "four words in it"
    assert [run.agent_name for run in seen.output.step_executor_runs] == ["Writer"]
    if seen.events:
        content = next(event for event in seen.events if event.event == "RunContent")
        assert content.workflow_run_id == seen.output.run_id and content.step_name == "ask"


@in_every_mode
def test_function_workflows_of_every_kind(mode: str) -> None:
    def whole(workflow: Any, execution_input: Any, session_state: dict[str, Any], style: str = "plain") -> Any:
        session_state["n"] = 1
        return {"said": f"{workflow.name} {execution_input.input} {style}"}

    async def waits(execution_input: Any) -> str:
        return execution_input.get_input_as_string()

    def yields(execution_input: Any, **others: Any) -> Iterator[str]:
        yield "a"
        yield sorted(others)[0]

    assert play(Workflow(name="w", steps=whole), "go", mode, style="s").output.content == {"said": "w go s"}
    assert play(Workflow(steps=waits), {"a": 1}, mode).output.content == '{\n  "a": 1\n}'
    seen = play(Workflow(steps=yields), "go", mode, extra=1)
    assert seen.output.content == "aextra"
    if seen.events:
        assert seen.kinds == ["WorkflowStarted", "WorkflowRunContent", "WorkflowRunContent", "WorkflowCompleted"]
    failed = play(Workflow(steps=lambda: 1 / 0), "go", mode)
    assert failed.output.status is RunStatus.error and "division" in failed.output.content
    assert "unknown option 'colour'" in str(play(Workflow(steps=waits), "x", mode, colour=1).error)


@in_every_mode
def test_no_steps_is_a_note(mode: str) -> None:
    seen = play(Workflow(), "go", mode)
    assert seen.output.content == "The workflow has no steps." and seen.output.status is RunStatus.completed


@in_every_mode
@pytest.mark.parametrize("box", ["step", "steps", "condition", "parallel"])
def test_a_step_that_says_stop_ends_the_workflow_with_its_content(mode: str, box: str) -> None:
    log: list[str] = []
    stop = Step("stop", executor=named("stop", StepOutput(content="enough", stop=True), log))
    inner = {
        "step": stop,
        "steps": Steps("box", steps=[stop, named("inside", None, log)]),
        "condition": Condition(True, [stop, named("inside", None, log)], name="box"),
        "parallel": Parallel(stop, name="box"),
    }[box]
    seen = play(Workflow(steps=[named("first", None, log), inner, named("never", None, log)]), "go", mode)
    assert log == ["first", "stop"] and seen.output.content == "enough"
    assert seen.output.status is RunStatus.completed
    assert len(seen.output.step_results) == 2 and seen.output.step_results[-1].stop


def test_a_step_needs_exactly_one_executor() -> None:
    with pytest.raises(ValueError, match="needs one of agent=, team=, workflow= and executor=; it got nothing"):
        Step("x")
    with pytest.raises(ValueError, match="it got agent=, executor="):
        Step("x", agent=saying("a"), executor=plain)
    with pytest.raises(ValueError, match="no function. Give it as agent="):
        Step("x", executor=saying("a"))
    assert Step(executor=plain).name == "plain" and Step(executor=plain).executor_name == "plain"
    assert Step("x", agent=Agent()).executor_name == "unnamed agent"


@in_every_mode
def test_what_an_agent_did_before_it_failed_is_kept(mode: str) -> None:
    def look() -> str:
        """Look around."""
        return "seen"

    agent = Agent(name="A", model=ScriptedModel(wants("look"), fails(RuntimeError("broke"))), tools=[look])
    output = play(Workflow(steps=[Step("a", agent=agent, max_retries=0)]), "go", mode).output
    (run,) = output.step_executor_runs
    assert output.status is run.status is RunStatus.error
    assert [tool.result for tool in run.tools] == ["seen"] and run.metrics.total_tokens == 15
