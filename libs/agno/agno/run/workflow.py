"""Runs of workflows: the output and the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Literal, Union

from agno.media import Audio, File, Image, Video
from agno.models.message import Message, MessageReferences
from agno.reasoning.step import ReasoningStep
from agno.run.agent import RUN_EVENT_TYPE_REGISTRY, RunOutput, run_output_event_from_dict
from agno.run.base import BaseRunOutputEvent, RunStatus, registry, revive, step_position, to_json
from agno.run.output import text_of
from agno.run.team import TEAM_RUN_EVENT_TYPE_REGISTRY, TeamRunOutput, member_run
from agno.run.workflow_data import StepOutput, WorkflowMetrics, step_results
from agno.run.workflow_requirements import ErrorRequirement, PauseKind, StepRequirement
from agno.utils.codec import Coded, decode
from agno.utils.dttm import now_epoch
from agno.utils.lazy import lazily


class WorkflowRunEvent(str, Enum):
    """Kinds of events, as `event` carries them."""

    workflow_started = "WorkflowStarted"
    workflow_content = "WorkflowRunContent"
    workflow_completed = "WorkflowCompleted"
    workflow_error = "WorkflowError"
    workflow_cancelled = "WorkflowCancelled"
    workflow_paused = "WorkflowPaused"
    step_started = "StepStarted"
    step_completed = "StepCompleted"
    step_error = "StepError"
    step_paused = "StepPaused"
    step_continued = "StepContinued"
    step_executor_paused = "StepExecutorPaused"
    step_executor_continued = "StepExecutorContinued"
    step_output_review = "StepOutputReview"
    condition_paused = "ConditionPaused"
    router_paused = "RouterPaused"
    workflow_agent_started = "WorkflowAgentStarted"
    workflow_agent_completed = "WorkflowAgentCompleted"
    loop_execution_started = "LoopExecutionStarted"
    loop_iteration_started = "LoopIterationStarted"
    loop_iteration_completed = "LoopIterationCompleted"
    loop_execution_completed = "LoopExecutionCompleted"
    parallel_execution_started = "ParallelExecutionStarted"
    parallel_execution_completed = "ParallelExecutionCompleted"
    condition_execution_started = "ConditionExecutionStarted"
    condition_execution_completed = "ConditionExecutionCompleted"
    router_execution_started = "RouterExecutionStarted"
    router_execution_completed = "RouterExecutionCompleted"
    steps_execution_started = "StepsExecutionStarted"
    steps_execution_completed = "StepsExecutionCompleted"
    step_output = "StepOutput"
    custom_event = "CustomEvent"


def executor_run(data: Any) -> Any:
    """The run of a step: of a workflow, a team or an agent, by the keys that only those have."""
    if isinstance(data, Mapping) and "step_results" in data:
        return WorkflowRunOutput.from_dict(data)
    return member_run(data)


def _executor_runs(data: Any) -> list[Any]:
    return [executor_run(run) for run in data]


_COLLECTED = frozenset({"references", "additional_input", "reasoning_steps", "reasoning_messages"})


@dataclass
class WorkflowRunOutput(Coded):
    """The result of a workflow's run, and everything that belongs to it."""

    regenerated_from = forked_from_run_id = None  # workflows do neither; the history asks every run

    input: Any = None
    additional_data: dict[str, Any] | None = None
    content: Any = None
    content_type: str = "str"
    workflow_id: str | None = None
    workflow_name: str | None = None
    run_id: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    parent_run_id: str | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audio: list[Audio] | None = None
    files: list[File] | None = None
    response_audio: Audio | None = None
    step_results: list[StepOutput | list[StepOutput]] = field(default_factory=list, metadata={"decode": step_results})
    step_executor_runs: list[RunOutput | TeamRunOutput | WorkflowRunOutput] | None = field(
        default=None, metadata={"decode": _executor_runs}
    )
    events: list[Any] | None = None
    metrics: WorkflowMetrics | None = None
    references: list[MessageReferences] | None = None
    additional_input: list[Message] | None = None
    reasoning_steps: list[ReasoningStep] | None = None
    reasoning_messages: list[Message] | None = None
    metadata: dict[str, Any] | None = None
    session_state: dict[str, Any] | None = None
    created_at: int = field(default_factory=now_epoch)
    status: RunStatus = RunStatus.pending
    error_type: str | None = None  # the class of what the run failed with
    workflow_agent_run: RunOutput | None = None
    step_requirements: list[StepRequirement] | None = None
    error_requirements: list[ErrorRequirement] | None = None
    progress: list[dict[str, Any]] | None = None  # of a run that is not completed: what it need not do again
    at_work: list[dict[str, Any]] | None = None  # of a stored run that goes on: what its executors have done so far

    @property
    def active_step_requirements(self) -> list[StepRequirement]:
        """What a person still has to decide or give."""
        return [requirement for requirement in self.step_requirements or () if not requirement.is_resolved]

    @property
    def active_error_requirements(self) -> list[ErrorRequirement]:
        """The failures that a person still has to decide on."""
        return [requirement for requirement in self.error_requirements or () if not requirement.is_resolved]

    @property
    def active_requirements(self) -> list[StepRequirement | ErrorRequirement]:
        """Everything that is open."""
        return [*self.active_step_requirements, *self.active_error_requirements]

    @property
    def pause_kind(self) -> PauseKind | None:
        """Who waits, of a paused run: the workflow, or the agents and teams in its steps."""
        if not self.is_paused:
            return None
        kinds = {requirement.pause_kind for requirement in self.active_step_requirements}
        return PauseKind.executor if kinds == {PauseKind.executor} and not self.error_requirements else PauseKind.step

    @property
    def is_cancelled(self) -> bool:
        """True if the run was cancelled."""
        return self.status == RunStatus.cancelled

    @property
    def is_paused(self) -> bool:
        """True while the run waits for a person."""
        return self.status == RunStatus.paused

    def has_completed(self) -> bool:
        """True if nothing more will happen: completed, failed or cancelled."""
        return self.status in (RunStatus.completed, RunStatus.error, RunStatus.cancelled)

    def collect_from_executors(self) -> None:
        """Take over what the agents' and teams' runs brought, in step order."""
        found: dict[str, list[Any]] = {}
        for run in self.step_executor_runs or ():
            fields = run.__dict__
            for name in _COLLECTED:
                if name in fields:
                    found.setdefault(name, []).extend(fields[name] or ())
        for name in _COLLECTED:
            if name in found or name in self.__dict__:
                setattr(self, name, found.get(name) or None)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> WorkflowRunOutput:
        """The inverse of `to_dict`; also takes `{"run": {...}}`. Structured content stays a dict."""
        inner = data.get("run")
        run = decode(cls, inner if isinstance(inner, Mapping) else data)
        if run.events:
            run.events = [_stored_event(event) if isinstance(event, Mapping) else event for event in run.events]
        return run

    def to_json(self, indent: int | None = 2, separators: Any = None) -> str:
        """JSON text."""
        return to_json(self.to_dict(), None if separators is not None else indent)

    def get_content_as_string(self, **options: Any) -> str:
        """The content as text; structured content as JSON."""
        return text_of(self.content)


