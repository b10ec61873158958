"""What happens in a run of a workflow, between its start and its end."""

from __future__ import annotations

from typing import Any

from agno._engine.inputs import media_of
from agno._engine.sessions import store
from agno._io import ReaderLeft
from agno.exceptions import error_type_of
from agno.run.base import RunStatus
from agno.run.workflow import WorkflowCompletedEvent, WorkflowPausedEvent, WorkflowStartedEvent
from agno.run.workflow_data import StepOutput, StepType
from agno.run.workflow_requirements import ErrorRequirement
from agno.utils.blank import blank
from agno.utils.parameters import accepted
from agno.workflow._building import check_depth
from agno.workflow._conversing import answered_by_agent
from agno.workflow._executors import outcome_of
from agno.workflow._failing import Paused, StepFailed
from agno.workflow._place import Place
from agno.workflow._run import WorkflowRun, close_run, execution_input
from agno.workflow._sequence import Ending, one_after_the_other
from agno.workflow._state import CONTEXT_NAMES
from agno.workflow.types import StepInput

_KINDS = ("runs", "steps", "tool-batch", "tools")
NOTHING_RAN = "The workflow has no steps."


async def workflow_body(run: WorkflowRun) -> None:
    """The steps, or the function; then the result, or the questions that it waits for."""
    component = run.component
    nodes = component.nodes
    _prepare(run, len(nodes))
    if run.replies and run.outermost_run is None:
        await run.journal.keep_answers(run)
    try:
        if component.agent is not None and await answered_by_agent(run, _root_place(run)):
            pass  # it needed no step
        elif component.is_function:
            await _begin(run)
            await _function(run)
        else:
            if run.outermost_run is None:
                check_depth(component, nodes)
            await _begin(run)
            await _steps(run, nodes)
    except Paused as pause:
        await _pause(run, pause)
    else:
        await _finish(run)


def _prepare(run: WorkflowRun, steps: int) -> None:
    """What steps can read in the state, and not keep there."""
    context = run.context
    for name in CONTEXT_NAMES:
        run.state[name] = getattr(context, name)
    if run.outermost_run is not None:
        return
    if (kind := _checkpoint(run.component)) != "runs" and run.output.parent_run_id is None:
        run.journal.db, run.journal.kind = run.component.db, kind
    if steps:
        run.journal.unsaved_key = str(steps - 1)


def _checkpoint(workflow: Any) -> str:
    kind: str = workflow.checkpoint
    if kind not in _KINDS:
        raise ValueError(f"checkpoint={kind!r} of {workflow!r} is none of {', '.join(map(repr, _KINDS))}.")
    return kind


async def _begin(run: WorkflowRun) -> None:
    if not run.continued and not run.continued_inside:
        await run.emit(WorkflowStartedEvent, parent_step_id=run.parent_step_id)


def _root_place(run: WorkflowRun) -> Place:
    return Place(run, run.place_key, None, run.parent_step_id, run.give, run.context)


# Steps ---------------------------------------------------------------------------------------------------------------


async def _steps(run: WorkflowRun, nodes: Any) -> None:
    ending, place = Ending(), _root_place(run)
    run.output.step_results = ending.outputs  # type: ignore[assignment]  # what ended is there, however the run ends
    await one_after_the_other(nodes, place, first_input(run), run.parent_step_id, "", ending)
    if ending.error is not None:
        raise ending.error
    run.output.content = content_of(ending.outputs)
    run.output.content_type = "str" if run.output.content is None else type(run.output.content).__name__


def first_input(run: WorkflowRun) -> StepInput:
    """What the first step is given."""
    output, session = run.output, run.loaded_session
    given = {"input": run.input, "additional_data": output.additional_data, "workflow_session": session}
    return blank(StepInput, {**given, **media_of(output)})


def content_of(outputs: list[StepOutput]) -> Any:
    """The result: what the step that stopped gave, or else the last one that gave something."""
    if not outputs:
        return NOTHING_RAN
    last = outputs[-1]
    if last.stop and (stopping := _stopping(last)) is not None:
        return stopping.content
    for output in reversed(outputs):
        if (told := output.told) is not None:
            return told
    return last.content


