"""Who works in a step: an agent, a team, another workflow, or a function."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

from agno._engine.checkpoints import checked
from agno._engine.context import Run, private_copy
from agno._engine.costs import sum_of
from agno._engine.inputs import media_of
from agno._engine.lifecycle import COMPLETED, live
from agno._engine.modes import Mode
from agno._engine.plan import PASSED
from agno._engine.progress import Origin, Progress
from agno._io import IO, Give, is_coroutine_function
from agno.agent._running import Running
from agno.agent._runs import begun_run, continued_run
from agno.exceptions import RunCancelledException
from agno.run import cancel
from agno.run.base import BaseRunOutputEvent, RunEventBase, RunStatus
from agno.run.output import text_of
from agno.run.workflow import (
    StepExecutorContinuedEvent,
    StepExecutorPausedEvent,
    WorkflowRunContentEvent,
)
from agno.run.workflow_data import StepOutput
from agno.run.workflow_requirements import StepRequirement
from agno.utils.ids import new_id
from agno.utils.log import log_debug
from agno.utils.parameters import accepted
from agno.workflow._failing import Paused
from agno.workflow._place import Place
from agno.workflow._state import adopt, own_state
from agno.workflow.types import StepInput

if TYPE_CHECKING:
    from agno.workflow._run import WorkflowRun
    from agno.workflow.step import Step

_CONTENT = frozenset(
    {"RunContent", "TeamRunContent", "RunIntermediateContent", "TeamRunIntermediateContent", "WorkflowRunContent"}
)


class ExecutorFailed(Exception):
    """The run of an agent, team or workflow ended with an error; the message is its error."""

    def __init__(self, message: str, error_type: str | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type


# Agents and teams ----------------------------------------------------------------------------------------------------


async def by_component(step: Step, place: Place, given: StepInput) -> StepOutput:
    """Let an agent or a team work: with what the last step gave, or else with the run's input."""
    run, options = place.run, _options(step, place)
    before = options.get("session_state") or {}
    left = await _left(step, place, options) if run.replies or run.journal.at_work is not None else None
    goes_on = left is not None
    first = left if goes_on else _asked(step, place, given, options)
    inner = _run_inside(step, place, first, options, goes_on=goes_on)
    if inner is None:
        output = await _run_outside(step, place, first, options, goes_on=goes_on)
    else:
        try:
            await _life(place, inner)
        except BaseException:  # it failed, or the steps beside it were cancelled: what it did and cost is kept
            run.executed(place.key, inner.output)
            raise
        output = inner.output  # of one that goes on another than it began with
    if goes_on:
        run.replies.pop((place.key, "executor"), None)  # used up; an attempt that failed takes it again
    run.executed(place.key, output)
    if output.session_state is not None:
        adopt(place.state, before, own_state(output.session_state))
    if output.status is not COMPLETED:
        await _not_completed(step, place, output)
    told = step.output()
    told.content, told.step_run_id, told.metrics = output.content, output.run_id, _cost(output)
    if media := media_of(output):
        told.__dict__.update(media)
    return told


async def _left(step: Step, place: Place, options: dict[str, Any]) -> Any:
    """The run of the step that an earlier part of this one left; None if it begins."""
    run = place.run
    kept = None if run.journal.at_work is None else run.journal.at_work.take(place.key)
    if kept is not None:  # it had been answered, if it waited
        options["session_state"] = kept.output.session_state or {}
        await _told_to_go_on(step, place, kept.output)
        return kept.output
    waiting: StepRequirement | None = run.replies.get((place.key, "executor"))
    if waiting is None:
        return None
    options["requirements"] = waiting.executor_requirements
    found = await _waited(step, place, waiting)
    if found.session_state is not None:  # with what it had changed since it began
        options["session_state"] = found.session_state
    return found


def _asked(step: Step, place: Place, given: StepInput, options: dict[str, Any]) -> Any:
    """What a run is asked that begins; what goes with it is put into the options."""
    if media := media_of(given):
        options |= media
    if place.run.plan.passes_context:
        options |= _passed(place.run)
    return message_for(step, place, given)


