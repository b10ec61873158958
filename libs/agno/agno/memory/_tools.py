"""The tools with which a model changes the memories of one user."""

from __future__ import annotations

from collections.abc import Iterable

from agno._io import IO
from agno.db._memories import UserMemories
from agno.db.schemas.memory import UserMemory
from agno.tools._colour import in_colour
from agno.tools.function import Function


def memory_tools(io: IO, mine: UserMemories, names: Iterable[str]) -> dict[str, Function]:
    """The tools of these names, strict, in the colour of `io`."""

    async def add_memory(memory: str, topics: list[str] | None = None) -> str:
        """Remember something about the user.

        Args:
            memory: One fact, in a short sentence.
            topics: What it is about, in single words.
        """
        memory_id, new = await mine.add(UserMemory(memory, topics=topics))
        return f"Added memory {memory_id}." if new else f"That is known already, as memory {memory_id}."

    async def update_memory(memory_id: str, memory: str, topics: list[str] | None = None) -> str:
        """Change what a memory says.

        Args:
            memory_id: The id of the memory.
            memory: What it says from now on.
            topics: What it is about; left out, its topics stay.
        """
        done = await mine.change(memory_id, memory, topics)
        return f"Updated memory {memory_id}." if done else _unknown(memory_id)

    async def delete_memory(memory_id: str) -> str:
        """Forget one memory.

        Args:
            memory_id: The id of the memory.
        """
        if await mine.get(memory_id) is None:
            return _unknown(memory_id)
        await mine.remove([memory_id])
        return f"Deleted memory {memory_id}."

    async def clear_memory() -> str:
        """Forget everything about the user."""
        return f"Deleted all {await mine.clear()} memories of the user."

    works = {work.__name__: work for work in (add_memory, update_memory, delete_memory, clear_memory)}
    return {name: in_colour(io, works[name], strict=True) for name in names}


def _unknown(memory_id: str) -> str:
    return f"Error: the user has no memory with the id {memory_id!r}."


__all__ = ["memory_tools"]
