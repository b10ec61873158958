"""Runs of teams: the output and the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Union

from agno.run.agent import RUN_EVENT_TYPE_REGISTRY, RunOutput
from agno.run.base import RunEventBase, registry, revive
from agno.run.output import OutputBase
from agno.run.output import RunInput as TeamRunInput
from agno.run.payloads import (
    Cancelled,
    Completed,
    Content,
    Failed,
    FollowupsMade,
    Hooked,
    IntermediateContent,
    Paused,
    Started,
    Thought,
    ThoughtDelta,
    Thoughts,
    ToolCompleted,
    ToolFailed,
    ToolStarted,
)


class TeamRunEvent(str, Enum):
    """Kinds of events, as `event` carries them."""

    run_started = "TeamRunStarted"
    run_content = "TeamRunContent"
    run_content_completed = "TeamRunContentCompleted"
    run_intermediate_content = "TeamRunIntermediateContent"
    run_completed = "TeamRunCompleted"
    run_paused = "TeamRunPaused"
    run_continued = "TeamRunContinued"
    run_error = "TeamRunError"
    run_cancelled = "TeamRunCancelled"
    pre_hook_started = "TeamPreHookStarted"
    pre_hook_completed = "TeamPreHookCompleted"
    post_hook_started = "TeamPostHookStarted"
    post_hook_completed = "TeamPostHookCompleted"
    memory_update_started = "TeamMemoryUpdateStarted"
    memory_update_completed = "TeamMemoryUpdateCompleted"
    session_summary_started = "TeamSessionSummaryStarted"
    session_summary_completed = "TeamSessionSummaryCompleted"
    reasoning_started = "TeamReasoningStarted"
    reasoning_step = "TeamReasoningStep"
    reasoning_content_delta = "TeamReasoningContentDelta"
    reasoning_completed = "TeamReasoningCompleted"
    tool_call_started = "TeamToolCallStarted"
    tool_call_completed = "TeamToolCallCompleted"
    tool_call_error = "TeamToolCallError"
    parser_model_response_started = "TeamParserModelResponseStarted"
    parser_model_response_completed = "TeamParserModelResponseCompleted"
    output_model_response_started = "TeamOutputModelResponseStarted"
    output_model_response_completed = "TeamOutputModelResponseCompleted"
    model_request_started = "TeamModelRequestStarted"
    model_request_completed = "TeamModelRequestCompleted"
    compression_started = "TeamCompressionStarted"
    compression_completed = "TeamCompressionCompleted"
    followups_started = "TeamFollowupsStarted"
    followups_completed = "TeamFollowupsCompleted"
    custom_event = "CustomEvent"


@dataclass
class TeamRunOutput(OutputBase):
    """The result of a run, and everything that belongs to it."""

    team_id: str | None = None
    team_name: str | None = None
    member_responses: list[Any] = field(
        default_factory=list, metadata={"decode": lambda runs: [_member(run) for run in runs]}
    )

    def add_member_run(self, run: Any) -> None:
        """Append a member's run, and its media to the team's."""
        self.member_responses.append(run)
        for name in ("images", "videos", "audio"):
            if media := getattr(run, name):
                setattr(self, name, [*(getattr(self, name) or ()), *media])

    @staticmethod
    def revive_event(event: Mapping[str, Any]) -> Any:
        return team_run_output_event_from_dict(event)


@dataclass
class BaseTeamRunEvent(RunEventBase):
    """What every event of a team's run carries."""

    team_id: str = ""
    team_name: str = ""


@dataclass
class RunStartedEvent(Started, BaseTeamRunEvent):
    """The run began."""

    event: str = "TeamRunStarted"


@dataclass
class RunContentEvent(Content, BaseTeamRunEvent):
    """A piece of the answer, or the whole structured answer."""

    event: str = "TeamRunContent"


@dataclass
class RunContentCompletedEvent(BaseTeamRunEvent):
    """The answer is complete."""

    event: str = "TeamRunContentCompleted"


@dataclass
class IntermediateRunContentEvent(IntermediateContent, BaseTeamRunEvent):
    """What the first model wrote for the output model."""

    event: str = "TeamRunIntermediateContent"


@dataclass
class RunCompletedEvent(Completed, BaseTeamRunEvent):
    """The run ended well; this is its result."""

    event: str = "TeamRunCompleted"
    member_responses: list[Any] | None = None


@dataclass
class RunPausedEvent(Paused, BaseTeamRunEvent):
    """The run waits for a person."""

    event: str = "TeamRunPaused"


@dataclass
class RunContinuedEvent(BaseTeamRunEvent):
    """A paused run goes on."""

    event: str = "TeamRunContinued"


