"""What tools do to the memories of one user, each with the text that the model reads as its result."""

from __future__ import annotations

from agno.db._memories import UserMemories
from agno.db.schemas.memory import UserMemory


async def add(mine: UserMemories, memory: str, topics: list[str] | None) -> str:
    """Add a memory, unless one says the same already."""
    memory_id, new = await mine.add(UserMemory(memory, topics=topics or None))
    return f"Added memory {memory_id}." if new else f"That is known already, as memory {memory_id}."


async def update(mine: UserMemories, memory_id: str, memory: str, topics: list[str] | None) -> str:
    """Change the text of a memory, and its topics if some are given."""
    done = await mine.change(memory_id, memory, topics or None)
    return f"Updated memory {memory_id}." if done else _unknown(memory_id)


async def delete(mine: UserMemories, memory_id: str) -> str:
    """Delete a memory."""
    if await mine.get(memory_id) is None:
        return _unknown(memory_id)
    await mine.remove([memory_id])
    return f"Deleted memory {memory_id}."


def _unknown(memory_id: str) -> str:
    return f"Error: the user has no memory with the id {memory_id!r}."


__all__ = ["add", "delete", "update"]
