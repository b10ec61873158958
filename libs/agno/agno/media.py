"""Images, audio, video and files: given to a model, made by one, or handed to tools."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlparse

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from agno.utils.ids import new_id

M = TypeVar("M", bound="_Media")


class _Media(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True, extra="allow")
    exclusive: ClassVar[bool] = True  # exactly one source, or at least one

    url: str | None = None
    filepath: Path | str | None = None
    content: bytes | None = None
    id: str | None = Field(default_factory=new_id)
    format: str | None = None
    mime_type: str | None = None

    def _sources(self) -> list[str]:
        return [name for name in ("url", "filepath", "content") if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _has_a_source(self) -> Any:
        sources = self._sources()
        name = type(self).__name__
        if not sources:
            raise ValueError(f"{name} has no source: give url=, filepath= or content=.")
        if self.exclusive and len(sources) > 1:
            raise ValueError(f"{name} has {len(sources)} sources ({', '.join(sources)}): give exactly one.")
        return self

    def get_content_bytes(self) -> bytes | None:
        """The bytes: as given, read from the file, or downloaded."""
        if self.content is not None:
            return self.content
        if self.filepath is not None:
            return Path(self.filepath).read_bytes()
        if self.url is not None:
            response = httpx.get(self.url, follow_redirects=True)
            response.raise_for_status()
            return response.content
        return None

    def to_base64(self) -> str | None:
        """The bytes as base64 text."""
        content = self.get_content_bytes()
        return base64.b64encode(content).decode() if content is not None else None

    @classmethod
    def from_base64(cls: type[M], base64_content: str, **fields: Any) -> M:
        """From base64 text; text that is none is taken as it is."""
        try:
            content = base64.b64decode(base64_content, validate=True)
        except (binascii.Error, ValueError):
            content = base64_content.encode()
        return cls(content=content, **fields)

    def to_dict(self, include_base64_content: bool = True) -> dict[str, Any]:
        """What is set; content as base64 text."""
        data = self.model_dump(exclude_none=True, exclude={"content", "external"})
        if self.filepath is not None:
            data["filepath"] = str(self.filepath)
        if include_base64_content and self.content is not None:
            data["content"] = base64.b64encode(self.content).decode()
        return data

    @classmethod
    def from_dict(cls: type[M], data: Mapping[str, Any]) -> M:
        """The inverse of `to_dict`."""
        fields = dict(data)
        content = fields.get("content")
        if isinstance(content, str):
            fields.pop("content")
            return cls.from_base64(content, **fields)
        return cls(**fields)


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

    @model_validator(mode="after")
    def _has_a_source(self) -> Any:
        if self.transcript is not None and not self._sources():
            return self  # a streamed answer may bring the words before the sound
        sources = self._sources()
        if len(sources) != 1:
            raise ValueError(f"Audio has {len(sources)} sources: give exactly one of url=, filepath= and content=.")
        return self


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

    exclusive: ClassVar[bool] = False

    external: Any = None
    name: str | None = None
    filename: str | None = None
    size: int | None = None

    def _sources(self) -> list[str]:
        return [name for name in ("url", "filepath", "content", "external") if getattr(self, name) is not None]

    @field_validator("content", mode="before")
    @classmethod
    def _text_is_content(cls, value: Any) -> Any:
        return value.encode() if isinstance(value, str) else value

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
        response = httpx.get(self.url, follow_redirects=True)
        response.raise_for_status()
        kind = response.headers.get("Content-Type", "").split(";")[0]
        return response.content, kind or self.mime_type or "application/octet-stream"

    def display_name(self) -> str:
        """A name to show: as given, else from the path or url."""
        if name := self.name or self.filename:
            return name
        if self.filepath is not None:
            return Path(self.filepath).name
        return Path(urlparse(self.url or "").path).name or "file"


__all__ = ["Audio", "File", "Image", "Video"]
