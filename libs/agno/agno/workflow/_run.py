"""One run of a workflow: from a call to its state, and back into the output when it ends, pauses, or goes on."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from pydantic import BaseModel

from agno._engine.context import Run, private_copy
from agno._engine.inputs import MEDIA, validated
from agno._engine.modes import Mode
from agno._engine.plan import id_of, plan_of
from agno.exceptions import RunNotContinuableError, RunNotFoundError
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.run import workflow as events
from agno.run.base import RunStatus
from agno.run.cancel import is_running_here
from agno.run.context import RunContext
from agno.run.workflow import WorkflowErrorEvent, WorkflowRunOutput
from agno.run.workflow_data import StepMetrics, StepOutput, WorkflowMetrics
from agno.run.workflow_requirements import ErrorRequirement, StepRequirement
from agno.utils.blank import blank
from agno.utils.codec import encode
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id
from agno.utils.parameters import names_of
from agno.workflow._edits import refuse_edited
from agno.workflow._failing import StepFailed
from agno.workflow._journal import Journal
from agno.workflow._options import CONTINUE_OPTIONS, RUN_OPTIONS
from agno.workflow._place import beginnings
from agno.workflow._state import own_state
from agno.workflow.types import WorkflowExecutionInput

_PAUSED_KINDS = (
    ("requires_executor_input", "executor"),
    ("requires_output_review", "output"),
    ("requires_iteration_review", "iteration"),
    ("requires_route_selection", "route"),
)


class _Events:
    """The events that the engine itself emits, under the names it knows."""

    RunCancelledEvent = events.WorkflowCancelledEvent
    RunErrorEvent = events.WorkflowErrorEvent


class WorkflowRun(Run, kw_only=True, eq=False):
    """The state of one run of a workflow, which may be a step of another one."""

    output: WorkflowRunOutput
    told_errors: tuple[type[Exception], ...] = (StepFailed,)
    identity_name: str = "workflow"
    outermost_run: WorkflowRun | None = None  # that this one is a step of; itself is not named, or it would hold itself
    journal: Journal = msgspec.field(default_factory=Journal)  # of the outermost run
    place_key: str = ""  # where it stands in the outermost run
    parent_step_id: str | None = None
    continued_inside: bool = False  # it goes on as a step of a run that goes on
    answers: Any = None  # the Resumption that continue_run was given
    replies: dict[tuple[str, str], Any] = {}  # what it was paused for, with people's answers
    step_metrics: dict[str, StepMetrics] = {}
    seconds_before: float = 0.0  # what a run that goes on had taken until it stopped
    executed_at: dict[str, list[Any]] = {}  # the runs of executors by the key of their step
    at_work: dict[str, str] = {}  # the run that goes on in a step, by the key of the step
    before_cost: Metrics | None = None  # what the session has counted of an earlier part of this run

    @property
    def root(self) -> WorkflowRun:
        """The outermost run."""
        return self.outermost_run or self

    def stored_state(self) -> dict[str, Any]:
        return own_state(self.state)

    def event(self, event_class: type[Any], **details: Any) -> Any:
        if event_class is WorkflowErrorEvent:  # the engine's word for it is another one
            details["error"] = details.pop("content", None)
        return super().event(event_class, **details)

    # Executors -------------------------------------------------------------------------------------------------------

    def executed(self, key: str, *runs: Any) -> None:
        """Agents, teams or workflows ran in the step with this key."""
        if not runs:
            return
        output = self.output
        if output.step_executor_runs is None:
            output.step_executor_runs = []
        here = self.executed_at.get(key)
        if here is None:
            self.executed_at[key] = [*runs]
        else:
            for old in [one for one in here if any(one.run_id == run.run_id for run in runs)]:
                _remove(here, old)  # a workflow that failed and went on
                _remove(output.step_executor_runs, old)
            here += runs
        output.step_executor_runs += runs

    def executed_inside(self, key: str) -> list[Any]:
        """The runs of all steps inside of a container, and its own."""
        inside = beginnings(key)
        found = [runs for at, runs in list(self.executed_at.items()) if at == key or at.startswith(inside)]
        return [run for runs in found for run in runs]

    def count(self, output: StepOutput) -> None:
        """Count what a step cost; a step that runs again is added to itself."""
        if output.metrics is None or output.executor_type in (None, "function"):
            return
        name = output.step_name or ""
        known = self.step_metrics.get(name)
        if known is not None and known.metrics is not None:
            known.metrics = known.metrics + output.metrics
            return
        self.step_metrics[name] = StepMetrics(
            name, output.executor_type or "", output.executor_name or "", output.metrics
        )

    def own_cost(self) -> Metrics:
        metrics = self.output.metrics
        assert metrics is not None  # the run is closed
        total = metrics.total()
        return total if self.before_cost is None else _less(total, self.before_cost)

    def count_all(self, output: StepOutput) -> None:
        """Count a step and what is inside of it."""
        self.count(output)
        for inner in output.steps or ():
            self.count_all(inner)

    # Answers ---------------------------------------------------------------------------------------------------------

    @property
    def answered(self) -> list[Any]:
        """The questions that have an answer."""
        return [one for one in self.replies.values() if _counts(one)]

    def open_places(self, requirements: Iterable[Any]) -> dict[tuple[str, str], Any]:
        """Requirements by the place and the kind of their question."""
        return {(requirement.key, kind_of(requirement)): requirement for requirement in requirements}


def _remove(runs: list[Any], run: Any) -> None:
    del runs[next(number for number, one in enumerate(runs) if one is run)]


def kind_of(requirement: Any) -> str:
    """Which question of a step it is."""
    if isinstance(requirement, ErrorRequirement):
        return "error"
    return next((kind for name, kind in _PAUSED_KINDS if getattr(requirement, name)), "start")


@dataclass
class Resumption:
    """What the caller of `continue_run` gives."""

    run_response: WorkflowRunOutput | None
    run_id: str | None
    session_id: str | None
    requirements: list[StepRequirement | ErrorRequirement]
    take_over: bool | None = None
    branches: bool = False  # a workflow goes on in the same run


# From a call to a run ------------------------------------------------------------------------------------------------


def new_run(workflow: Any, given: Any, mode: Mode, outer: Any = None) -> WorkflowRun:
    """A run that has not begun. `outer` is the place in another run that it is a step of."""
    values, extra = _sorted_options(workflow, mode.options, RUN_OPTIONS)
    value = validated(given, workflow.input_schema) if workflow.input_schema is not None else given
    context = _context(workflow, values)
    facts: dict[str, Any] = {
        "run_id": context.run_id,
        "session_id": context.session_id,
        "user_id": context.user_id,
        "workflow_id": context.workflow_id,
        "workflow_name": context.workflow_name,
        "parent_run_id": values.get("parent_run_id"),
        "input": _kept_input(value),
        "additional_data": values.get("additional_data"),
        "created_at": now_epoch(),
        "status": RunStatus.running,
        "step_results": [],
        "session_state": private_copy(values.get("session_state")),  # to go on from, if the process dies
    }
    facts |= {name: list(media) for name in MEDIA if (media := values.get(name))}
    output = blank(WorkflowRunOutput, facts)
    state: dict[str, Any] = {"input": value}
    if outer is not None:
        state |= {"outermost_run": outer.run.root, "journal": outer.run.journal}
    return _begun(workflow, mode, output, context, values, extra, state)


def continued_run(workflow: Any, given: WorkflowRunOutput | None, mode: Mode) -> WorkflowRun:
    """A run that goes on. What was stored is loaded when it begins."""
    values, extra = _sorted_options(workflow, mode.options, CONTINUE_OPTIONS)
    run_id = given.run_id if given is not None else values.get("run_id")
    if run_id is None:
        raise ValueError("continue_run needs the run: give run_response=, or run_id= with session_id=.")
    if given is not None:
        values.setdefault("session_id", given.session_id)
        values.setdefault("user_id", given.user_id)
    elif not (values.get("session_id") or workflow.known_session_id(values.get("user_id"))):
        raise ValueError(f"continue_run(run_id={run_id!r}) needs session_id=, the session that the run belongs to.")
    if is_running_here(run_id):
        raise RunNotContinuableError(f"Run {run_id!r} is running, so there is nothing to continue.")
    values["run_id"] = run_id
    context = _context(workflow, values)
    found = [*(values.pop("step_requirements", None) or ()), *(values.pop("error_requirements", None) or ())]
    found += values.pop("requirements", None) or ()
    wish = Resumption(given, run_id, context.session_id, found, values.pop("take_over", None))
    output = WorkflowRunOutput(run_id=run_id, session_id=context.session_id, user_id=context.user_id)
    return _begun(workflow, mode, output, context, values, extra, {"continued": True, "answers": wish})


def _begun(
    workflow: Any,
    mode: Mode,
    output: WorkflowRunOutput,
    context: RunContext,
    values: dict[str, Any],
    extra: dict[str, Any],
    state: dict[str, Any],
) -> WorkflowRun:
    if workflow.store_events:
        state["kept_events"] = list(output.events or ())
        state["skipped_events"] = frozenset(getattr(kind, "value", kind) for kind in workflow.events_to_skip or ())
    return WorkflowRun(
        component=workflow,
        io=mode.io,
        events=_Events,
        output=output,
        context=context,
        asked=values,
        extra=extra,
        streaming=mode.streaming,
        identity={
            "workflow_id": context.workflow_id,
            "workflow_name": context.workflow_name,
            "session_id": context.session_id,
            "run_id": output.run_id,
        },
        plan=plan_of(workflow, values),
        **state,
    )


def _sorted_options(
    workflow: Any, options: dict[str, Any], known: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options with a value, and the keywords that a function workflow asks for."""
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in options.items():
        if name in known:
            if value is not None:
                values[name] = value
        elif workflow.is_function and ((names := names_of(workflow.steps)) is None or name in names):
            extra[name] = value
        else:
            raise TypeError(f"run() of {workflow!r} got the unknown option {name!r}.")
    return values, extra


