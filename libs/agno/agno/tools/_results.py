"""What tools give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from agno._io import IO, Give
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
class Deferred:
    """What a tool of the engine gives in place of its result: work inside the run that called it, such as a member's run.

    It waits through the run's io and gives its events to the run; what it returns is the tool's result, or `RunsInside`.
    """

    work: Callable[[IO, Give], Awaitable[Any]]


@dataclass
class RunsInside:
    """The result of work that began runs: their ids. Without a `result` the call waits, because one of them does.

    `shown`: what it says has been given out as the answer. `failed`: none of them did what it was asked; the result
    says why, and the model may go on, also where the call would have been the last. `errors`: what some of them ended
    with: `run_id`, `error_type` and `error`.
    """

    run_ids: list[str]
    result: Any = None
    shown: bool = False
    failed: bool = False
    errors: list[dict[str, Any]] | None = None


@dataclass
class FunctionExecutionResult:
    """How a call ended."""

    status: str  # "success", "failure" or "waiting"
    result: Any = None
    error: str | None = None
    updated_session_state: dict[str, Any] | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audios: list[Audio] | None = None
    files: list[File] | None = None
    inside: RunsInside | None = None
    error_type: str | None = None  # the class of what the tool raised

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

__all__ = ["MEDIA", "Deferred", "FunctionExecutionResult", "RunsInside", "ToolResult"]
