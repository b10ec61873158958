"""Images, audio, video and files: given to a model, made by one, or handed to tools."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlparse

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from agno.utils.codec import copied, encode
from agno.utils.http import fetch
from agno.utils.ids import new_id

M = TypeVar("M", bound="_Media")
MEDIA = ("images", "videos", "audio", "files")  # the names that media have among the options and results of a run


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def _with_bytes(data: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: copied(value) for name, value in data.items()}
    if isinstance(fields.get("content"), str):
        fields["content"] = _decoded(fields["content"])
    return fields


class _Media(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, extra="allow")
    sources: ClassVar[tuple[str, ...]] = ("url", "filepath", "content")

    url: str | None = None
    filepath: Path | str | None = None
    content: bytes | None = None
    id: str | None = Field(default_factory=new_id)
    format: str | None = None
    mime_type: str | None = None

    @field_validator("content", mode="before")
    @classmethod
    def _text_is_base64(cls, value: Any) -> Any:
        return _decoded(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_a_source(self) -> Any:
        found = [name for name in self.sources if getattr(self, name) is not None]
        self._check_sources(found)
        return self

    def _check_sources(self, found: list[str]) -> None:
        if len(found) != 1:
            given = f"{len(found)} sources ({', '.join(found)})" if found else "no source"
            raise ValueError(f"{type(self).__name__} has {given}: give exactly one of url=, filepath= and content=.")

    def get_content_bytes(self) -> bytes | None:
        """The bytes: as given, read from the file, or downloaded."""
        if self.content is not None:
            return self.content
        if self.filepath is not None:
            return Path(self.filepath).read_bytes()
        if self.url is not None:
            content: bytes = fetch(self.url).content
            return content
        return None

    def to_base64(self) -> str | None:
        """The bytes as base64 text."""
        content = self.get_content_bytes()
        return base64.b64encode(content).decode() if content is not None else None

    @classmethod
    def from_base64(cls: type[M], base64_content: str, **fields: Any) -> M:
        """From base64 text; text that is none is taken as it is."""
        return cls(content=_decoded(base64_content), **fields)

    def to_dict(self, include_base64_content: bool = True) -> dict[str, Any]:
        """What is set; content as base64 text."""
        data: dict[str, Any] = {}
        for name, value in self:
            if value is None or (name == "content" and not include_base64_content):
                continue
            data[name] = encode(value)  # bytes become base64 text, a path its text
        return data

    @classmethod
    def from_dict(cls: type[M], data: Mapping[str, Any]) -> M:
        """The inverse of `to_dict`. A record without its bytes (they were not stored) can be read too."""
        try:
            return cls.model_validate(data)
        except ValidationError:
            return cls.model_construct(**_with_bytes(data))

    @classmethod
    def model_validate(cls: type[M], obj: Any, **options: Any) -> M:
        """From an instance, or a dict in which `content` is bytes or base64 text."""
        return super().model_validate(_with_bytes(obj) if isinstance(obj, Mapping) else obj, **options)


class Image(_Media):
    """A picture, from exactly one of url, filepath and content."""

    detail: str | None = None
    original_prompt: str | None = None
    revised_prompt: str | None = None
    alt_text: str | None = None


class Audio(_Media):
    """Sound, from exactly one of url, filepath and content; rates in Hz, duration in seconds."""

    duration: float | None = None
    sample_rate: int | None = 24000
    channels: int | None = 1
    transcript: str | None = None
    expires_at: int | None = None

    def _check_sources(self, found: list[str]) -> None:
        if found or self.transcript is None:  # a streamed answer may bring the words before the sound
            super()._check_sources(found)


class Video(_Media):
    """A film, from exactly one of url, filepath and content."""

    duration: float | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    eta: str | None = None
    original_prompt: str | None = None
    revised_prompt: str | None = None


_MIME_TYPES = (
    "application/pdf", "application/json", "application/x-javascript", "text/javascript", "application/x-python",
    "text/x-python", "text/plain", "text/html", "text/css", "text/md", "text/markdown", "text/csv", "text/xml",
    "text/rtf", "application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
)  # fmt: skip


class File(_Media):
    """A document, from at least one of url, filepath, content and external (a provider's own file object)."""

    sources: ClassVar[tuple[str, ...]] = ("url", "filepath", "content", "external")

    external: Any = None
    name: str | None = None
    filename: str | None = None
    file_type: str | None = None
    size: int | None = None

    def _check_sources(self, found: list[str]) -> None:
        if not found:
            raise ValueError("File has no source: give url=, filepath=, content= or external=.")

    @field_validator("content", mode="before")
    @classmethod
    def _text_is_base64(cls, value: Any) -> Any:
        return value.encode() if isinstance(value, str) else value  # of a document, text is the content itself

    @field_validator("mime_type")
    @classmethod
    def _known_type(cls, value: str | None) -> str | None:
        if value is not None and value not in _MIME_TYPES:
            raise ValueError(f"mime_type={value!r} is not supported. Supported: {', '.join(_MIME_TYPES)}.")
        return value

    @classmethod
    def valid_mime_types(cls) -> list[str]:
        """The MIME types a file may have."""
        return list(_MIME_TYPES)

    @property
    def file_url_content(self) -> tuple[bytes, str] | None:
        """Bytes and MIME type of the url, or None without one."""
        if self.url is None:
            return None
        response = fetch(self.url)
        kind = response.headers.get("Content-Type", "").split(";")[0]
        return response.content, kind or self.mime_type or "application/octet-stream"

    def display_name(self) -> str:
        """A name to show: as given, else from the path or url."""
        if name := self.name or self.filename:
            return name
        if self.filepath is not None:
            return Path(self.filepath).name
        return Path(urlparse(self.url or "").path).name or "file"


__all__ = ["MEDIA", "Audio", "File", "Image", "Video"]
