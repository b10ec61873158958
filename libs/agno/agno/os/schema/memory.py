"""Memories, as clients see them."""

from __future__ import annotations

from pydantic import BaseModel, Field

from agno.os.schema._given import Given


class UserMemorySchema(BaseModel):
    """A memory of a user."""

    memory_id: str
    memory: str
    topics: list[str] | None = None
    agent_id: str | None = None
    team_id: str | None = None
    user_id: str | None = None
    updated_at: str | None = None


class UserStatsSchema(BaseModel):
    """How many memories a user has."""

    user_id: str
    total_memories: int
    last_memory_updated_at: str | None = None


class MemoryGiven(Given):
    """A memory to keep. `user_id` may be left out by a caller who is one user."""

    memory: str = Field(min_length=1, max_length=20_000)
    user_id: str | None = Field(None, min_length=1, max_length=255)
    topics: list[str] | None = Field(None, max_length=100)


class MemoriesToDelete(Given):
    """Which memories go."""

    memory_ids: list[str] = Field(max_length=1_000)


__all__ = ["MemoriesToDelete", "MemoryGiven", "UserMemorySchema", "UserStatsSchema"]
