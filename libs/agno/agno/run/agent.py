"""Runs of agents: the output and the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, Union

from agno.run.base import RunEventBase, registry, revive
from agno.run.output import OutputBase
from agno.run.output import RunInput as RunInput
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


class RunEvent(str, Enum):
    """Kinds of events, as `event` carries them."""

    run_started = "RunStarted"
    run_content = "RunContent"
    run_content_completed = "RunContentCompleted"
    run_intermediate_content = "RunIntermediateContent"
    run_completed = "RunCompleted"
    run_paused = "RunPaused"
    run_continued = "RunContinued"
    run_error = "RunError"
    run_cancelled = "RunCancelled"
    pre_hook_started = "PreHookStarted"
    pre_hook_completed = "PreHookCompleted"
    post_hook_started = "PostHookStarted"
    post_hook_completed = "PostHookCompleted"
    memory_update_started = "MemoryUpdateStarted"
    memory_update_completed = "MemoryUpdateCompleted"
    session_summary_started = "SessionSummaryStarted"
    session_summary_completed = "SessionSummaryCompleted"
    reasoning_started = "ReasoningStarted"
    reasoning_step = "ReasoningStep"
    reasoning_content_delta = "ReasoningContentDelta"
    reasoning_completed = "ReasoningCompleted"
    tool_call_started = "ToolCallStarted"
    tool_call_completed = "ToolCallCompleted"
    tool_call_error = "ToolCallError"
    parser_model_response_started = "ParserModelResponseStarted"
    parser_model_response_completed = "ParserModelResponseCompleted"
    output_model_response_started = "OutputModelResponseStarted"
    output_model_response_completed = "OutputModelResponseCompleted"
    model_request_started = "ModelRequestStarted"
    model_request_completed = "ModelRequestCompleted"
    compression_started = "CompressionStarted"
    compression_completed = "CompressionCompleted"
    followups_started = "FollowupsStarted"
    followups_completed = "FollowupsCompleted"
    custom_event = "CustomEvent"


@dataclass
class RunOutput(OutputBase):
    """The result of a run, and everything that belongs to it."""

    agent_id: str | None = None
    agent_name: str | None = None

    @staticmethod
    def revive_event(event: Mapping[str, Any]) -> Any:
        return revive(event, RUN_EVENT_TYPE_REGISTRY, otherwise=CustomEvent)


@dataclass
class BaseAgentRunEvent(RunEventBase):
    """What every event of an agent's run carries."""

    agent_id: str = ""
    agent_name: str = ""


@dataclass
class RunStartedEvent(Started, BaseAgentRunEvent):
    """The run began."""

    event: Literal["RunStarted"] = "RunStarted"


@dataclass
class RunContentEvent(Content, BaseAgentRunEvent):
    """A piece of the answer, or the whole structured answer."""

    event: Literal["RunContent"] = "RunContent"


@dataclass
class RunContentCompletedEvent(BaseAgentRunEvent):
    """The answer is complete."""

    event: Literal["RunContentCompleted"] = "RunContentCompleted"


@dataclass
class IntermediateRunContentEvent(IntermediateContent, BaseAgentRunEvent):
    """What the first model wrote for the output model."""

    event: Literal["RunIntermediateContent"] = "RunIntermediateContent"


@dataclass
class RunCompletedEvent(Completed, BaseAgentRunEvent):
    """The run ended well; this is its result."""

    event: Literal["RunCompleted"] = "RunCompleted"


@dataclass
class RunPausedEvent(Paused, BaseAgentRunEvent):
    """The run waits for a person."""

    event: Literal["RunPaused"] = "RunPaused"


@dataclass
class RunContinuedEvent(BaseAgentRunEvent):
    """A paused run goes on."""

    event: Literal["RunContinued"] = "RunContinued"


@dataclass
class RunErrorEvent(Failed, BaseAgentRunEvent):
    """The run failed."""

    event: Literal["RunError"] = "RunError"


@dataclass
class RunCancelledEvent(Cancelled, BaseAgentRunEvent):
    """The run was cancelled."""

    event: Literal["RunCancelled"] = "RunCancelled"


@dataclass
class PreHookStartedEvent(PreHooked, BaseAgentRunEvent):
    """A hook before the model begins."""

    event: Literal["PreHookStarted"] = "PreHookStarted"


@dataclass
class PreHookCompletedEvent(PreHooked, BaseAgentRunEvent):
    """A hook before the model ended."""

    event: Literal["PreHookCompleted"] = "PreHookCompleted"


@dataclass
class PostHookStartedEvent(PostHooked, BaseAgentRunEvent):
    """A hook after the output begins."""

    event: Literal["PostHookStarted"] = "PostHookStarted"


@dataclass
class PostHookCompletedEvent(PostHooked, BaseAgentRunEvent):
    """A hook after the output ended."""

    event: Literal["PostHookCompleted"] = "PostHookCompleted"


