"""The summary of a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agno.utils.codec import Coded


@dataclass
class SessionSummary(Coded):
    """What was said, in short, and about which topics."""

    summary: str
    topics: list[str] | None = None
    updated_at: datetime | None = None


__all__ = ["SessionSummary"]
