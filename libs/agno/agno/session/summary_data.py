"""The summary of a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agno.utils.codec import Coded, decode


@dataclass
class SessionSummary(Coded):
    """What was said, in short, and about which topics."""

    summary: str
    topics: list[str] | None = None
    updated_at: datetime | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SessionSummary:
        return decode(cls, data)


__all__ = ["SessionSummary"]
