"""Runs of teams: the output and the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Union

from agno.models.response import ToolExecution
from agno.run.agent import RUN_EVENT_TYPE_REGISTRY, RunOutput, run_output_event_from_dict
from agno.run.base import RunEventBase, registry, revive
from agno.run.output import OutputBase
from agno.run.output import RunInput as TeamRunInput  # noqa: F401  # a public name
from agno.run.payloads import (
    Cancelled,
    Completed,
    Content,
    Failed,
    FollowupsMade,
    IntermediateContent,
    Paused,
    PostHooked,
    PreHooked,
    Started,
    Summarised,
    Thought,
    ThoughtDelta,
    Thoughts,
    ToolCompleted,
    ToolFailed,
    ToolStarted,
)
from agno.run.requirement import RunRequirement
from agno.utils.lazy import lazily


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
    task_iteration_started = "TeamTaskIterationStarted"
    task_iteration_completed = "TeamTaskIterationCompleted"
    task_state_updated = "TeamTaskStateUpdated"
    task_created = "TeamTaskCreated"
    task_updated = "TeamTaskUpdated"
    custom_event = "CustomEvent"


_OF_TEAMS = frozenset({"team_id", "team_name", "member_responses"})


def member_run(data: Any) -> Any:
    """The run of a member: a dict with `agent_id` is an agent's; else one with a key that only teams have, a team's."""
    if not isinstance(data, Mapping):
        return data
    is_team = "agent_id" not in data and not _OF_TEAMS.isdisjoint(data)
    return TeamRunOutput.from_dict(data) if is_team else RunOutput.from_dict(data)


def _member_runs(data: Any) -> list[Any]:
    return [member_run(run) for run in data]


@dataclass
class TeamRunOutput(OutputBase):
    """The result of a run, and everything that belongs to it."""

    team_id: str | None = None
    team_name: str | None = None
    member_responses: list[RunOutput | TeamRunOutput] = field(default_factory=list, metadata={"decode": _member_runs})
    at_work: list[dict[str, Any]] | None = None  # of a stored run that goes on: what its members have done so far

    def add_member_run(self, run: RunOutput | TeamRunOutput) -> None:
        """Append a member's run, and its media to the team's."""
        self.member_responses.append(run)
        for name in ("images", "videos", "audio"):
            if media := getattr(run, name):
                setattr(self, name, [*(getattr(self, name) or ()), *media])

    def build_requirements(self, waiting: list[ToolExecution]) -> list[RunRequirement]:
        """A requirement for each waiting tool, of the leader and of the members whose runs wait."""
        inside = {run_id for tool in waiting for run_id in tool.child_run_ids or ()}
        found = super().build_requirements([tool for tool in waiting if tool.child_run_id is None])
        for member in self.member_responses:
            if member.run_id in inside and member.is_paused:
                found += member.requirements or ()
        return found

    @staticmethod
    def revive_event(event: Mapping[str, Any]) -> Any:
        if "agent_id" in event:
            return RunOutput.revive_event(event)
        return revive(event, TEAM_RUN_EVENT_TYPE_REGISTRY, otherwise=CustomEvent)


@dataclass
class BaseTeamRunEvent(RunEventBase):
    """What every event of a team's run carries."""

    team_id: str = ""
    team_name: str = ""


@dataclass
class RunStartedEvent(Started, BaseTeamRunEvent):
    """The run began."""

    event: Literal["TeamRunStarted"] = "TeamRunStarted"


@dataclass
class RunContentEvent(Content, BaseTeamRunEvent):
    """A piece of the answer, or the whole structured answer."""

    event: Literal["TeamRunContent"] = "TeamRunContent"


@dataclass
class RunContentCompletedEvent(BaseTeamRunEvent):
    """The answer is complete."""

    event: Literal["TeamRunContentCompleted"] = "TeamRunContentCompleted"