@dataclass
class MemoryUpdateStartedEvent(BaseAgentRunEvent):
    """Memories are being made."""

    event: Literal["MemoryUpdateStarted"] = "MemoryUpdateStarted"


@dataclass
class MemoryUpdateCompletedEvent(BaseAgentRunEvent):
    """Memories were made."""

    event: Literal["MemoryUpdateCompleted"] = "MemoryUpdateCompleted"


@dataclass
class SessionSummaryStartedEvent(BaseAgentRunEvent):
    """The session is being summarised."""

    event: Literal["SessionSummaryStarted"] = "SessionSummaryStarted"


@dataclass
class SessionSummaryCompletedEvent(Summarised, BaseAgentRunEvent):
    """The session was summarised."""

    event: Literal["SessionSummaryCompleted"] = "SessionSummaryCompleted"


@dataclass
class ReasoningStartedEvent(BaseAgentRunEvent):
    """Reasoning began."""

    event: Literal["ReasoningStarted"] = "ReasoningStarted"


@dataclass
class ReasoningStepEvent(Thought, BaseAgentRunEvent):
    """One step of reasoning."""

    event: Literal["ReasoningStep"] = "ReasoningStep"


@dataclass
class ReasoningContentDeltaEvent(ThoughtDelta, BaseAgentRunEvent):
    """A piece of a reasoning model's thought."""

    event: Literal["ReasoningContentDelta"] = "ReasoningContentDelta"


@dataclass
class ReasoningCompletedEvent(Thoughts, BaseAgentRunEvent):
    """Reasoning ended."""

    event: Literal["ReasoningCompleted"] = "ReasoningCompleted"


@dataclass
class ToolCallStartedEvent(ToolStarted, BaseAgentRunEvent):
    """A tool is about to run."""

    event: Literal["ToolCallStarted"] = "ToolCallStarted"


@dataclass
class ToolCallCompletedEvent(ToolCompleted, BaseAgentRunEvent):
    """A tool ran."""

    event: Literal["ToolCallCompleted"] = "ToolCallCompleted"


@dataclass
class ToolCallErrorEvent(ToolFailed, BaseAgentRunEvent):
    """A tool failed; the model gets the error."""

    event: Literal["ToolCallError"] = "ToolCallError"


@dataclass
class ParserModelResponseStartedEvent(BaseAgentRunEvent):
    """The parser model is asked."""

    event: Literal["ParserModelResponseStarted"] = "ParserModelResponseStarted"


@dataclass
class ParserModelResponseCompletedEvent(BaseAgentRunEvent):
    """The parser model answered."""

    event: Literal["ParserModelResponseCompleted"] = "ParserModelResponseCompleted"


@dataclass
class OutputModelResponseStartedEvent(BaseAgentRunEvent):
    """The output model is asked."""

    event: Literal["OutputModelResponseStarted"] = "OutputModelResponseStarted"


@dataclass
class OutputModelResponseCompletedEvent(BaseAgentRunEvent):
    """The output model answered."""

    event: Literal["OutputModelResponseCompleted"] = "OutputModelResponseCompleted"


@dataclass
class ModelRequestStartedEvent(BaseAgentRunEvent):
    """A request is sent to the model."""

    event: Literal["ModelRequestStarted"] = "ModelRequestStarted"


@dataclass
class ModelRequestCompletedEvent(BaseAgentRunEvent):
    """The model answered a request."""

    event: Literal["ModelRequestCompleted"] = "ModelRequestCompleted"


@dataclass
class CompressionStartedEvent(BaseAgentRunEvent):
    """The context is being compressed."""

    event: Literal["CompressionStarted"] = "CompressionStarted"


@dataclass
class CompressionCompletedEvent(BaseAgentRunEvent):
    """The context was compressed."""

    event: Literal["CompressionCompleted"] = "CompressionCompleted"


@dataclass
class FollowupsStartedEvent(BaseAgentRunEvent):
    """Follow-up questions are being made."""

    event: Literal["FollowupsStarted"] = "FollowupsStarted"


@dataclass
class FollowupsCompletedEvent(FollowupsMade, BaseAgentRunEvent):
    """Follow-up questions were made."""

    event: Literal["FollowupsCompleted"] = "FollowupsCompleted"


@dataclass
class CustomEvent(BaseAgentRunEvent):
    """Base of your own events: a dataclass that a generator tool yields."""

    event: str = "CustomEvent"
    tool_call_id: str | None = None


RunOutputEvent = Union[
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
]

RUN_EVENT_TYPE_REGISTRY = registry(RunOutputEvent)


def run_output_event_from_dict(data: Mapping[str, Any]) -> Any:
    """The event that a dict describes. Raises ValueError for a kind that is not known."""
    return revive(data, RUN_EVENT_TYPE_REGISTRY)
