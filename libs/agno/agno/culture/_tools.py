"""The tools with which a model changes what agents share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agno._io import IO
from agno.db.schemas.culture import CulturalKnowledge
from agno.tools.function import Function, in_colour


def culture_tools(io: IO, db: Any, names: Iterable[str], facts: dict[str, Any]) -> dict[str, Function]:
    """The tools of these names, strict, in the colour of `io`. `facts` go with what is new."""

    async def add_knowledge(name: str, summary: str, content: str, categories: list[str] | None = None) -> str:
        """Keep something that every agent should know.

        Args:
            name: A short title.
            summary: What it says, in one sentence.
            content: What to do, and why.
            categories: What it is about, in single words.
        """
        new = CulturalKnowledge(name=name, summary=summary, content=content, categories=categories, **facts)
        return f"Added knowledge {(await io.call(db.upsert_cultural_knowledge, new)).id}."

    async def update_knowledge(
        id: str, name: str, summary: str, content: str, categories: list[str] | None = None
    ) -> str:
        """Change what a piece of knowledge says.

        Args:
            id: Its id.
            name: Its title.
            summary: What it says from now on, in one sentence.
            content: What to do, and why.
            categories: What it is about; left out, they stay.
        """
        known = await io.call(db.get_cultural_knowledge, id)
        if known is None:
            return _unknown(id)
        known.name, known.summary, known.content = name, summary, content
        known.categories = categories or known.categories
        await io.call(db.upsert_cultural_knowledge, known)
        return f"Updated knowledge {id}."

    async def delete_knowledge(id: str) -> str:
        """Drop a piece of knowledge.

        Args:
            id: Its id.
        """
        return f"Deleted knowledge {id}." if await io.call(db.delete_cultural_knowledge, id) else _unknown(id)

    async def clear_knowledge() -> str:
        """Drop all knowledge of all agents."""
        await io.call(db.clear_cultural_knowledge)
        return "Deleted all knowledge."

    works = {work.__name__: work for work in (add_knowledge, update_knowledge, delete_knowledge, clear_knowledge)}
    return {name: in_colour(io, works[name], strict=True) for name in names}


def _unknown(id: str) -> str:
    return f"Error: there is no knowledge with the id {id!r}."


__all__ = ["culture_tools"]
