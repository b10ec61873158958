"""One message of a conversation."""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, fields
from time import time
from typing import Any

import msgspec
from pydantic import BaseModel

from agno.media import Audio, File, Image, Video
from agno.models.metrics import Metrics
from agno.utils.codec import Coded, copied, decode, encode, revived
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id
from agno.utils.lazy import Lazy
from agno.utils.log import log_debug, log_error, log_info, log_warning


@dataclass
class MessageReferences(Coded):
    """What a search of the knowledge gave for a query; time in seconds."""

    query: str
    references: list[dict[str, Any] | str] | None = None
    time: float | None = None


class UrlCitation(BaseModel):
    """A web page that an answer refers to."""

    url: str | None = None
    title: str | None = None


class DocumentCitation(BaseModel):
    """A passage of a document that an answer refers to."""

    document_title: str | None = None
    cited_text: str | None = None
    file_name: str | None = None


class Citations(BaseModel):
    """What an answer refers to."""

    raw: Any = None
    urls: list[UrlCitation] | None = None
    documents: list[DocumentCitation] | None = None
    search_queries: list[str] | None = None


@dataclass(init=False, eq=False)
class Message(Coded):
    """A message: who says it (`role`), what (`content`), and what belongs to it. Further attributes may be set."""

    role: str
    content: str | list[Any] | None = None
    id: str = Lazy(new_id)  # type: ignore[assignment]  # a descriptor that gives a str
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    audio: list[Audio] | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    files: list[File] | None = None
    audio_output: Audio | None = None
    image_output: Image | None = None
    video_output: Video | None = None
    redacted_reasoning_content: str | None = None
    reasoning_content: str | None = None
    provider_data: dict[str, Any] | None = None
    citations: Citations | None = None
    tool_name: str | None = None
    tool_args: Any = None
    tool_call_error: bool | None = None
    stop_after_tool_call: bool = False
    add_to_agent_memory: bool = True
    from_history: bool = False
    metrics: Metrics = Lazy(Metrics)  # type: ignore[assignment]  # a descriptor that gives Metrics
    references: MessageReferences | None = None
    compressed_content: str | None = None
    temporary: bool = False
    created_at: int = field(default_factory=now_epoch)

    def __init__(self, role: str, content: str | list[Any] | None = None, **values: Any) -> None:
        self.role = role
        self.content = content
        self.created_at = int(time())
        if values:
            self.__dict__.update(values if _REVIVED.isdisjoint(values) else _revived(values))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        if "id" in self.__dict__ and "id" in other.__dict__ and self.id != other.id:
            return False
        return self._data() == other._data()

    __hash__ = None  # type: ignore[assignment]  # mutable

    @property
    def has_metrics(self) -> bool:
        """True if something was measured or counted."""
        return "metrics" in self.__dict__

    def get_content_string(self) -> str:
        """The content as text: of a list the first text, else JSON."""
        content = self.content
        if isinstance(content, str):
            return content
        if isinstance(content, list) and content:
            if isinstance(content[0], Mapping) and "text" in content[0]:
                return str(content[0]["text"] or "")
            return msgspec.json.encode(content, enc_hook=str).decode()
        return ""

    get_content = get_content_string

    def content_is_valid(self) -> bool:
        """True if there is content."""
        return self.content is not None and len(self.content) > 0

    def to_dict(self) -> dict[str, Any]:
        """Plain data: without None and empty lists; role, tags and time always."""
        return {"id": self.id, **self._data()}

    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = {"role": self.role}
        for name, value in self.__dict__.items():
            if value is None or name in _HANDLED or (name != "content" and value in ([], {})):
                continue
            data[name] = encode(value)
        if self.has_metrics and (metrics := self.metrics.to_dict()):
            data["metrics"] = metrics
        data["from_history"] = self.from_history
        data["stop_after_tool_call"] = self.stop_after_tool_call
        data["created_at"] = self.created_at
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Message:
        """The inverse of `to_dict`. Unknown keys become attributes."""
        message = decode(cls, {key: value for key, value in data.items() if key in _FIELD_NAMES})
        message.__dict__.update({key: copied(value) for key, value in data.items() if key not in _FIELD_NAMES})
        return message

    def to_function_call_dict(self) -> dict[str, Any]:
        """The message as a record of a tool call."""
        return {
            "content": self.content,
            "tool_call_id": self.tool_call_id,
            "tool_name": self.tool_name,
            "tool_args": self.tool_args,
            "tool_call_error": self.tool_call_error,
            "metrics": self.metrics,
            "created_at": self.created_at,
        }

    def log(self, metrics: bool = True, level: str | None = None) -> None:
        """Write the message to the log, as a debug line unless `level` names another."""
        write: Callable[[str], None] = _WRITERS.get(level or "", log_debug)
        lines = [f"{self.role}: {self.get_content_string()}"]
        lines += [f"  calls {call.get('function', call)}" for call in self.tool_calls or ()]
        if metrics and self.has_metrics:
            lines.append(f"  metrics {self.metrics.to_dict()}")
        write("\n".join(lines))

    # The part of pydantic's interface that programs written for Agno use

    def model_dump(
        self,
        *,
        include: Container[str] | None = None,
        exclude: Container[str] | None = None,
        exclude_none: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """All fields as plain data, or those asked for."""
        data = {**_DEFAULTS, **self.to_dict()}
        return {
            name: value
            for name, value in data.items()
            if (include is None or name in include)
            and (exclude is None or name not in exclude)
            and not (exclude_none and value is None)
        }

    def model_dump_json(self, *, indent: int | None = None, **options: Any) -> str:
        """`model_dump` as JSON text."""
        raw = msgspec.json.encode(self.model_dump(**options), enc_hook=str)
        return (msgspec.json.format(raw, indent=indent) if indent else raw).decode()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Message:
        """A twin; unless `deep`, it shares lists and dicts with this message."""
        twin = Message.__new__(type(self))
        twin.__dict__.update(copy.deepcopy(self.__dict__) if deep else self.__dict__)
        if update:
            twin.__dict__.update(update)
        return twin

    @classmethod
    def model_validate(cls, value: Any) -> Message:
        """A message from a message or a dict."""
        return value if isinstance(value, cls) else cls.from_dict(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema  # only when a pydantic model has a Message field

        return core_schema.no_info_plain_validator_function(
            cls.model_validate, serialization=core_schema.plain_serializer_function_ser_schema(lambda m: m.to_dict())
        )


_HANDLED = frozenset({"id", "role", "metrics", "from_history", "stop_after_tool_call", "created_at"})
_WRITERS: dict[str, Callable[[str], None]] = {"info": log_info, "warning": log_warning, "error": log_error}
_DEFAULTS: dict[str, Any] = {f.name: f.default if isinstance(f.default, bool) else None for f in fields(Message)}
_FIELD_NAMES = frozenset(_DEFAULTS)
# fields that may be given as dicts, as in Message(**stored)
_REVIVED = frozenset(
    {
        "audio",
        "images",
        "videos",
        "files",
        "audio_output",
        "image_output",
        "video_output",
        "citations",
        "metrics",
        "references",
    }
)


def _revived(values: dict[str, Any]) -> dict[str, Any]:
    return {name: revived(Message, name, value) if name in _REVIVED else value for name, value in values.items()}


__all__ = ["Citations", "DocumentCitation", "Message", "MessageReferences", "UrlCitation"]
