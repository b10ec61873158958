"""Routes of memories. A caller who is one user meets only that user's own; others are not there (404)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.requests import Request
from starlette.responses import Response

from agno.db.schemas.memory import UserMemory
from agno.db.tables import MEMORIES
from agno.os._caller import caller_of
from agno.os._components import ask
from agno.os._memories import shown
from agno.os._operators import operators_only
from agno.os._optimizing import manager_for, optimized
from agno.os._pages import Page, as_json, iso, numbered, paginated, sorted_by
from agno.os.routers._table import Line, routes_of
from agno.os.schema.memory import (
    MemoriesToDelete,
    MemoryGiven,
    OptimizedMemories,
    OptimizeMemories,
    UserMemorySchema,
    UserStatsSchema,
)
from agno.os.schema.pages import Paginated
from agno.utils.ids import new_id

if TYPE_CHECKING:
    from agno.os.app import AgentOS

Rows = list[dict[str, Any]]
_SORTED = Annotated[Page, Depends(sorted_by("updated_at", ("updated_at", "created_at", "memory_id"), MEMORIES))]
_STATS = Annotated[Page, Depends(numbered("last_memory_updated_at"))]
_TOPIC = r"[^,]*[^,\s][^,]*"
_TOPICS = Annotated[
    str | None,
    Query(
        description="Topics that all must be there, with commas between them",
        json_schema_extra={"pattern": f"^({_TOPIC}(,{_TOPIC})*)?$"},
    ),
]


def router(os: AgentOS) -> APIRouter | None:
    """/memories, /memory_topics, /user_memory_stats and /optimize-memories; None where no database is served."""
    if not os.components.dbs:
        return None
    routes, one = MemoryRoutes(os), "/memories/{memory_id}"
    table: list[Line] = [
        ("GET", "/memories", routes.list, Paginated[UserMemorySchema], 200, "list_memories", "Memories"),
        ("POST", "/memories", routes.create, UserMemorySchema, 200, "create_memory", "Keep a memory"),
        ("DELETE", "/memories", routes.delete_many, None, 204, "delete_memories", "Delete memories"),
        ("GET", one, routes.get, UserMemorySchema, 200, "get_memory", "One memory"),
        ("PATCH", one, routes.change, UserMemorySchema, 200, "update_memory", "Change a memory"),
        ("DELETE", one, routes.delete, None, 204, "delete_memory", "Delete a memory"),
        ("GET", "/memory_topics", routes.topics, list[str], 200, "list_memory_topics", "All topics of memories"),
        ("GET", "/user_memory_stats", routes.stats, Paginated[UserStatsSchema], 200, "list_user_memory_stats",
         "How many memories each user has"),
        ("POST", "/optimize-memories", routes.optimize, OptimizedMemories, 200, "optimize_memories",
         "Let a model tidy up the memories of a user"),
    ]  # fmt: skip
    return routes_of("Memory", table, 400, 404, 422)


class MemoryRoutes:
    """The endpoints."""

    def __init__(self, os: AgentOS) -> None:
        self.os = os

    async def list(
        self,
        request: Request,
        page: _SORTED,
        user_id: str | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        topics: _TOPICS = None,
        search_content: str | None = None,
        db_id: str | None = None,
    ) -> Response:
        """Memories that fit all that is asked for."""
        user = caller_of(request).acts_as(user_id)
        wanted = [topic.strip() for topic in topics.split(",")] if topics else None
        if wanted is not None and not all(wanted):
            raise HTTPException(422, f"Invalid topics format: {topics!r} has an empty topic")
        rows, total = await ask(
            self.os.components.db(db_id).get_user_memories, user, agent_id, team_id, wanted, search_content,
            deserialize=False, **page.options(),
        )  # fmt: skip
        return paginated(rows, total, page, lambda row: shown(UserMemory.from_dict(_set(row))))

    async def create(self, request: Request, given: MemoryGiven, db_id: str | None = None) -> Response:
        """Keeps a memory of a user."""
        user = caller_of(request).acts_as(given.user_id)
        if user is None:
            raise HTTPException(422, "user_id is required: whose memory is it?")
        memory = UserMemory(memory=given.memory, topics=given.topics, user_id=user, memory_id=new_id())
        return as_json(shown(await ask(self.os.components.db(db_id).upsert_user_memory, memory)))

    async def get(
        self, request: Request, memory_id: str, user_id: str | None = None, db_id: str | None = None
    ) -> Response:
        """The memory with this id."""
        return as_json(shown(await self._found(request, memory_id, user_id, db_id)))

    async def change(self, request: Request, memory_id: str, given: MemoryGiven, db_id: str | None = None) -> Response:
        """Gives a memory another text, and other topics if there are some; whose it is stays."""
        memory = await self._found(request, memory_id, given.user_id, db_id)
        memory.memory = given.memory
        memory.topics = given.topics if given.topics is not None else memory.topics
        return as_json(shown(await ask(self.os.components.db(db_id).upsert_user_memory, memory)))

    async def delete(
        self, request: Request, memory_id: str, user_id: str | None = None, db_id: str | None = None
    ) -> Response:
        """Deletes it, if it is there."""
        user = caller_of(request).acts_as(user_id)
        await ask(self.os.components.db(db_id).delete_user_memory, memory_id, user_id=user)
        return Response(status_code=204)

    async def delete_many(
        self, request: Request, given: MemoriesToDelete, user_id: str | None = None, db_id: str | None = None
    ) -> Response:
        """Deletes those that are there."""
        user = caller_of(request).acts_as(user_id)
        await ask(self.os.components.db(db_id).delete_user_memories, given.memory_ids, user_id=user)
        return Response(status_code=204)

    async def topics(self, request: Request, user_id: str | None = None, db_id: str | None = None) -> Response:
        """Each topic once."""
        db, user = self.os.components.db(db_id), caller_of(request).acts_as(user_id)
        if user is None:
            return as_json(await ask(db.get_all_memory_topics))
        memories = await ask(db.get_user_memories, user)
        return as_json(list(dict.fromkeys(topic for memory in memories for topic in memory.topics or ())))

    async def stats(
        self, request: Request, page: _STATS, user_id: str | None = None, db_id: str | None = None
    ) -> Response:
        """The users with the newest memories first."""
        db, user = self.os.components.db(db_id), caller_of(request).acts_as(user_id)
        if user is None:
            found, total = await ask(db.get_user_memory_stats, page.limit, page.page)
        else:
            found, total = await self._own_stats(db, user)
        return paginated(
            [{**row, "last_memory_updated_at": iso(row["last_memory_updated_at"])} for row in found], total, page
        )

    @staticmethod
    async def _own_stats(db: Any, user: str) -> tuple[Rows, int]:
        rows, total = await ask(
            db.get_user_memories, user, limit=1, sort_by="updated_at", sort_order="desc", deserialize=False
        )
        if not total:
            return [], 0
        return [{"user_id": user, "total_memories": total, "last_memory_updated_at": rows[0]["updated_at"]}], 1

    async def optimize(self, request: Request, given: OptimizeMemories, db_id: str | None = None) -> Response:
        """Fewer and shorter memories that say the same. Only operators choose the model."""
        db, user = self.os.components.db(db_id), caller_of(request).acts_as(given.user_id)
        if user is None:
            raise HTTPException(422, "user_id is required: whose memories are tidied up?")
        if given.model is not None:
            operators_only(request, "models", "write")
        manager = manager_for(self.os.components, db, given.model)
        return as_json(await optimized(manager, user, given.strategy, given.apply))

    async def _found(self, request: Request, memory_id: str, user_id: str | None, db_id: str | None) -> Any:
        user = caller_of(request).acts_as(user_id)
        memory = await ask(self.os.components.db(db_id).get_user_memory, memory_id, user_id=user)
        if memory is None:
            raise HTTPException(404, f"Memory with ID {memory_id} not found")
        return memory


def _set(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


__all__ = ["router"]