@dataclass
class IntermediateRunContentEvent(IntermediateContent, BaseTeamRunEvent):
    """What the first model wrote for the output model."""

    event: Literal["TeamRunIntermediateContent"] = "TeamRunIntermediateContent"


@lazily
@dataclass
class RunCompletedEvent(Completed, BaseTeamRunEvent):
    """The run ended well; this is its result."""

    event: Literal["TeamRunCompleted"] = "TeamRunCompleted"
    member_responses: list[RunOutput | TeamRunOutput] = field(default_factory=list, metadata={"decode": _member_runs})


@dataclass
class RunPausedEvent(Paused, BaseTeamRunEvent):
    """The run waits for a person."""

    event: Literal["TeamRunPaused"] = "TeamRunPaused"


@dataclass
class RunContinuedEvent(BaseTeamRunEvent):
    """A paused run goes on."""

    event: Literal["TeamRunContinued"] = "TeamRunContinued"


@dataclass
class RunErrorEvent(Failed, BaseTeamRunEvent):
    """The run failed."""

    event: Literal["TeamRunError"] = "TeamRunError"


@dataclass
class RunCancelledEvent(Cancelled, BaseTeamRunEvent):
    """The run was cancelled."""

    event: Literal["TeamRunCancelled"] = "TeamRunCancelled"


@dataclass
class PreHookStartedEvent(PreHooked, BaseTeamRunEvent):
    """A hook before the model begins."""

    event: Literal["TeamPreHookStarted"] = "TeamPreHookStarted"


@dataclass
class PreHookCompletedEvent(PreHooked, BaseTeamRunEvent):
    """A hook before the model ended."""

    event: Literal["TeamPreHookCompleted"] = "TeamPreHookCompleted"


@dataclass
class PostHookStartedEvent(PostHooked, BaseTeamRunEvent):
    """A hook after the output begins."""

    event: Literal["TeamPostHookStarted"] = "TeamPostHookStarted"


@dataclass
class PostHookCompletedEvent(PostHooked, BaseTeamRunEvent):
    """A hook after the output ended."""

    event: Literal["TeamPostHookCompleted"] = "TeamPostHookCompleted"


@dataclass
class MemoryUpdateStartedEvent(BaseTeamRunEvent):
    """Memories are being made."""

    event: Literal["TeamMemoryUpdateStarted"] = "TeamMemoryUpdateStarted"


@dataclass
class MemoryUpdateCompletedEvent(BaseTeamRunEvent):
    """Memories were made."""

    event: Literal["TeamMemoryUpdateCompleted"] = "TeamMemoryUpdateCompleted"


@dataclass
class SessionSummaryStartedEvent(BaseTeamRunEvent):
    """The session is being summarised."""

    event: Literal["TeamSessionSummaryStarted"] = "TeamSessionSummaryStarted"


@dataclass
class SessionSummaryCompletedEvent(Summarised, BaseTeamRunEvent):
    """The session was summarised."""

    event: Literal["TeamSessionSummaryCompleted"] = "TeamSessionSummaryCompleted"


@dataclass
class ReasoningStartedEvent(BaseTeamRunEvent):
    """Reasoning began."""

    event: Literal["TeamReasoningStarted"] = "TeamReasoningStarted"


@dataclass
class ReasoningStepEvent(Thought, BaseTeamRunEvent):
    """One step of reasoning."""

    event: Literal["TeamReasoningStep"] = "TeamReasoningStep"


@dataclass
class ReasoningContentDeltaEvent(ThoughtDelta, BaseTeamRunEvent):
    """A piece of a reasoning model's thought."""

    event: Literal["TeamReasoningContentDelta"] = "TeamReasoningContentDelta"


@dataclass
class ReasoningCompletedEvent(Thoughts, BaseTeamRunEvent):
    """Reasoning ended."""

    event: Literal["TeamReasoningCompleted"] = "TeamReasoningCompleted"


@dataclass
class ToolCallStartedEvent(ToolStarted, BaseTeamRunEvent):
    """A tool is about to run."""

    event: Literal["TeamToolCallStarted"] = "TeamToolCallStarted"