def _context(workflow: Any, values: dict[str, Any]) -> RunContext:
    user_id = values.get("user_id") or workflow.user_id
    facts = {
        "run_id": values.get("run_id") or new_id(),
        "session_id": values.get("session_id") or workflow.sticky_session_id(user_id),
        "user_id": user_id,
        "workflow_id": id_of(workflow),
        "workflow_name": workflow.name,
    }
    return blank(RunContext, facts)


def _kept_input(value: Any) -> Any:
    """The input as plain data."""
    if isinstance(value, (BaseModel, Message)):
        return encode(value)
    if isinstance(value, list):
        return [_kept_input(item) for item in value]
    return value


# Going on ------------------------------------------------------------------------------------------------------------


async def taken_up(run: WorkflowRun) -> None:
    """Find the run, and put the answers of people where its steps look for them."""
    wish: Resumption = run.answers
    session = run.loaded_session
    stored = session.get_run(wish.run_id or "") if session is not None else None
    source: WorkflowRunOutput | None = wish.run_response or stored
    if source is not None and stored is not None and _version(stored) != _version(source):
        source = stored  # a process went on since the caller's copy was made, and only this knows what was done
    if source is None:
        raise RunNotFoundError(f"There is no run {wish.run_id!r} in session {wish.session_id!r}.")
    status = (stored or source).status  # the caller's copy may be of yesterday
    if status not in (RunStatus.paused, RunStatus.running, RunStatus.pending, RunStatus.error):
        raise RunNotContinuableError(f"Run {source.run_id!r} is {status.name}, so there is nothing to continue.")
    if run.context.user_id is None:  # nobody else was named, so it goes on for whom it was begun
        run.context.user_id = source.user_id
    run.journal.take_up(source)
    if not run.component.is_function:
        refuse_edited(source.run_id, run.component.nodes, run.journal, _asked(source))
    run.replies = _matched(run, source, wish)
    if source.status is RunStatus.paused and not run.answered:
        first = next(iter(run.replies.values()), None)
        raise ValueError(
            f"Run {source.run_id!r} waits at step {getattr(first, 'step_name', None)!r}: answer its step_requirements and "
            "error_requirements, and give them to continue_run."
        )
    resume(run, source)


