"""Start, body, end: once for everything that runs, in every mode.

`live(run, body)` is the run. Whether it is streamed, awaited or stepped is decided by who steps it, and where `run.give`
leads.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from agno._engine.claims import release
from agno._engine.context import Run
from agno._engine.costs import MEMBER, add_member_details
from agno._engine.observing import is_observed, observe
from agno._engine.sessions import NotPlainError, begin, store
from agno.exceptions import (
    AgnoError,
    InputCheckError,
    OutputCheckError,
    RunCancelledException,
    RunClaimedError,
    error_type_of,
)
from agno.models._loop import seal
from agno.models.base import Model
from agno.models.message import Message
from agno.models.metrics import Metrics, ModelMetrics, ModelType
from agno.run import watching
from agno.run.base import RunStatus
from agno.run.cancel import cleanup_run
from agno.utils.blank import bare
from agno.utils.log import log_error, log_exception, log_warning

Body = Callable[[Run], Coroutine[Any, Any, None]]


def live(run: Run, body: Body) -> Coroutine[Any, Any, None]:
    """A run from its start to its end. One that fails, is cancelled or is left early is stored too."""
    work = _lived(run, body)
    return work if watching.watcher is None else watching.watcher.run(run, work)


async def _lived(run: Run, body: Body) -> None:
    run.register()
    run_id = run.output.run_id
    try:
        if (opening := begin(run)) is not None:
            await opening
        run.check()
        await body(run)
    except RunCancelledException as cancelled:
        await _ended(run, RunStatus.cancelled, str(cancelled), run.events.RunCancelledEvent, reason=str(cancelled))
    except KeyboardInterrupt:
        if run.is_finished:  # the answer was there; what follows it is given up
            return
        reason = f"Run {run_id} was interrupted from the keyboard"
        await _ended(run, RunStatus.cancelled, reason, run.events.RunCancelledEvent, reason=reason)
    except Exception as error:
        if watching.watcher is not None:
            watching.watcher.failed(error)
        run.output.error_type = error_type_of(error)
        await _ended(run, RunStatus.error, str(error), run.events.RunErrorEvent, **_facts(error))
        if not run.streaming and not isinstance(error, run.told_errors):
            raise
    finally:
        try:
            if not run.stored:
                await _abandoned(run)
            if is_observed(run):
                await observe(run)
        finally:  # a task may be cancelled again while it stores the run
            run.exchange = None  # it holds the run; without cycles nothing waits for the garbage collector
            if run.ended is not None:
                run.ended = None
            if run.delegations is not None:
                run.delegations.run = run.delegations = run.progress = None
            cleanup_run(run.component.cancel_key(run_id))
            if run.claim is not None:
                await release(run)
            if run.closers:
                await _close(run)


async def _ended(run: Run, status: RunStatus, text: str, event_class: type[Any], **details: Any) -> None:
    """Close a run that did not complete: what it said and did so far is kept."""
    run.component.closing(run, status, text)
    if run.output.content is None or status is RunStatus.error:
        run.output.content = text
    run.output.status = status
    event = run.event(event_class, **details)
    await _store_or_log(run)
    run.stored = True  # or it was tried, which is all that can be done
    await run.show(event)


async def _abandoned(run: Run) -> None:
    """The reader went away (break, task cancelled): keep what there is, marked cancelled."""
    if not run.is_finished:  # else it was left between its last word and the writing of it
        run.component.closing(run, RunStatus.cancelled, f"Run {run.output.run_id} was left before it ended")
        run.output.status = RunStatus.cancelled
    await _store_or_log(run)


async def _close(run: Run) -> None:
    closers, run.closers = run.closers, ()
    for close in reversed(closers):
        try:
            await run.io.call(close)
        except Exception:  # the answer is there; a connection that does not close must not cost it
            log_exception(f"run_id={run.output.run_id} | {close!r} failed at the end of the run")


async def _store_or_log(run: Run) -> None:
    try:
        await store(run)
    except RunClaimedError:
        log_warning(f"run_id={run.output.run_id} | stopped here, and not stored: another process goes on with it")
    except (AgnoError, NotPlainError) as error:  # its sentence says all
        log_error(f"run_id={run.output.run_id} | the {run.output.status.value} run could not be stored: {error}")
    except Exception:  # the run's own failure is what the caller must see; this one must not hide it
        log_exception(f"run_id={run.output.run_id} | the {run.output.status.value} run could not be stored")


def close_messages(run: Run, status: RunStatus, reason: str) -> None:
    """Put messages, tools and metrics on the output, with every tool call answered."""
    if status is _CANCELLED or status is _ERROR:
        seal(run.messages, f"Not executed: {reason}", run.model.tool_message_role if run.model else "tool")
    output, exchange = run.output, run.exchange
    if run.messages:
        output.messages = kept = []
        for message in run.messages:
            if message.add_to_agent_memory:
                kept.append(message)
    if exchange is not None:
        if exchange.executions:
            output.tools = exchange.executions
        if output.content is None:
            output.content = exchange.response.content
        if (thought := exchange.response.reasoning_content) and not output.reasoning_content:
            output.reasoning_content = thought
    count_metrics(run)
    if run.kept_events is not None:
        output.events = run.kept_events


# by their own names: a member of an enum is slow to read
COMPLETED, _CANCELLED, _ERROR = RunStatus.completed, RunStatus.cancelled, RunStatus.error


def count_metrics(run: Run) -> None:
    """The run's metrics: the sum over its own assistant messages; durations are wall clock, in seconds."""
    before, output, seconds = run.before, run.output, run.io.now() - run.started
    total = usage_of(run.messages)
    total.duration = seconds + ((before.duration or 0.0) if before is not None else 0.0)
    if run.other_usage or (before is not None and before.details):
        _count_others(run, total)
    if run.identity_name == "team" and (members := output.member_responses):
        add_member_details(total, run.model, members)
    output.metrics = total
    if run.counted:
        run.spent = usage_of(run.messages[run.counted :])
        run.spent.duration = seconds


