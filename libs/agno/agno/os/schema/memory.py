"""Memories, as clients see them."""

from __future__ import annotations

from typing import Literal

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


class OptimizeMemories(Given):
    """Whose memories are tidied up. `user_id` may be left out by a caller who is one user.

    `summarize` makes one of all, `merge` joins those that say the same. With `apply=false` nothing is stored.
    """

    user_id: str | None = Field(None, min_length=1, max_length=255)
    model: str | None = Field(
        None, description="As provider:model_id; without, that of an agent or team of the database"
    )
    apply: bool = True
    strategy: Literal["summarize", "merge"] = "summarize"


class OptimizedMemory(UserMemorySchema):
    """A memory as it is afterwards; it has no id while it is not stored."""

    memory_id: str | None = None  # type: ignore[assignment]


class OptimizedMemories(BaseModel):
    """What there is afterwards. Numbers of tokens are estimates."""

    memories: list[OptimizedMemory]
    memories_before: int
    memories_after: int
    tokens_before: int
    tokens_after: int
    tokens_saved: int
    reduction_percentage: float


class MemoriesToDelete(Given):
    """Which memories go."""

    memory_ids: list[str] = Field(max_length=1_000)


__all__ = [
    "MemoriesToDelete",
    "MemoryGiven",
    "OptimizeMemories",
    "OptimizedMemories",
    "OptimizedMemory",
    "UserMemorySchema",
    "UserStatsSchema",
]