def _version(run: WorkflowRunOutput) -> tuple[Any, ...]:
    """What tells a run from the same one when it has gone on."""
    return run.status, len(run.progress or ()), {one.id for one in _asked(run)}


def _asked(run: WorkflowRunOutput) -> list[Any]:
    return [*(run.step_requirements or ()), *(run.error_requirements or ())]


def _counts(requirement: Any) -> bool:
    return bool(requirement.is_resolved or getattr(requirement, "is_timed_out", False)) or (
        getattr(requirement, "requires_executor_input", False)
        and any(inner.is_resolved() for inner in requirement.executor_requirements or ())
    )


def _matched(run: WorkflowRun, source: WorkflowRunOutput, wish: Resumption) -> dict[tuple[str, str], Any]:
    """The questions of the run, those that were answered with their answers; as copies, each is used up once.

    An answer that was acted on before is used up: what came of it is recorded at its place.
    """
    found = run.open_places(copy.copy(requirement) for requirement in _asked(source))
    old = wish.run_response if wish.run_response is not source else None
    earlier = [one for one in _asked(old) if _counts(one)] if old is not None else []
    for answer in (*run.journal.answers, *earlier, *wish.requirements):
        place = (answer.key, kind_of(answer))
        if place in found and _is_of(found[place], answer):
            found[place] = copy.copy(answer)
        elif place not in found and not run.journal.knows(answer.key):
            raise ValueError(f"Run {source.run_id!r} does not wait for an answer at step {answer.step_name!r}.")
    used = [place for place in found if place[0] in run.journal.since and place[1] != "executor"]
    for place in used:
        del found[place]
    return found


