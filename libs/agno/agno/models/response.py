"""What a model or a tool gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from agno.media import Audio, File, Image, Video
from agno.models.message import Citations
from agno.models.metrics import Metrics
from agno.utils.codec import Coded, copied, decode, encode, encode_fields
from agno.utils.dttm import now_epoch
from agno.utils.lazy import Lazy


class ModelResponseEvent(str, Enum):
    """What a `ModelResponse` in a stream stands for."""

    tool_call_paused = "ToolCallPaused"
    tool_call_started = "ToolCallStarted"
    tool_call_completed = "ToolCallCompleted"
    assistant_response = "AssistantResponse"


class FileType(str, Enum):
    """Kinds of generated files."""

    MP4 = "mp4"
    GIF = "gif"
    MP3 = "mp3"


@dataclass
class UserInputField(Coded):
    """A value that a person gives before a tool runs."""

    name: str
    field_type: Any = str
    description: str | None = None
    value: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data; the type by its name."""
        return {
            "name": self.name,
            "field_type": getattr(self.field_type, "__name__", "str"),
            "description": self.description,
            "value": encode(self.value),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> UserInputField:
        """The inverse of `to_dict`; a type that is not in the table is taken as text."""
        kind = data.get("field_type")
        return cls(
            name=data["name"],
            field_type=FIELD_TYPES.get(kind, str) if isinstance(kind, str) else kind or str,
            description=data.get("description"),
            value=copied(data.get("value")),
        )


# a fixed table: what a model or a stored record names is never evaluated
FIELD_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}


@dataclass
class ToolExecution(Coded):
    """One tool call of a run: what was asked for, what came of it, and what it waits for."""

    tool_call_id: str | None = None
    tool_name: str | None = None
    tool_args: dict[str, Any] | None = None
    tool_call_error: bool | None = None
    result: str | None = None
    metrics: Metrics | None = None
    stop_after_tool_call: bool = False
    created_at: int = field(default_factory=now_epoch)
    requires_confirmation: bool | None = None
    confirmed: bool | None = None
    confirmation_note: str | None = None
    requires_user_input: bool | None = None
    user_input_schema: list[UserInputField] | None = None
    user_feedback_schema: list[dict[str, Any]] | None = None
    answered: bool | None = None
    external_execution_required: bool | None = None
    external_execution_silent: bool | None = None
    child_run_id: str | None = None  # the run that the call began, a member's; of several, the first
    child_run_ids: list[str] | None = None
    child_errors: list[dict[str, Any]] | None = None  # of those that failed: run_id, error_type and error
    approval_type: str | None = None
    approval_id: str | None = None

    @property
    def is_paused(self) -> bool:
        """True while a person is needed."""
        waits = self.requires_confirmation or self.requires_user_input or self.external_execution_required
        asks = self.child_run_id is not None or self.user_feedback_schema is not None
        return bool(waits or (asks and self.result is None))

    def to_dict(self) -> dict[str, Any]:
        """All fields of 2.0, also those that are None; later ones if they are set."""
        return encode_fields(self, always=_ALWAYS)


_ALWAYS = frozenset(
    {
        "tool_call_id", "tool_name", "tool_args", "tool_call_error", "result", "metrics", "stop_after_tool_call",
        "created_at", "requires_confirmation", "confirmed", "confirmation_note", "requires_user_input",
        "user_input_schema", "answered", "external_execution_required",
    }
)  # fmt: skip


@dataclass
class ModelResponse(Coded):
    """An answer, or a piece of one, or a tool event in a model's stream."""

    role: str | None = None
    content: Any = None
    parsed: Any = None
    audio: Audio | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audios: list[Audio] | None = None
    files: list[File] | None = None
    tool_calls: list[dict[str, Any]] = Lazy(list)  # type: ignore[assignment]  # a descriptor that gives a list
    tool_executions: list[ToolExecution] = Lazy(list)  # type: ignore[assignment]  # a descriptor that gives a list
    event: str = ModelResponseEvent.assistant_response.value
    provider_data: dict[str, Any] | None = None
    redacted_reasoning_content: str | None = None
    reasoning_content: str | None = None
    citations: Citations | None = None
    response_usage: Metrics | None = None
    created_at: int = Lazy(now_epoch)  # type: ignore[assignment]  # a descriptor that gives an int
    extra: dict[str, Any] | None = None
    updated_session_state: dict[str, Any] | None = None

    def __init__(self, role: str | None = None, content: Any = None, **values: Any) -> None:
        # one is made per streamed token: store what is given, leave the rest to the class
        if content is not None:
            self.content = content
        if role is not None:
            self.role = role
        if values:
            if not values.keys() <= _FIELD_NAMES:
                unknown = sorted(values.keys() - _FIELD_NAMES)[0]
                raise TypeError(f"ModelResponse has no field {unknown!r}. Fields: {', '.join(sorted(_FIELD_NAMES))}.")
            self.__dict__.update(values)

    @property
    def is_text_only(self) -> bool:
        """True if nothing but text is set: the frequent case in a stream."""
        return len(self.__dict__) == 1 and type(self.content) is str

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ModelResponse:
        """The inverse of `to_dict`."""
        return decode(cls, data)


_FIELD_NAMES = frozenset(ModelResponse.__dataclass_fields__)

__all__ = ["FileType", "ModelResponse", "ModelResponseEvent", "ToolExecution", "UserInputField"]
