"""Memories as the data that clients see."""

from __future__ import annotations

from typing import Any

from agno.db.schemas.memory import UserMemory
from agno.os._pages import iso


def shown(memory: UserMemory) -> dict[str, Any]:
    """A memory."""
    names = ("memory_id", "memory", "topics", "agent_id", "team_id", "user_id")
    return {**{name: getattr(memory, name) for name in names}, "updated_at": iso(memory.updated_at)}


__all__ = ["shown"]
