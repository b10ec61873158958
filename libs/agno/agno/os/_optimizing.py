"""Tidying up the memories of a user with a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import HTTPException

from agno.compression.manager import estimated_tokens
from agno.db.schemas.memory import UserMemory
from agno.memory.manager import MemoryManager
from agno.models.message import Message
from agno.models.utils import get_model
from agno.os._components import Components, ask
from agno.os._memories import shown


def manager_for(components: Components, db: Any, model: str | None) -> MemoryManager:
    """Who tidies up: with the model that is named, else as the first agent or team of the database that has one."""
    if model is not None:
        try:
            return MemoryManager(model=get_model(model), db=db)
        except (ValueError, ImportError) as error:
            raise HTTPException(400, str(error)) from None
    for component in components.everything():
        if getattr(component, "db", None) is db and getattr(component, "model", None) is not None:
            own = getattr(component, "memory_manager", None)
            manager = own if isinstance(own, MemoryManager) else MemoryManager()
            found = manager.for_run(model=component.model, db=db)
            found.db = db
            return found
    raise HTTPException(400, "No agent or team with a model uses this database: name a model, such as openai:gpt-4o")


async def optimized(manager: MemoryManager, user_id: str, strategy: Any, apply: bool) -> dict[str, Any]:
    """What there is afterwards, and how much shorter it is."""
    before = await ask(manager.db.get_user_memories, user_id)
    after = await manager.aoptimize_memories(user_id, strategy=strategy, apply=apply)
    tokens_before, tokens_after = _tokens(before), _tokens(after)
    saved = tokens_before - tokens_after
    return {
        "memories": [shown(memory) for memory in after],
        "memories_before": len(before),
        "memories_after": len(after),
        "tokens_before": tokens_before,
        "tokens_after": tokens_after,
        "tokens_saved": saved,
        "reduction_percentage": round(100 * saved / tokens_before, 2) if tokens_before else 0.0,
    }


def _tokens(memories: Sequence[UserMemory]) -> int:
    return estimated_tokens([Message(role="user", content=memory.memory) for memory in memories])


__all__ = ["manager_for", "optimized"]