def usage_of(messages: list[Message]) -> Metrics:
    """What the answers among the messages cost, without history."""
    total, first = bare(Metrics), None
    for message in messages:
        role = message.role
        if (role == "assistant" or role == "model") and not message.from_history:
            own = message.metrics
            if first is None:
                first = own.time_to_first_token
            total.add_usage(own)
    if first is not None:
        total.time_to_first_token = first
    return total


_ANSWERING = frozenset({"assistant", "model"})


def count_more(run: Run, usage: Sequence[tuple[str, Model, list[Message]]]) -> None:
    """Count what other models cost after the run was stored: in its metrics, and when it is stored again, once in the
    session's. The run takes no longer for it: the answer was there."""
    before = run.output.metrics or Metrics()
    count_metrics(run)
    after = run.output.metrics
    after.duration = before.duration
    spent = Metrics()
    for part, model, messages in usage:
        of_model = ModelMetrics(model.id, model.get_provider())
        of_model.add_usage(usage_of(messages))
        spent.add_usage(Metrics(**{k: v for k, v in of_model.__dict__.items() if k not in ("id", "provider")}))
        spent.add_usage(Metrics(details={part: [of_model]}))
    if before.details is None:
        spent.details = after.details
    session = run.session
    run.session_cost = ((session.session_data or {}).get("session_metrics") if session is not None else None,)
    run.spent, run.stored = spent, False


def _count_others(run: Run, total: Metrics) -> None:
    """What other models cost in this run, in the sum and, by the part each of them played, in the details."""
    part_of = {id(m): (part, model) for part, model, messages in run.other_usage for m in messages}
    kept = {id(message) for message in run.messages}
    entries = [
        (ModelType.MODEL.value, run.model, m) for m in run.messages if id(m) not in part_of and not m.from_history
    ]
    entries += [(part, model, m) for part, model, messages in run.other_usage for m in messages]
    for part, model, message in entries:
        own = message.__dict__.get("metrics")
        if own is None or model is None or message.role not in _ANSWERING:
            continue
        spent = ModelMetrics(model.id, model.get_provider())
        spent.add_usage(own)
        total.add_usage(Metrics(details={part: [spent]}))
        if id(message) not in kept:
            total.add_usage(own)
    for part, models in ((run.before and run.before.details) or {}).items():
        if part != ModelType.MODEL.value and not part.startswith(MEMBER):  # these are counted from what there is
            total.add_usage(Metrics(details={part: list(models)}))
            for spent in models:
                total.add_usage(spent)


def _facts(error: Exception) -> dict[str, Any]:
    facts: dict[str, Any] = {"content": str(error), "error_type": error_type_of(error)}
    if isinstance(error, (InputCheckError, OutputCheckError)):
        trigger = error.check_trigger
        facts["error_type"] = facts["error_id"] = getattr(trigger, "value", trigger)
        facts["additional_data"] = error.additional_data
    elif isinstance(error, AgnoError):
        facts["additional_data"] = {"status_code": error.status_code}
    return facts


__all__ = ["COMPLETED", "close_messages", "count_metrics", "count_more", "live"]