@dataclass
class BaseWorkflowRunOutputEvent(BaseRunOutputEvent):
    """What every event of a workflow's run carries."""

    _status: ClassVar[RunStatus] = RunStatus.running

    workflow_id: str | None = None
    workflow_name: str | None = None
    session_id: str | None = None
    run_id: str | None = None
    step_id: str | None = None
    parent_step_id: str | None = None

    @property
    def status(self) -> RunStatus:
        """Where the run stands after this event."""
        return self._status

    @property
    def is_cancelled(self) -> bool:
        return self._status is RunStatus.cancelled

    @property
    def is_paused(self) -> bool:
        return self._status is RunStatus.paused

    @property
    def is_error(self) -> bool:
        """True if the run failed."""
        return self._status is RunStatus.error


@dataclass
class _StepEvent(BaseWorkflowRunOutputEvent):
    """An event about a step: its name and position; positions of nested steps are tuples."""

    step_name: str | None = None
    step_index: int | tuple[int, ...] | None = field(default=None, metadata={"decode": step_position})


@dataclass
class WorkflowStartedEvent(BaseWorkflowRunOutputEvent):
    """The run began."""

    event: Literal["WorkflowStarted"] = "WorkflowStarted"


@dataclass
class WorkflowRunContentEvent(_StepEvent):
    """A piece of text from a function step or a function workflow."""

    event: Literal["WorkflowRunContent"] = "WorkflowRunContent"
    content: Any = None
    content_type: str = "str"


