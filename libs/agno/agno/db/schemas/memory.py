"""What is remembered about a user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from agno.utils.codec import Coded, decode


@dataclass
class UserMemory(Coded):
    """A fact about a user, and where it came from: `input` is what the user said, in the run and session named."""

    memory: str
    memory_id: str | None = None
    topics: list[str] | None = None
    user_id: str | None = None
    input: str | None = None
    updated_at: datetime | None = None
    feedback: str | None = None
    agent_id: str | None = None
    team_id: str | None = None
    created_at: datetime | None = None
    run_id: str | None = None
    session_id: str | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> UserMemory:
        """The inverse of `to_dict`; times may also be unix seconds."""
        memory = decode(cls, data)
        for name in ("updated_at", "created_at"):
            seconds = data.get(name)
            if isinstance(seconds, (int, float)):
                setattr(memory, name, datetime.fromtimestamp(seconds, tz=timezone.utc))
        return memory


__all__ = ["UserMemory"]
