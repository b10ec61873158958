"""What happens while content is added to a knowledge base."""

from __future__ import annotations

from dataclasses import dataclass, field

from agno.knowledge.content import Content


@dataclass
class IngestionEvent:
    """Something happened to a content."""

    content: Content


@dataclass
class ContentStarted(IngestionEvent):
    """It is being read. `resumed`: an earlier attempt was killed, and what it stored is used."""

    resumed: bool = False


@dataclass
class ContentSkipped(IngestionEvent):
    """It is there already, unchanged."""


@dataclass
class ContentProgress(IngestionEvent):
    """So many of its chunks have vectors, and are stored now or with the next ones. Of contents with few chunks there is
    none of these."""

    chunks: int = 0


@dataclass
class ContentCompleted(IngestionEvent):
    """It can be found, with so many chunks."""

    chunks: int = 0


@dataclass
class ContentFailed(IngestionEvent):
    """It cannot be read; `message` is a sentence that says why. The others are added all the same."""

    message: str = ""


@dataclass
class ContentRemoved(IngestionEvent):
    """Its file is gone, and so are its chunks and its row: see `remove_missing=`."""


@dataclass
class IngestionCompleted:
    """All is done."""

    completed: list[Content] = field(default_factory=list)
    skipped: list[Content] = field(default_factory=list)
    failed: list[Content] = field(default_factory=list)
    removed: list[Content] = field(default_factory=list)
    chunks: int = 0


__all__ = [
    "ContentCompleted",
    "ContentFailed",
    "ContentProgress",
    "ContentRemoved",
    "ContentSkipped",
    "ContentStarted",
    "IngestionCompleted",
    "IngestionEvent",
]
