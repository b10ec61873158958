"""Routes of learnings. A caller who is one user meets only that user's own; others are not there (404)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from agno.db.tables import LEARNINGS
from agno.os._caller import caller_of
from agno.os._components import ask
from agno.os._pages import Page, as_json, newest_first, paginated
from agno.os.routers._table import Line, routes_of
from agno.os.schema.pages import Paginated

if TYPE_CHECKING:
    from agno.os.app import AgentOS

Row = dict[str, Any]
_NEWEST = Annotated[Page, Depends(newest_first("updated_at", LEARNINGS))]


def router(os: AgentOS) -> APIRouter | None:
    """/learnings; None where no database is served."""
    if not os.components.dbs:
        return None
    routes, one = LearningRoutes(os), "/learnings/{learning_id}"
    table: list[Line] = [
        ("GET", "/learnings", routes.list, Paginated[Row], 200, "list_learnings", "What was learned"),
        ("GET", one, routes.get, Row, 200, "get_learning", "One of them"),
        ("DELETE", one, routes.delete, None, 204, "delete_learning", "Forget it"),
    ]
    return routes_of("Learnings", table, 400, 404, 422)


class LearningRoutes:
    """The endpoints."""

    def __init__(self, os: AgentOS) -> None:
        self.os = os

    async def list(
        self,
        request: Request,
        page: _NEWEST,
        learning_type: str | None = None,
        namespace: str | None = None,
        user_id: str | None = None,
        session_id: str | None = None,
        entity_id: str | None = None,
        search_content: str | None = None,
        db_id: str | None = None,
    ) -> Response:
        """Learnings that fit all that is asked for."""
        rows, total = await ask(
            self.os.components.db(db_id).get_learnings, learning_type, namespace=namespace,
            user_id=caller_of(request).acts_as(user_id), session_id=session_id, entity_id=entity_id,
            search_content=search_content, **page.window(),
        )  # fmt: skip
        return paginated(rows, total, page)

    async def get(self, request: Request, learning_id: str, db_id: str | None = None) -> Response:
        """The learning with this id."""
        return as_json(await self._found(request, learning_id, db_id))

    async def delete(self, request: Request, learning_id: str, db_id: str | None = None) -> Response:
        """Forgets it."""
        await self._found(request, learning_id, db_id)
        await ask(self.os.components.db(db_id).delete_learnings, [learning_id])
        return Response(status_code=204)

    async def _found(self, request: Request, learning_id: str, db_id: str | None) -> Row:
        user = caller_of(request).user_id
        row: Row | None = await ask(self.os.components.db(db_id).get_learning, learning_id)
        if row is None or (user is not None and row["user_id"] != user):
            raise HTTPException(404, f"Learning with ID {learning_id} not found")
        return row


__all__ = ["router"]
