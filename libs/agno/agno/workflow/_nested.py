"""A workflow as a step of another one: a run inside of the run, in the same coroutine, with the same journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agno._engine.context import private_copy
from agno._engine.inputs import media_of
from agno._engine.lifecycle import live
from agno._engine.modes import Mode
from agno.exceptions import RunCancelledException
from agno.run.base import RunStatus
from agno.run.output import text_of
from agno.run.workflow_data import StepOutput
from agno.utils.ids import new_id
from agno.workflow._executors import ExecutorFailed, message_for
from agno.workflow._failing import Paused
from agno.workflow._place import Place
from agno.workflow._run import new_run
from agno.workflow._state import adopt, own_state
from agno.workflow.types import StepInput

if TYPE_CHECKING:
    from agno.workflow.step import Step


async def by_workflow(step: Step, place: Place, given: StepInput) -> StepOutput:
    """Let a workflow work: with what the last step gave, or else with the run's input."""
    run, journal = place.run, place.run.journal
    began = journal.noted(place, "run_id")
    if began is None:
        began = new_id()
        await journal.note(place, "run_id", began)
        resumed = False
    else:
        resumed = any(key.startswith(f"{place.key}/") for key, _ in list(run.replies)) or run.root.continued
    before = private_copy(own_state(place.state))
    inner = new_run(step.worker, message_for(step, place, given), _mode(place, given, before, began), outer=place)
    inner.give, inner.shown = place.give, run.shown
    inner.place_key, inner.parent_step_id, inner.replies = f"{place.key}/", step.step_id, run.replies
    inner.continued_inside = resumed
    run.at_work[place.key] = began
    try:
        await live(inner, inner.component.body)
    finally:
        run.executed(place.key, inner.output)
    output = inner.output
    if output.status is RunStatus.paused:
        raise Paused([*(output.step_requirements or ()), *(output.error_requirements or ())])
    adopt(place.state, before, inner.stored_state())
    if output.status is RunStatus.cancelled:
        run.check()
        raise RunCancelledException(f"Run {output.run_id} in step {step.label!r} was cancelled")
    if output.status is RunStatus.error:
        raise ExecutorFailed(text_of(output.content))
    return step.output(
        content=output.content,
        step_run_id=output.run_id,
        metrics=output.metrics.total() if output.metrics is not None else None,
        **media_of(output),
    )


def _mode(place: Place, given: StepInput, state: dict[str, Any], run_id: str) -> Mode:
    run = place.run
    options: dict[str, Any] = {
        "session_id": run.context.session_id,
        "user_id": run.context.user_id,
        "session_state": state,
        "run_id": run_id,
        "parent_run_id": run.output.run_id,
        "additional_data": given.additional_data,
        "dependencies": run.context.dependencies,
        **media_of(given),
    }
    return Mode(run.io, run.streaming, run.shown is None, False, options)


__all__ = ["by_workflow"]