def _stopping(output: StepOutput) -> StepOutput | None:
    """The innermost step that said stop."""
    for inner in output.steps or ():
        if inner.stop:
            return _stopping(inner)
    return output if output.stop else None


# Functions -----------------------------------------------------------------------------------------------------------


async def _function(run: WorkflowRun) -> None:
    """The whole workflow is a function: what it gives is the content."""
    component = run.component
    function = component.steps
    offered = {
        **run.extra,
        "workflow": component,
        "execution_input": execution_input(run),
        "session_state": run.state,
        "run_context": run.context,
    }
    arguments = accepted(function, offered)
    place = _root_place(run)
    try:
        found = await outcome_of(place, function, lambda: function(**arguments), None)
    except (Paused, StepFailed):
        raise
    except ReaderLeft:
        raise
    except Exception as error:
        run.check()
        facts = {"error": str(error), "error_type": error_type_of(error)}
        raise StepFailed(_function_output(component, success=False, **facts)) from error
    if isinstance(found, StepOutput):
        run.output.step_results = [found]
        found = found.told
    run.output.content = found
    run.output.content_type = "str" if found is None else type(found).__name__


def _function_output(component: Any, **fields: Any) -> StepOutput:
    name = getattr(component.steps, "__name__", "Custom Function")
    return StepOutput(step_name=name, step_type=StepType.FUNCTION.value, executor_type="function", **fields)


# Ends ----------------------------------------------------------------------------------------------------------------


async def _finish(run: WorkflowRun) -> None:
    run.check()
    output = run.output
    output.status = RunStatus.completed
    _collect_media(output)
    close_run(run, RunStatus.completed, "")
    heard = run.hears(WorkflowCompletedEvent)
    completed = run.event(WorkflowCompletedEvent, **_result(run)) if heard else None
    await store(run)
    if completed is not None:
        await run.show(completed)


def _result(run: WorkflowRun) -> dict[str, Any]:
    output = run.output
    return {
        "content": output.content,
        "content_type": output.content_type,
        "step_results": output.step_results,
        "metadata": output.metadata,
        "parent_step_id": run.parent_step_id,
    }


def _collect_media(output: Any) -> None:
    """What was given, and what the steps made of it."""
    for step in output.step_results:
        for kind, items in media_of(step).items():
            setattr(output, kind, [*(getattr(output, kind) or ()), *items])


async def _pause(run: WorkflowRun, pause: Paused) -> None:
    output = run.output
    output.status = RunStatus.paused
    errors = [one for one in pause.requirements if isinstance(one, ErrorRequirement)]
    output.step_requirements = [one for one in pause.requirements if not isinstance(one, ErrorRequirement)] or None
    output.error_requirements = errors or None
    output.content = "The workflow waits for a person: " + "; ".join(map(_need, pause.requirements)) + "."
    close_run(run, RunStatus.paused, "")
    first = pause.requirements[0]
    event = run.event(
        WorkflowPausedEvent,
        step_id=first.step_id,
        step_name=first.step_name,
        step_index=first.step_index,
        content=output.content,
        requirements=[one.to_dict() for one in pause.requirements],
        step_requirements=output.step_requirements,
        error_requirements=output.error_requirements,
    )
    await store(run)
    if run.outermost_run is None:  # else the outermost run says it
        await run.show(event)


def _need(one: Any) -> str:
    name = repr(one.step_name)
    if isinstance(one, ErrorRequirement):
        return f"step {name} needs a decision, to try it again or to go on without it; it failed: {one.error_message}"
    if one.requires_executor_input:
        return f"{one.executor_name or 'the executor'} in step {name} needs an answer"
    asked = one.confirmation_message or one.user_input_message or one.output_review_message
    kind = (
        "a choice of the way"
        if one.requires_route_selection
        else "a review of its output"
        if one.needs_review
        else "input"
        if one.requires_user_input
        else "confirmation"
    )
    return f"step {name} needs {kind}" + (f" ({asked})" if asked else "")


__all__ = ["NOTHING_RAN", "content_of", "workflow_body"]