@dataclass
class RunErrorEvent(Failed, BaseTeamRunEvent):
    """The run failed."""

    event: str = "TeamRunError"


@dataclass
class RunCancelledEvent(Cancelled, BaseTeamRunEvent):
    """The run was cancelled."""

    event: str = "TeamRunCancelled"


@dataclass
class PreHookStartedEvent(Hooked, BaseTeamRunEvent):
    """A hook before the model begins."""

    event: str = "TeamPreHookStarted"


@dataclass
class PreHookCompletedEvent(Hooked, BaseTeamRunEvent):
    """A hook before the model ended."""

    event: str = "TeamPreHookCompleted"


@dataclass
class PostHookStartedEvent(Hooked, BaseTeamRunEvent):
    """A hook after the output begins."""

    event: str = "TeamPostHookStarted"


@dataclass
class PostHookCompletedEvent(Hooked, BaseTeamRunEvent):
    """A hook after the output ended."""

    event: str = "TeamPostHookCompleted"


@dataclass
class MemoryUpdateStartedEvent(BaseTeamRunEvent):
    """Memories are being made."""

    event: str = "TeamMemoryUpdateStarted"


@dataclass
class MemoryUpdateCompletedEvent(BaseTeamRunEvent):
    """Memories were made."""

    event: str = "TeamMemoryUpdateCompleted"


@dataclass
class SessionSummaryStartedEvent(BaseTeamRunEvent):
    """The session is being summarised."""

    event: str = "TeamSessionSummaryStarted"


@dataclass
class SessionSummaryCompletedEvent(BaseTeamRunEvent):
    """The session was summarised."""

    event: str = "TeamSessionSummaryCompleted"


@dataclass
class ReasoningStartedEvent(BaseTeamRunEvent):
    """Reasoning began."""

    event: str = "TeamReasoningStarted"


@dataclass
class ReasoningStepEvent(Thought, BaseTeamRunEvent):
    """One step of reasoning."""

    event: str = "TeamReasoningStep"


@dataclass
class ReasoningContentDeltaEvent(ThoughtDelta, BaseTeamRunEvent):
    """A piece of a reasoning model's thought."""

    event: str = "TeamReasoningContentDelta"


@dataclass
class ReasoningCompletedEvent(Thoughts, BaseTeamRunEvent):
    """Reasoning ended."""

    event: str = "TeamReasoningCompleted"


@dataclass
class ToolCallStartedEvent(ToolStarted, BaseTeamRunEvent):
    """A tool is about to run."""

    event: str = "TeamToolCallStarted"


@dataclass
class ToolCallCompletedEvent(ToolCompleted, BaseTeamRunEvent):
    """A tool ran."""

    event: str = "TeamToolCallCompleted"


@dataclass
class ToolCallErrorEvent(ToolFailed, BaseTeamRunEvent):
    """A tool failed; the model gets the error."""

    event: str = "TeamToolCallError"


@dataclass
class ParserModelResponseStartedEvent(BaseTeamRunEvent):
    """The parser model is asked."""

    event: str = "TeamParserModelResponseStarted"


@dataclass
class ParserModelResponseCompletedEvent(BaseTeamRunEvent):
    """The parser model answered."""

    event: str = "TeamParserModelResponseCompleted"


@dataclass
class OutputModelResponseStartedEvent(BaseTeamRunEvent):
    """The output model is asked."""

    event: str = "TeamOutputModelResponseStarted"


@dataclass
class OutputModelResponseCompletedEvent(BaseTeamRunEvent):
    """The output model answered."""

    event: str = "TeamOutputModelResponseCompleted"


@dataclass
class ModelRequestStartedEvent(BaseTeamRunEvent):
    """A request is sent to the model."""

    event: str = "TeamModelRequestStarted"


@dataclass
class ModelRequestCompletedEvent(BaseTeamRunEvent):
    """The model answered a request."""

    event: str = "TeamModelRequestCompleted"


@dataclass
class CompressionStartedEvent(BaseTeamRunEvent):
    """The context is being compressed."""

    event: str = "TeamCompressionStarted"


@dataclass
class CompressionCompletedEvent(BaseTeamRunEvent):
    """The context was compressed."""

    event: str = "TeamCompressionCompleted"


@dataclass
class FollowupsStartedEvent(BaseTeamRunEvent):
    """Follow-up questions are being made."""

    event: str = "TeamFollowupsStarted"


@dataclass
class FollowupsCompletedEvent(FollowupsMade, BaseTeamRunEvent):
    """Follow-up questions were made."""

    event: str = "TeamFollowupsCompleted"