def _life(place: Place, inner: Run) -> Awaitable[None]:
    """The run of an executor; what it does is kept, if that is wanted."""
    journal = place.run.journal
    may_be_kept = journal.db is not None or journal.at_work is not None
    if may_be_kept and (progress := _progress(place, inner.component)) is not None:
        return _kept_life(place, inner, progress)
    return live(inner, inner.component.body)


async def _kept_life(place: Place, inner: Run, progress: Progress) -> None:
    inner.progress, inner.origin = progress, Origin({"key": place.key})
    await live(inner, inner.component.body)
    progress.check()
    if progress.written:
        place.run.journal.spent[place.key] = progress.written


def _progress(place: Place, executor: Any) -> Progress | None:
    """Where it is kept what the run of an executor does; None if it is not kept. Its own setting comes first."""
    journal, kind = place.run.journal, executor.checkpoint
    if kind is None and journal.kind != "steps":
        kind = journal.kind
    kind = checked(kind) if journal.db is not None else None
    if kind is None and journal.at_work is None:
        return None
    progress = Progress(place.run.root, journal.at_work, journal.rows)
    progress.kind = kind
    return progress


async def _told_to_go_on(step: Step, place: Place, found: Any) -> None:
    await step.emit(place, StepExecutorContinuedEvent, executor_run_id=found.run_id, executor_name=step.executor_name)


async def _waited(step: Step, place: Place, waiting: StepRequirement) -> Any:
    """The run that waited for a person, if there is an answer."""
    run = place.run
    found = run.journal.pool[waiting.executor_run_id or ""]
    if not waiting.is_resolved and not any(one.is_resolved() for one in waiting.executor_requirements or ()):
        run.executed(place.key, found)
        raise Paused([waiting])
    await _told_to_go_on(step, place, found)
    return found


def _options(step: Step, place: Place) -> dict[str, Any]:
    run, context = place.run, place.run.context
    options: dict[str, Any] = {
        "session_id": context.session_id,
        "parent_run_id": context.run_id,
        "workflow_context": {
            "workflow_id": context.workflow_id,
            "workflow_run_id": context.run_id,
            "step_id": step.step_id,
            "step_name": step.label,
            "step_index": place.index,
        },
    }
    if context.user_id:
        options["user_id"] = context.user_id
    if state := own_state(place.context.session_state):
        options["session_state"] = state  # of which the run makes its own copy
    if context.dependencies:
        options["dependencies"] = context.dependencies
    if run.plan.debugs:
        options["debug_mode"] = True
    return options


def _passed(run: WorkflowRun) -> dict[str, Any]:
    """What the workflow's settings say about the prompt of a run that begins."""
    return {name: True for name in PASSED if run.get(name)}


def _run_inside(step: Step, place: Place, first: Any, options: dict[str, Any], *, goes_on: bool) -> Run | None:
    """The run of the executor, for the same coroutine; its events go on as they come, if somebody hears them.

    None for what has a `run` of its own, such as an agent on another machine.
    """
    run, executor = place.run, step.worker
    if getattr(_face(executor, run.io.is_async, goes_on), "__func__", None) not in _OWN:
        return None
    told = run.streaming and run.root.get("stream_executor_events")
    if (tasks := run.root.asked.get("background_tasks")) is not None:
        options = {**options, "background_tasks": tasks}
    if goes_on:
        inner = continued_run(executor, first, Mode(run.io, told, False, False, options))
    else:
        inner = begun_run(executor, first, run.io, told, options)
    run.at_work[place.key] = inner.context.run_id
    if told:
        inner.give, inner.shown = place.give, run.shown
    return inner


def _face(executor: Any, is_async: bool, goes_on: bool) -> Any:
    if goes_on:
        return executor.acontinue_run if is_async else executor.continue_run
    return executor.arun if is_async else executor.run


_OWN = frozenset({Running.run, Running.arun, Running.continue_run, Running.acontinue_run})  # not those of a subclass


async def _run_outside(step: Step, place: Place, first: Any, options: dict[str, Any], *, goes_on: bool) -> Any:
    """The output of what has a `run` of its own."""
    run, executor = place.run, step.worker
    faces = _face(executor, False, goes_on), _face(executor, True, goes_on)
    if goes_on:
        run_id = first.run_id
    else:
        run_id = options["run_id"] = new_id()
    run.at_work[place.key] = run_id
    if "session_state" in options:
        options = {**options, "session_state": private_copy(options["session_state"])}
    try:
        if not (run.streaming and run.root.get("stream_executor_events")):
            return await run.io.pick(*faces, first, stream=False, **options)
        return await _streamed(place, faces, first, options)
    except BaseException:
        # the run in the step must not go on by itself when this one stops to listen
        if run_id in cancel.get_active_runs():
            cancel.cancel_run(run_id)
        raise