@dataclass
class ToolCallCompletedEvent(ToolCompleted, BaseTeamRunEvent):
    """A tool ran."""

    event: Literal["TeamToolCallCompleted"] = "TeamToolCallCompleted"


@dataclass
class ToolCallErrorEvent(ToolFailed, BaseTeamRunEvent):
    """A tool failed; the model gets the error."""

    event: Literal["TeamToolCallError"] = "TeamToolCallError"


@dataclass
class ParserModelResponseStartedEvent(BaseTeamRunEvent):
    """The parser model is asked."""

    event: Literal["TeamParserModelResponseStarted"] = "TeamParserModelResponseStarted"


@dataclass
class ParserModelResponseCompletedEvent(BaseTeamRunEvent):
    """The parser model answered."""

    event: Literal["TeamParserModelResponseCompleted"] = "TeamParserModelResponseCompleted"


@dataclass
class OutputModelResponseStartedEvent(BaseTeamRunEvent):
    """The output model is asked."""

    event: Literal["TeamOutputModelResponseStarted"] = "TeamOutputModelResponseStarted"


@dataclass
class OutputModelResponseCompletedEvent(BaseTeamRunEvent):
    """The output model answered."""

    event: Literal["TeamOutputModelResponseCompleted"] = "TeamOutputModelResponseCompleted"


@dataclass
class ModelRequestStartedEvent(BaseTeamRunEvent):
    """A request is sent to the model."""

    event: Literal["TeamModelRequestStarted"] = "TeamModelRequestStarted"


@dataclass
class ModelRequestCompletedEvent(BaseTeamRunEvent):
    """The model answered a request."""

    event: Literal["TeamModelRequestCompleted"] = "TeamModelRequestCompleted"


@dataclass
class CompressionStartedEvent(BaseTeamRunEvent):
    """The context is being compressed."""

    event: Literal["TeamCompressionStarted"] = "TeamCompressionStarted"


@dataclass
class CompressionCompletedEvent(BaseTeamRunEvent):
    """The context was compressed."""

    event: Literal["TeamCompressionCompleted"] = "TeamCompressionCompleted"


@dataclass
class FollowupsStartedEvent(BaseTeamRunEvent):
    """Follow-up questions are being made."""

    event: Literal["TeamFollowupsStarted"] = "TeamFollowupsStarted"


@dataclass
class FollowupsCompletedEvent(FollowupsMade, BaseTeamRunEvent):
    """Follow-up questions were made."""

    event: Literal["TeamFollowupsCompleted"] = "TeamFollowupsCompleted"


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

    event: Literal["TeamTaskIterationStarted"] = "TeamTaskIterationStarted"


@dataclass
class TaskIterationCompletedEvent(TaskEvent):
    """A round over the task list ended."""

    event: Literal["TeamTaskIterationCompleted"] = "TeamTaskIterationCompleted"


@dataclass
class TaskStateUpdatedEvent(TaskEvent):
    """The task list changed."""

    event: Literal["TeamTaskStateUpdated"] = "TeamTaskStateUpdated"


@dataclass
class TaskCreatedEvent(TaskEvent):
    """A task was added."""

    event: Literal["TeamTaskCreated"] = "TeamTaskCreated"


@dataclass
class TaskUpdatedEvent(TaskEvent):
    """A task changed."""

    event: Literal["TeamTaskUpdated"] = "TeamTaskUpdated"


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

TEAM_RUN_EVENT_TYPE_REGISTRY = registry(TeamRunOutputEvent)


def team_run_output_event_from_dict(data: Mapping[str, Any]) -> Any:
    """The event that a dict describes: a team's, or a member's. Raises ValueError for a kind that is not known."""
    if "agent_id" in data:
        return run_output_event_from_dict(data)
    return revive(data, {**RUN_EVENT_TYPE_REGISTRY, **TEAM_RUN_EVENT_TYPE_REGISTRY})