def _is_of(asked: Any, answer: Any) -> bool:
    """True if it answers this question, and not an earlier one that was asked at the same place."""
    if asked.id == answer.id:
        return True
    if getattr(asked, "requires_executor_input", False):
        return not _calls(asked).isdisjoint(_calls(answer))
    same = ("retry_count", "iteration")
    return all(getattr(asked, name, None) == getattr(answer, name, None) for name in same)


def _calls(requirement: StepRequirement) -> set[str | None]:
    inner = requirement.executor_requirements or ()
    return {one.tool_execution.tool_call_id for one in inner if one.tool_execution is not None}


def resume(run: WorkflowRun, source: WorkflowRunOutput) -> None:
    output = copy.copy(source)
    output.status, output.content, output.metrics = RunStatus.running, None, None
    output.step_results, output.step_executor_runs = [], None
    output.step_requirements = output.error_requirements = None
    output.progress, output.at_work = list(source.progress or ()) or None, None
    run.progress_rows = run.journal.rows
    run.output = output
    run.input = source.input
    if run.component.input_schema is not None and source.input is not None:
        run.input = validated(source.input, run.component.input_schema)
    if source.metrics is not None:
        run.seconds_before = source.metrics.duration or 0.0
        if source.status is RunStatus.error:
            run.before_cost = source.metrics.total()
    if run.component.store_events:
        run.kept_events = list(output.events or ())
    if source.session_state is not None and "session_state" not in run.asked:
        run.asked = {**run.asked, "session_state": source.session_state}


# At the end ----------------------------------------------------------------------------------------------------------


def close_run(run: WorkflowRun, status: RunStatus, reason: str) -> None:
    """Put what the run cost, its events, and how far it came on the output."""
    output = run.output
    seconds = run.io.now() - run.started + run.seconds_before
    output.metrics = WorkflowMetrics(steps=dict(run.step_metrics), duration=seconds)
    output.collect_from_executors()
    if run.kept_events is not None:
        output.events = run.kept_events
    if run.outermost_run is None:
        output.progress = None if status is RunStatus.completed else run.journal.records or None
        run.progress_rows = run.journal.rows


def _less(total: Metrics, counted: Metrics) -> Metrics:
    """What came since."""
    rest = Metrics()
    for name, value in total.__dict__.items():
        before = counted.__dict__.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            rest.__dict__[name] = max(type(value)(0), value - (before or 0))
    return rest


def execution_input(run: WorkflowRun) -> WorkflowExecutionInput:
    """What the run was given."""
    output = run.output
    return WorkflowExecutionInput(
        input=run.input,
        additional_data=output.additional_data,
        images=output.images,
        videos=output.videos,
        audio=output.audio,
        files=output.files,
    )


__all__ = [
    "Resumption",
    "WorkflowRun",
    "close_run",
    "continued_run",
    "execution_input",
    "kind_of",
    "new_run",
    "taken_up",
]
