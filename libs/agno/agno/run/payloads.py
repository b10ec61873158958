"""What can happen in a run. Whom it happened to is added by the agent and team flavours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agno.media import Audio, Image, Video
from agno.models.message import Citations, Message, MessageReferences
from agno.models.metrics import Metrics
from agno.models.response import ToolExecution
from agno.reasoning.step import ReasoningStep


@dataclass
class Started:
    model: str = ""
    model_provider: str = ""


@dataclass
class Content:
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
    content: Any = None
    content_type: str = "str"


@dataclass
class Completed:
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
    content: str | None = None
    error_type: str | None = None
    error_id: str | None = None
    additional_data: dict[str, Any] | None = None


@dataclass
class Cancelled:
    reason: str | None = None

    @property
    def is_cancelled(self) -> bool:
        return True


@dataclass
class Paused:
    tools: list[ToolExecution] | None = None
    requirements: list[Any] | None = None

    @property
    def is_paused(self) -> bool:
        return True


@dataclass
class Hooked:
    pre_hook_name: str | None = None
    post_hook_name: str | None = None
    run_input: Any = None


@dataclass
class Thought:
    content: Any = None
    content_type: str = "ReasoningStep"
    reasoning_content: str = ""


@dataclass
class Thoughts:
    content: Any = None
    content_type: str = "ReasoningSteps"


@dataclass
class ThoughtDelta:
    reasoning_content: str = ""


@dataclass
class ToolStarted:
    tool: ToolExecution | None = None


@dataclass
class ToolCompleted:
    tool: ToolExecution | None = None
    content: Any = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audio: list[Audio] | None = None


@dataclass
class ToolFailed:
    tool: ToolExecution | None = None
    error: str | None = None


@dataclass
class FollowupsMade:
    followups: list[str] | None = None
