"""A workflow with an agent in front: it answers from earlier runs, or says with which input the steps shall run."""

from __future__ import annotations

import copy
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from agno.exceptions import RunCancelledException
from agno.run.base import BaseRunOutputEvent, RunStatus
from agno.run.output import text_of
from agno.run.workflow import WorkflowAgentCompletedEvent, WorkflowAgentStartedEvent
from agno.run.workflow_data import StepOutput
from agno.tools.decorator import tool
from agno.utils.ids import new_id
from agno.workflow._place import Place
from agno.workflow.agent import TOOL

if TYPE_CHECKING:
    from agno.workflow._run import WorkflowRun


@tool(name=TOOL, external_execution=True, external_execution_silent=True)
def run_workflow(query: str) -> str:
    """Run the workflow.

    Args:
        query: The task, complete and in the user's words.
    """
    return query  # never called: the run of the agent ends with the call, and the steps follow


async def answered_by_agent(run: WorkflowRun, place: Place) -> bool:
    """Ask the agent. True if it answered; else the run's input is what it wants the steps to work on."""
    if (chosen := run.journal.noted(place, "query")) is not None:  # it has decided before
        _hand_over(run, chosen)
        return False
    await run.emit(WorkflowAgentStartedEvent)
    output = await _asked(run)
    run.output.workflow_agent_run = output
    if output.status is RunStatus.cancelled:
        run.check()
        raise RunCancelledException(f"Run {output.run_id} was cancelled")
    if output.status is RunStatus.error:
        raise RuntimeError(text_of(output.content))
    query = _query(output)
    run.count(_as_step(run, output))
    await run.emit(WorkflowAgentCompletedEvent, content=output.content, runs_workflow=query is not None)
    if query is None:
        run.output.content, run.output.content_type = output.content, output.content_type
        return True
    await run.journal.note(place, "query", query)
    _hand_over(run, query)
    return False


def _hand_over(run: WorkflowRun, query: str) -> None:
    """Let the steps work on what the agent asks for; what has a schema stays what the caller gave."""
    if run.component.input_schema is None and query:
        run.input = query


def _query(output: Any) -> str | None:
    """What the workflow is to run with; None if the agent answered. Its own run ends here, whatever the steps do."""
    for execution in output.tools or ():
        if execution.tool_name == TOOL and execution.is_paused:
            execution.result = "The workflow runs."
            output.status, output.requirements = RunStatus.completed, None
            return str((execution.tool_args or {}).get("query") or "")
    return None


def _as_step(run: WorkflowRun, output: Any) -> StepOutput:
    name = run.component.agent.name or "WorkflowAgent"
    return StepOutput(step_name=name, executor_type="agent", executor_name=name, metrics=output.metrics)


async def _asked(run: WorkflowRun) -> Any:
    agent = copy.copy(run.component.agent)  # the run's own: it gets the tool
    agent.__dict__ = {**agent.__dict__, "tools": [*(agent.tools or ()), run_workflow]}
    message = text_of(run.input)
    if agent.add_workflow_history and run.loaded_session is not None:
        history = run.loaded_session.get_workflow_history_context(agent.num_history_runs)
        message = f"{history}\n\n{message}" if history else message
    options: dict[str, Any] = {
        "session_id": run.context.session_id,
        "user_id": run.context.user_id,
        "parent_run_id": run.output.run_id,
        "run_id": new_id(),
        "session_state": run.stored_state() or None,
        "workflow_context": {"workflow_id": run.component.id, "workflow_run_id": run.output.run_id},
    }
    if not run.streaming:
        return await run.io.pick(agent.run, agent.arun, message, stream=False, **options)
    events = run.io.stream(
        agent.run, agent.arun, message, stream=True, stream_events=run.shown is None, yield_run_output=True, **options
    )
    output = None
    async with aclosing(events):
        async for item in events:
            if isinstance(item, BaseRunOutputEvent):
                if item.event != "RunPaused":  # it does not wait for a person
                    await run.show(item)
            else:
                output = item
    return output


__all__ = ["answered_by_agent", "run_workflow"]
