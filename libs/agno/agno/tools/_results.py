"""What tools give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agno.media import Audio, File, Image, Video


@dataclass
class ToolResult:
    """A tool's answer with media."""

    content: str = ""
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audios: list[Audio] | None = None
    files: list[File] | None = None
    metadata: dict[str, Any] | None = None


@dataclass
class FunctionExecutionResult:
    """How a call ended."""

    status: str  # "success" or "failure"
    result: Any = None
    error: str | None = None
    updated_session_state: dict[str, Any] | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audios: list[Audio] | None = None
    files: list[File] | None = None

    @property
    def has_media(self) -> bool:
        """True if the tool gave media."""
        return bool(self.images or self.videos or self.audios or self.files)

    def add_media(self, source: ToolResult) -> None:
        """Take over the media of a tool's answer."""
        for name in MEDIA:
            if media := getattr(source, name):
                setattr(self, name, [*(getattr(self, name) or ()), *media])


MEDIA = ("images", "videos", "audios", "files")

__all__ = ["MEDIA", "FunctionExecutionResult", "ToolResult"]