async def _streamed(place: Place, faces: tuple[Any, Any], first: Any, options: dict[str, Any]) -> Any:
    run, output = place.run, None
    every = run.shown is None
    events = run.io.stream(*faces, first, stream=True, stream_events=every, yield_run_output=True, **options)
    async with aclosing(events):
        async for item in events:
            if isinstance(item, BaseRunOutputEvent):
                await place.tell(item)
            else:
                output = item
    if output is None:
        raise ExecutorFailed("Its stream ended without a result.")
    return output


async def _not_completed(step: Step, place: Place, output: Any) -> None:
    """Raise what it means for the step."""
    status = output.status
    if status is RunStatus.paused:
        await _pause(step, place, output)
    if status is RunStatus.cancelled:
        place.run.check()
        raise RunCancelledException(f"Run {output.run_id} in step {step.label!r} was cancelled")
    if status is RunStatus.error:
        raise ExecutorFailed(text_of(output.content), output.error_type)


def _cost(output: Any) -> Any:
    """What the run cost; of a team with its members."""
    members = output.__dict__.get("member_responses")
    return output.metrics + sum_of(members) if members and output.metrics is not None else output.metrics


async def _pause(step: Step, place: Place, output: Any) -> None:
    requirement = StepRequirement(
        step_id=step.step_id,
        step_name=step.label,
        step_index=place.index,
        step_type=step.step_type.value,
        key=place.key,
        requires_executor_input=True,
        executor_type=step.executor_type,
        executor_name=step.executor_name,
        executor_run_id=output.run_id,
        executor_requirements=list(output.requirements or ()),
        timeout=step.review.timeout,
    )
    requirement.start_clock()
    await step.emit(
        place,
        StepExecutorPausedEvent,
        requirements=[requirement.to_dict()],
        executor_run_id=output.run_id,
        executor_name=step.executor_name,
    )
    raise Paused([requirement])


def message_for(step: Step, place: Place, given: StepInput) -> Any:
    """What an agent, a team or a workflow in a step is asked."""
    message = given.previous_step_content or given.input
    data = given.additional_data
    if not data and (given.workflow_session is None or not step.wants_history(place.run)):
        return message
    return _with_more(step, place, given, message, data or {})


def _with_more(step: Step, place: Place, given: StepInput, message: Any, data: dict[str, Any]) -> Any:
    """The message with the history and what people said."""
    parts = []
    if step.wants_history(place.run) and (history := given.get_workflow_history_context(step.history_runs(place.run))):
        parts.append(history)
    if values := data.get("user_input"):
        parts.append("Values from the user:\n" + "\n".join(f"{name}: {value}" for name, value in values.items()))
    if feedback := data.get("feedback"):
        parts.append(f"Your last answer was not accepted. The feedback:\n{feedback}")
    if not parts:
        return message
    first, rest = (parts[:1], parts[1:]) if parts[0].startswith("<workflow_history>") else ([], parts)
    return "\n\n".join([*first, text_of(message), *rest])


# Functions -----------------------------------------------------------------------------------------------------------


