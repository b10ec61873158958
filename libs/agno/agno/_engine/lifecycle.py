"""Start, body, end: once for everything that runs, in every mode.

`events_of(run, body)` is the run. Whether it is streamed, awaited or stepped is decided by who iterates it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from typing import Any

from agno._engine.context import Run
from agno._engine.sessions import begin, store
from agno.exceptions import AgnoError, InputCheckError, OutputCheckError, RunCancelledException
from agno.models._loop import seal
from agno.models.metrics import Metrics
from agno.run.base import RunStatus
from agno.run.cancel import cleanup_run
from agno.utils.log import log_exception

Body = Callable[[Run, AsyncExitStack], AsyncGenerator[Any, None]]


async def events_of(run: Run, body: Body) -> AsyncGenerator[Any, None]:
    """Everything that happens in a run, in order. A run that fails, is cancelled or is left early is stored too."""
    run.register()
    run_id, left_early = run.output.run_id, True
    try:
        async with AsyncExitStack() as stack:
            try:
                await begin(run)
                run.check()
                async with aclosing(body(run, stack)) as events:
                    async for event in events:
                        yield event
            except RunCancelledException as cancelled:
                reason = str(cancelled)
                yield await _ended(run, RunStatus.cancelled, reason, run.events.RunCancelledEvent, reason=reason)
            except KeyboardInterrupt:
                reason = f"Run {run_id} was interrupted from the keyboard"
                yield await _ended(run, RunStatus.cancelled, reason, run.events.RunCancelledEvent, reason=reason)
            except Exception as error:
                yield await _ended(run, RunStatus.error, str(error), run.events.RunErrorEvent, **_facts(error))
                if not run.streaming:
                    raise
        left_early = False
    finally:
        try:
            if left_early and not run.is_finished:
                await _abandoned(run)
        finally:  # a task may be cancelled again while it stores the run
            run.exchange = None  # it holds the run; without the cycle nothing waits for the garbage collector
            cleanup_run(run_id)


async def _ended(run: Run, status: RunStatus, text: str, event_class: type[Any], **details: Any) -> Any:
    """Close a run that did not complete: what it said and did so far is kept."""
    close_messages(run, status, text)
    if run.output.content is None or status is RunStatus.error:
        run.output.content = text
    run.output.status = status
    event = run.emit(event_class, **details)
    await _store_or_log(run)
    return event


async def _abandoned(run: Run) -> None:
    """The reader went away (break, task cancelled): keep what there is, marked cancelled."""
    reason = f"Run {run.output.run_id} was left before it ended"
    close_messages(run, RunStatus.cancelled, reason)
    run.output.status = RunStatus.cancelled
    await _store_or_log(run)


async def _store_or_log(run: Run) -> None:
    try:
        await store(run)
    except Exception:  # the run's own failure is what the caller must see; this one must not hide it
        log_exception(f"run_id={run.output.run_id} | the {run.output.status.value} run could not be stored")


def close_messages(run: Run, status: RunStatus, reason: str) -> None:
    """Put messages, tools and metrics on the output, with every tool call answered."""
    if status in (RunStatus.cancelled, RunStatus.error):
        seal(run.messages, f"Not executed: {reason}", run.model.tool_message_role if run.model else "tool")
    output, exchange = run.output, run.exchange
    if run.messages:
        output.messages = [m for m in run.messages if m.add_to_agent_memory]
    if exchange is not None:
        output.tools = exchange.executions or output.tools
        if output.content is None:
            output.content = exchange.response.content
        if exchange.response.reasoning_content and not output.reasoning_content:
            output.reasoning_content = exchange.response.reasoning_content
    count_metrics(run)
    if run.kept_events is not None:
        output.events = run.kept_events


def count_metrics(run: Run) -> None:
    """The run's metrics: the sum over its own assistant messages; durations are wall clock, in seconds."""
    total = Metrics()
    for message in run.messages:
        if message.from_history or message.role not in ("assistant", "model") or not message.has_metrics:
            continue
        if total.time_to_first_token is None:
            total.time_to_first_token = message.metrics.time_to_first_token
        total.add_usage(message.metrics)
    earlier = run.output.metrics.duration if run.continued and run.output.metrics else None
    total.duration = run.io.now() - run.started + (earlier or 0)
    run.output.metrics = total


def _facts(error: Exception) -> dict[str, Any]:
    facts: dict[str, Any] = {"content": str(error), "error_type": type(error).__name__}
    if isinstance(error, (InputCheckError, OutputCheckError)):
        trigger = error.check_trigger
        facts["error_type"] = facts["error_id"] = getattr(trigger, "value", trigger)
        facts["additional_data"] = error.additional_data
    elif isinstance(error, AgnoError):
        facts["additional_data"] = {"status_code": error.status_code}
    return facts


__all__ = ["close_messages", "count_metrics", "events_of"]