@lazily
@dataclass
class WorkflowCompletedEvent(BaseWorkflowRunOutputEvent):
    """The run ended well; this is its result."""

    _status: ClassVar[RunStatus] = RunStatus.completed

    event: Literal["WorkflowCompleted"] = "WorkflowCompleted"
    content: Any = None
    content_type: str = "str"
    step_results: list[StepOutput | list[StepOutput]] = field(default_factory=list, metadata={"decode": step_results})
    metadata: dict[str, Any] | None = None


@dataclass
class WorkflowErrorEvent(BaseWorkflowRunOutputEvent):
    """The run failed."""

    _status: ClassVar[RunStatus] = RunStatus.error

    event: Literal["WorkflowError"] = "WorkflowError"
    error: str | None = None
    error_type: str | None = None
    error_id: str | None = None
    additional_data: dict[str, Any] | None = None


@dataclass
class WorkflowCancelledEvent(BaseWorkflowRunOutputEvent):
    """The run was cancelled."""

    _status: ClassVar[RunStatus] = RunStatus.cancelled

    event: Literal["WorkflowCancelled"] = "WorkflowCancelled"
    reason: str | None = None


@dataclass
class WorkflowPausedEvent(_StepEvent):
    """The run waits for a person."""

    _status: ClassVar[RunStatus] = RunStatus.paused

    event: Literal["WorkflowPaused"] = "WorkflowPaused"
    content: Any = None
    requirements: list[dict[str, Any]] | None = None
    step_requirements: list[StepRequirement] | None = None
    error_requirements: list[ErrorRequirement] | None = None


@dataclass
class StepStartedEvent(_StepEvent):
    """A step begins."""

    event: Literal["StepStarted"] = "StepStarted"


@dataclass
class StepCompletedEvent(_StepEvent):
    """A step ended; this is what it gave."""

    event: Literal["StepCompleted"] = "StepCompleted"
    content: Any = None
    content_type: str = "str"
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audio: list[Audio] | None = None
    response_audio: Audio | None = None
    step_response: StepOutput | None = None


@dataclass
class StepErrorEvent(_StepEvent):
    """A step failed, or is tried again."""

    event: Literal["StepError"] = "StepError"
    error: str | None = None
    error_type: str | None = None


@dataclass
class StepPausedEvent(_StepEvent):
    """A step waits for a person."""

    _status: ClassVar[RunStatus] = RunStatus.paused

    event: Literal["StepPaused"] = "StepPaused"
    requirements: list[dict[str, Any]] | None = None


@dataclass
class StepContinuedEvent(_StepEvent):
    """A step that waited goes on."""

    event: Literal["StepContinued"] = "StepContinued"


@dataclass
class StepExecutorPausedEvent(StepPausedEvent):
    """The agent or team in a step waits for a person."""

    event: Literal["StepExecutorPaused"] = "StepExecutorPaused"  # type: ignore[assignment]  # a kind of its own
    executor_run_id: str | None = None
    executor_name: str | None = None


@dataclass
class StepExecutorContinuedEvent(_StepEvent):
    """The agent or team in a step goes on."""

    event: Literal["StepExecutorContinued"] = "StepExecutorContinued"
    executor_run_id: str | None = None
    executor_name: str | None = None


@dataclass
class StepOutputReviewEvent(StepPausedEvent):
    """A person is asked whether the output of a step is good."""

    event: Literal["StepOutputReview"] = "StepOutputReview"  # type: ignore[assignment]  # a kind of its own
    step_output: StepOutput | None = None


