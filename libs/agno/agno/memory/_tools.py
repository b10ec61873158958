"""The tools with which a model changes the memories of one user."""

from __future__ import annotations

from collections.abc import Iterable

from agno._io import IO
from agno.db import _memory_actions as actions
from agno.db._memories import UserMemories
from agno.tools.function import Function, in_colour


def memory_tools(io: IO, mine: UserMemories, names: Iterable[str]) -> dict[str, Function]:
    """The tools with these names, for strict schemas, sync or async as `io` is."""

    async def add_memory(memory: str, topics: list[str] | None = None) -> str:
        """Remember something about the user.

        Args:
            memory: One fact, in a short sentence.
            topics: What it is about, in single words.
        """
        return await actions.add(mine, memory, topics)

    async def update_memory(memory_id: str, memory: str, topics: list[str] | None = None) -> str:
        """Change what a memory says.

        Args:
            memory_id: The id of the memory.
            memory: What it says from now on.
            topics: What it is about; if empty, its topics stay.
        """
        return await actions.update(mine, memory_id, memory, topics)

    async def delete_memory(memory_id: str) -> str:
        """Forget one memory.

        Args:
            memory_id: The id of the memory.
        """
        return await actions.delete(mine, memory_id)

    async def clear_memory() -> str:
        """Forget everything about the user."""
        return f"Deleted all {await mine.clear()} memories of the user."

    works = {work.__name__: work for work in (add_memory, update_memory, delete_memory, clear_memory)}
    return {name: in_colour(io, works[name], strict=True) for name in names}


__all__ = ["memory_tools"]
