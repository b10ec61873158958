"""One content of a knowledge base: where it comes from, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any


class ContentStatus(str, Enum):
    """How far a content is."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass
class FileData:
    """A file that is not on this disk: an upload, or plain text (`type="Text"`). `type` is a MIME type; `size` is in bytes."""

    content: str | bytes | None = None
    type: str | None = None
    filename: str | None = None
    size: int | None = None


@dataclass
class ContentAuth:
    """What is needed to open a content."""

    password: str | None = None


@dataclass
class Content:
    """Something that is added to a knowledge base: one of path, url, file_data, topics or remote_content.

    `size` is in bytes, times are unix seconds, `external_id` is the name that a server (LightRAG) gave it.
    """

    id: str | None = None
    name: str | None = None
    description: str | None = None
    path: str | None = None
    url: str | None = None
    auth: ContentAuth | None = None
    file_data: FileData | None = None
    metadata: dict[str, Any] | None = None
    topics: list[str] | None = None
    remote_content: Any = None
    reader: Any = None
    size: int | None = None
    file_type: str | None = None
    content_hash: str | None = None
    status: ContentStatus | None = None
    status_message: str | None = None
    created_at: int | None = None
    updated_at: int | None = None
    external_id: str | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Content:
        """A content of plain data; keys that are no fields are ignored."""
        known = {f.name for f in fields(cls)}
        given = {key: value for key, value in data.items() if key in known}
        for key, kind in (("status", ContentStatus), ("auth", _auth), ("file_data", _file_data)):
            if given.get(key) is not None:
                given[key] = kind(given[key])
        return cls(**given)


def _auth(value: Any) -> ContentAuth:
    return ContentAuth(**value) if isinstance(value, Mapping) else value


def _file_data(value: Any) -> FileData:
    return FileData(**value) if isinstance(value, Mapping) else value


__all__ = ["Content", "ContentAuth", "ContentStatus", "FileData"]