class _Returned:
    """What a generator returned."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


async def by_function(step: Step, place: Place, given: StepInput) -> StepOutput:
    """Let a function work. What it gives is the content, unless it gives a StepOutput."""
    offered = {"session_state": place.state, "run_context": place.context, "workflow_session": given.workflow_session}
    function = step.worker
    arguments = accepted(function, offered)
    call = partial(function, given, **arguments) if step.takes_input else partial(function, **arguments)
    found = await outcome_of(place, function, call, step)
    if not isinstance(found, StepOutput):
        return step.output(content=found if found is None or isinstance(found, str) else str(found))
    twin = StepOutput.__new__(StepOutput)  # the function may give the same object to several runs
    twin.__dict__.update(found.__dict__)
    facts = step.output()
    for name in ("step_name", "step_id", "step_type", "executor_type", "executor_name"):
        setattr(twin, name, getattr(facts, name))
    return twin


async def outcome_of(place: Place, function: Callable[..., Any], call: Callable[[], Any], step: Step | None) -> Any:
    """What a function of any colour gives; a generator is read to its end, and its pieces are events.

    One that awaits is left where it waits when the run is cancelled.
    """
    run, found = place.run, []
    if not (is_coroutine_function(function) or inspect.isasyncgenfunction(_inner(function))):
        return await _outcome(run.io, place, function, call, step)

    async def work(io: IO, give: Give) -> None:
        found.append(await _outcome(io, place.heard_by(give), function, call, step))

    await run.io.unless(run.token, work, place.give)
    return found[0]


async def _outcome(io: IO, place: Place, function: Any, call: Callable[[], Any], step: Step | None) -> Any:
    if is_generator(function):
        return await _gathered(io, place, call, step)
    found = await io.call(call)
    if inspect.isgenerator(found) or inspect.isasyncgen(found):
        return await _gathered(io, place, lambda: found, step)
    return found


def is_generator(function: Any) -> bool:
    """True for generator functions of both colours, also behind a partial, and for objects with such a `__call__`."""
    function = _inner(function)
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _inner(function: Any) -> Any:
    """The function behind partials, or the `__call__` of an object."""
    while isinstance(function, partial):
        function = function.func
    if not inspect.isroutine(function) and not isinstance(function, type):
        function = getattr(function, "__call__", function)  # noqa: B004  # its own call, not whether it has one
    return function


async def _gathered(io: IO, place: Place, call: Callable[[], Any], step: Step | None) -> Any:
    """The texts of a generator joined, or the StepOutput that it yields or returns."""
    run, pieces = place.run, list[str]()
    result: Any = None

    def begin() -> Any:
        items = call()
        return _with_return(items) if inspect.isgenerator(items) else items

    async with aclosing(io.stream(begin, begin)) as items:
        async for item in items:
            run.check()
            if isinstance(item, _Returned):
                result = item.value
            elif isinstance(item, StepOutput):
                result = item
            elif isinstance(item, BaseRunOutputEvent):
                if item.event in _CONTENT and isinstance(piece := getattr(item, "content", None), str):
                    pieces.append(piece)
                await _tell(place, item, step)
            elif hasattr(item, "status") and hasattr(item, "run_id"):  # the output of a run that the function forwards
                run.executed(place.key, item)
                result = item.content if not pieces and result is None else result
            else:
                piece = _piece(item)
                pieces.append(piece)
                await _tell_piece(place, piece, step)
    return result if result is not None else "".join(pieces) if pieces else None


def _with_return(items: Generator[Any, Any, Any]) -> Iterator[Any]:
    value = yield from items
    if value is not None:
        yield _Returned(value)


def _piece(item: Any) -> str:
    if isinstance(item, str):
        return item
    content = getattr(item, "content", None)
    return content if isinstance(content, str) else str(item)


def _tell_piece(place: Place, piece: str, step: Step | None) -> Any:
    if step is None:
        return place.emit(WorkflowRunContentEvent, content=piece)
    return step.emit(place, WorkflowRunContentEvent, content=piece)


def _tell(place: Place, event: BaseRunOutputEvent, step: Step | None) -> Any:
    """Pass on an event that a function yields; what it does not say about its origin is filled in."""
    run = place.run
    facts: dict[str, Any] = {"step_id": step and step.step_id}
    if isinstance(event, RunEventBase):
        facts |= {"workflow_id": run.component.id, "workflow_run_id": run.output.run_id}
        facts |= {"step_name": step and step.label, "step_index": place.index}
    else:
        facts |= run.identity
        if event.__class__.__module__ != "agno.run.workflow":
            run.keep(event)
    for name, value in facts.items():
        if value is not None and not getattr(event, name, None):
            try:
                setattr(event, name, value)
            except AttributeError:  # a class of the user's that fixes it
                log_debug(f"{type(event).__name__}.{name} cannot be filled in")
    return place.tell(event)


__all__ = ["ExecutorFailed", "by_component", "by_function", "is_generator", "message_for", "outcome_of"]