@dataclass
class ConditionPausedEvent(StepPausedEvent):
    """A condition waits for a person."""

    event: Literal["ConditionPaused"] = "ConditionPaused"  # type: ignore[assignment]  # a kind of its own


@dataclass
class RouterPausedEvent(StepPausedEvent):
    """A router waits for a person, who chooses the way."""

    event: Literal["RouterPaused"] = "RouterPaused"  # type: ignore[assignment]  # a kind of its own
    available_choices: list[str] | None = None


@dataclass
class WorkflowAgentStartedEvent(BaseWorkflowRunOutputEvent):
    """The agent that leads the conversation begins."""

    event: Literal["WorkflowAgentStarted"] = "WorkflowAgentStarted"


@dataclass
class WorkflowAgentCompletedEvent(BaseWorkflowRunOutputEvent):
    """It answered, or lets the workflow run; this is what it said."""

    event: Literal["WorkflowAgentCompleted"] = "WorkflowAgentCompleted"
    content: Any = None
    runs_workflow: bool = False


@dataclass
class LoopExecutionStartedEvent(_StepEvent):
    """A loop begins."""

    event: Literal["LoopExecutionStarted"] = "LoopExecutionStarted"
    max_iterations: int | None = None


@dataclass
class LoopIterationStartedEvent(_StepEvent):
    """A round of a loop begins; the first is 1."""

    event: Literal["LoopIterationStarted"] = "LoopIterationStarted"
    iteration: int = 0
    max_iterations: int | None = None


@lazily
@dataclass
class LoopIterationCompletedEvent(_StepEvent):
    """A round of a loop ended."""

    event: Literal["LoopIterationCompleted"] = "LoopIterationCompleted"
    iteration: int = 0
    max_iterations: int | None = None
    iteration_results: list[StepOutput] = field(default_factory=list)
    should_continue: bool = True


@lazily
@dataclass
class LoopExecutionCompletedEvent(_StepEvent):
    """A loop ended; one list of results for each round."""

    event: Literal["LoopExecutionCompleted"] = "LoopExecutionCompleted"
    total_iterations: int = 0
    max_iterations: int | None = None
    all_results: list[list[StepOutput]] = field(default_factory=list)


@lazily
@dataclass
class _ContainerCompleted(_StepEvent):
    """A container ended: how many steps ran, and what they gave."""

    executed_steps: int | None = None
    step_results: list[StepOutput] = field(default_factory=list)


@dataclass
class ParallelExecutionStartedEvent(_StepEvent):
    """Steps begin side by side."""

    event: Literal["ParallelExecutionStarted"] = "ParallelExecutionStarted"
    parallel_step_count: int | None = None


@lazily
@dataclass
class ParallelExecutionCompletedEvent(_StepEvent):
    """All parallel steps ended."""

    event: Literal["ParallelExecutionCompleted"] = "ParallelExecutionCompleted"
    parallel_step_count: int | None = None
    step_results: list[StepOutput] = field(default_factory=list)


@dataclass
class ConditionExecutionStartedEvent(_StepEvent):
    """A condition was evaluated."""

    event: Literal["ConditionExecutionStarted"] = "ConditionExecutionStarted"
    condition_result: bool | None = None


@dataclass
class ConditionExecutionCompletedEvent(_ContainerCompleted):
    """The steps of a condition ended, or were skipped."""

    event: Literal["ConditionExecutionCompleted"] = "ConditionExecutionCompleted"
    condition_result: bool | None = None


@lazily
@dataclass
class RouterExecutionStartedEvent(_StepEvent):
    """A router chose steps, by name."""

    event: Literal["RouterExecutionStarted"] = "RouterExecutionStarted"
    selected_steps: list[str] = field(default_factory=list)


@lazily
@dataclass
class RouterExecutionCompletedEvent(_ContainerCompleted):
    """The chosen steps ended."""

    event: Literal["RouterExecutionCompleted"] = "RouterExecutionCompleted"
    selected_steps: list[str] = field(default_factory=list)