@dataclass
class CustomEvent(BaseTeamRunEvent):
    """Base of your own events: a dataclass that a generator tool yields."""

    event: str = "CustomEvent"
    tool_call_id: str | None = None


@dataclass
class TaskEvent(BaseTeamRunEvent):
    """Base of the events of the task list."""

    task_id: str | None = None
    title: str | None = None
    status: str | None = None
    iteration: int | None = None
    tasks: list[dict[str, Any]] | None = None


@dataclass
class TaskIterationStartedEvent(TaskEvent):
    """A round over the task list begins."""

    event: str = "TeamTaskIterationStarted"


@dataclass
class TaskIterationCompletedEvent(TaskEvent):
    """A round over the task list ended."""

    event: str = "TeamTaskIterationCompleted"


@dataclass
class TaskStateUpdatedEvent(TaskEvent):
    """The task list changed."""

    event: str = "TeamTaskStateUpdated"


@dataclass
class TaskCreatedEvent(TaskEvent):
    """A task was added."""

    event: str = "TeamTaskCreated"


@dataclass
class TaskUpdatedEvent(TaskEvent):
    """A task changed."""

    event: str = "TeamTaskUpdated"


def _member(data: Any) -> Any:
    if not isinstance(data, Mapping):
        return data
    return RunOutput.from_dict(data) if "agent_id" in data else TeamRunOutput.from_dict(data)


TeamRunOutputEvent = Union[
    RunStartedEvent,
    RunContentEvent,
    RunContentCompletedEvent,
    IntermediateRunContentEvent,
    RunCompletedEvent,
    RunPausedEvent,
    RunContinuedEvent,
    RunErrorEvent,
    RunCancelledEvent,
    PreHookStartedEvent,
    PreHookCompletedEvent,
    PostHookStartedEvent,
    PostHookCompletedEvent,
    MemoryUpdateStartedEvent,
    MemoryUpdateCompletedEvent,
    SessionSummaryStartedEvent,
    SessionSummaryCompletedEvent,
    ReasoningStartedEvent,
    ReasoningStepEvent,
    ReasoningContentDeltaEvent,
    ReasoningCompletedEvent,
    ToolCallStartedEvent,
    ToolCallCompletedEvent,
    ToolCallErrorEvent,
    ParserModelResponseStartedEvent,
    ParserModelResponseCompletedEvent,
    OutputModelResponseStartedEvent,
    OutputModelResponseCompletedEvent,
    ModelRequestStartedEvent,
    ModelRequestCompletedEvent,
    CompressionStartedEvent,
    CompressionCompletedEvent,
    FollowupsStartedEvent,
    FollowupsCompletedEvent,
    CustomEvent,
    TaskIterationStartedEvent,
    TaskIterationCompletedEvent,
    TaskStateUpdatedEvent,
    TaskCreatedEvent,
    TaskUpdatedEvent,
]

TEAM_RUN_EVENT_TYPE_REGISTRY = registry(
    RunStartedEvent,
    RunContentEvent,
    RunContentCompletedEvent,
    IntermediateRunContentEvent,
    RunCompletedEvent,
    RunPausedEvent,
    RunContinuedEvent,
    RunErrorEvent,
    RunCancelledEvent,
    PreHookStartedEvent,
    PreHookCompletedEvent,
    PostHookStartedEvent,
    PostHookCompletedEvent,
    MemoryUpdateStartedEvent,
    MemoryUpdateCompletedEvent,
    SessionSummaryStartedEvent,
    SessionSummaryCompletedEvent,
    ReasoningStartedEvent,
    ReasoningStepEvent,
    ReasoningContentDeltaEvent,
    ReasoningCompletedEvent,
    ToolCallStartedEvent,
    ToolCallCompletedEvent,
    ToolCallErrorEvent,
    ParserModelResponseStartedEvent,
    ParserModelResponseCompletedEvent,
    OutputModelResponseStartedEvent,
    OutputModelResponseCompletedEvent,
    ModelRequestStartedEvent,
    ModelRequestCompletedEvent,
    CompressionStartedEvent,
    CompressionCompletedEvent,
    FollowupsStartedEvent,
    FollowupsCompletedEvent,
    CustomEvent,
    TaskIterationStartedEvent,
    TaskIterationCompletedEvent,
    TaskStateUpdatedEvent,
    TaskCreatedEvent,
    TaskUpdatedEvent,
)


def team_run_output_event_from_dict(data: Mapping[str, Any]) -> Any:
    """The event that a dict describes. Raises ValueError for a kind that is not known."""
    return revive(data, {**RUN_EVENT_TYPE_REGISTRY, **TEAM_RUN_EVENT_TYPE_REGISTRY})
