"""What can happen in a run. Whom it happened to is added by the agent and team flavours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agno.media import Audio, Image, Video
from agno.models.message import Citations, Message, MessageReferences
from agno.models.metrics import Metrics
from agno.models.response import ToolExecution
from agno.reasoning.step import ReasoningStep, ReasoningSteps
from agno.run.output import RunInput
from agno.run.requirement import RunRequirement


@dataclass
class Started:
    """Which model answers."""

    model: str = ""
    model_provider: str = ""


@dataclass
class Content:
    """A piece of an answer."""

    content: Any = None
    content_type: str = "str"
    reasoning_content: str = ""
    citations: Citations | None = None
    response_audio: Audio | None = None
    image: Image | None = None
    references: list[MessageReferences] | None = None
    additional_input: list[Message] | None = None
    reasoning_steps: list[ReasoningStep] | None = None
    reasoning_messages: list[Message] | None = None


@dataclass
class IntermediateContent:
    """A piece of an answer that another model will rewrite."""

    content: Any = None
    content_type: str = "str"


@dataclass
class Completed:
    """The result."""

    content: Any = None
    content_type: str = "str"
    reasoning_content: str | None = None
    citations: Citations | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audio: list[Audio] | None = None
    response_audio: Audio | None = None
    references: list[MessageReferences] | None = None
    additional_input: list[Message] | None = None
    reasoning_steps: list[ReasoningStep] | None = None
    reasoning_messages: list[Message] | None = None
    metadata: dict[str, Any] | None = None
    metrics: Metrics | None = None


@dataclass
class Failed:
    """What went wrong."""

    content: str | None = None
    error_type: str | None = None
    error_id: str | None = None
    additional_data: dict[str, Any] | None = None


@dataclass
class Cancelled:
    """Why it was cancelled."""

    reason: str | None = None

    @property
    def is_cancelled(self) -> bool:
        return True


@dataclass
class Paused:
    """What it waits for."""

    tools: list[ToolExecution] | None = None
    requirements: list[RunRequirement] | None = None

    @property
    def is_paused(self) -> bool:
        return True


@dataclass
class PreHooked:
    """Which hook looks at which input."""

    pre_hook_name: str | None = None
    run_input: RunInput | None = None


@dataclass
class PostHooked:
    """Which hook looks at the output."""

    post_hook_name: str | None = None


@dataclass
class Thought:
    """A step of reasoning."""

    content: ReasoningStep | None = None
    content_type: str = "ReasoningStep"
    reasoning_content: str = ""


@dataclass
class Thoughts:
    """All steps of reasoning."""

    content: ReasoningSteps | None = None
    content_type: str = "ReasoningSteps"


@dataclass
class ThoughtDelta:
    """A piece of a thought."""

    reasoning_content: str = ""


@dataclass
class ToolStarted:
    """Which tool, with which arguments."""

    tool: ToolExecution | None = None


@dataclass
class ToolCompleted:
    """What the tool gave."""

    tool: ToolExecution | None = None
    content: Any = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audio: list[Audio] | None = None


@dataclass
class ToolFailed:
    """Why the tool failed."""

    tool: ToolExecution | None = None
    error: str | None = None


@dataclass
class Summarised:
    """The session's summary, a `SessionSummary`."""

    session_summary: Any = None


@dataclass
class FollowupsMade:
    """Questions that may follow."""

    followups: list[str] | None = None