@dataclass
class StepsExecutionStartedEvent(_StepEvent):
    """A sequence of steps begins."""

    event: Literal["StepsExecutionStarted"] = "StepsExecutionStarted"
    steps_count: int | None = None


@dataclass
class StepsExecutionCompletedEvent(_ContainerCompleted):
    """A sequence of steps ended."""

    event: Literal["StepsExecutionCompleted"] = "StepsExecutionCompleted"
    steps_count: int | None = None


@dataclass
class StepOutputEvent(_StepEvent):
    """What a step gave. The properties are those of its `step_output`."""

    event: Literal["StepOutput"] = "StepOutput"
    step_output: StepOutput | None = None

    @property
    def content(self) -> Any:
        return self.step_output.content if self.step_output is not None else None

    @property
    def images(self) -> list[Image] | None:
        return self.step_output.images if self.step_output is not None else None

    @property
    def videos(self) -> list[Video] | None:
        return self.step_output.videos if self.step_output is not None else None

    @property
    def audio(self) -> list[Audio] | None:
        return self.step_output.audio if self.step_output is not None else None

    @property
    def success(self) -> bool:
        return self.step_output.success if self.step_output is not None else True

    @property
    def error(self) -> str | None:
        return self.step_output.error if self.step_output is not None else None

    @property
    def stop(self) -> bool:
        return self.step_output.stop if self.step_output is not None else False


@dataclass
class CustomEvent(BaseWorkflowRunOutputEvent):
    """Base of your own events: a dataclass that a function step yields."""

    event: str = "CustomEvent"


# the names of the v2.0 changelog
WorkflowRunStartedEvent = WorkflowStartedEvent
WorkflowRunCompletedEvent = WorkflowCompletedEvent
WorkflowRunErrorEvent = WorkflowErrorEvent
WorkflowRunCancelledEvent = WorkflowCancelledEvent

WorkflowRunOutputEvent = Union[
    WorkflowStartedEvent,
    WorkflowRunContentEvent,
    WorkflowCompletedEvent,
    WorkflowErrorEvent,
    WorkflowCancelledEvent,
    WorkflowPausedEvent,
    StepStartedEvent,
    StepCompletedEvent,
    StepErrorEvent,
    StepPausedEvent,
    StepContinuedEvent,
    StepExecutorPausedEvent,
    StepExecutorContinuedEvent,
    StepOutputReviewEvent,
    ConditionPausedEvent,
    RouterPausedEvent,
    WorkflowAgentStartedEvent,
    WorkflowAgentCompletedEvent,
    LoopExecutionStartedEvent,
    LoopIterationStartedEvent,
    LoopIterationCompletedEvent,
    LoopExecutionCompletedEvent,
    ParallelExecutionStartedEvent,
    ParallelExecutionCompletedEvent,
    ConditionExecutionStartedEvent,
    ConditionExecutionCompletedEvent,
    RouterExecutionStartedEvent,
    RouterExecutionCompletedEvent,
    StepsExecutionStartedEvent,
    StepsExecutionCompletedEvent,
    StepOutputEvent,
    CustomEvent,
]

WORKFLOW_RUN_EVENT_TYPE_REGISTRY = registry(WorkflowRunOutputEvent)
_ALL_EVENTS = {**RUN_EVENT_TYPE_REGISTRY, **TEAM_RUN_EVENT_TYPE_REGISTRY, **WORKFLOW_RUN_EVENT_TYPE_REGISTRY}


def workflow_run_output_event_from_dict(data: Mapping[str, Any]) -> Any:
    """The event that a dict describes: of the workflow, an agent or a team. Raises ValueError for an unknown kind."""
    if "agent_id" in data:
        return run_output_event_from_dict(data)
    return revive(data, TEAM_RUN_EVENT_TYPE_REGISTRY if "team_id" in data else _ALL_EVENTS)


def _stored_event(data: Mapping[str, Any]) -> Any:
    if "agent_id" in data:
        return RunOutput.revive_event(data)
    if "team_id" in data:
        return TeamRunOutput.revive_event(data)
    return revive(data, WORKFLOW_RUN_EVENT_TYPE_REGISTRY, otherwise=CustomEvent)
