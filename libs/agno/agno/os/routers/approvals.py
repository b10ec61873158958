"""Routes of approvals. A caller who is one user meets only that user's own; others are not there (404)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from agno.db.tables import APPROVALS
from agno.os._caller import caller_of
from agno.os._components import ask
from agno.os._operators import operators_only
from agno.os._pages import Page, as_json, newest_first, paginated
from agno.os.routers._table import Line, routes_of
from agno.os.schema._given import Given
from agno.os.schema.pages import Paginated

if TYPE_CHECKING:
    from agno.os.app import AgentOS

Row = dict[str, Any]
_NEWEST = Annotated[Page, Depends(newest_first("created_at", APPROVALS))]


class Decision(Given):
    """What somebody decided. `resolution_data` may hold a `note`, `values` and a `result`."""

    approved: bool
    resolved_by: str | None = Field(None, max_length=255)
    resolution_data: dict[str, Any] | None = None


class PendingCount(BaseModel):
    """How many wait."""

    count: int


def router(os: AgentOS) -> APIRouter | None:
    """/approvals; None where no database is served."""
    if not os.components.dbs:
        return None
    routes, one = ApprovalRoutes(os), "/approvals/{approval_id}"
    table: list[Line] = [
        ("GET", "/approvals", routes.list, Paginated[Row], 200, "list_approvals", "Approvals, the newest first"),
        ("GET", "/approvals/count", routes.count, PendingCount, 200, "count_approvals", "How many are pending"),
        ("GET", one, routes.get, Row, 200, "get_approval", "One approval"),
        ("POST", f"{one}/resolve", routes.resolve, Row, 200, "resolve_approval", "Approve or reject"),
        ("DELETE", one, routes.delete, None, 204, "delete_approval", "Delete an approval"),
    ]
    return routes_of("Approvals", table, 400, 403, 404, 409, 422)


class ApprovalRoutes:
    """The endpoints."""

    def __init__(self, os: AgentOS) -> None:
        self.os = os

    async def list(
        self,
        request: Request,
        page: _NEWEST,
        status: Literal["pending", "approved", "rejected"] | None = None,
        run_id: str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        workflow_id: str | None = None,
        db_id: str | None = None,
    ) -> Response:
        """Approvals that fit all that is asked for."""
        rows, total = await ask(
            self.os.components.db(db_id).get_approvals, status, run_id=run_id, session_id=session_id,
            user_id=caller_of(request).acts_as(user_id), agent_id=agent_id, team_id=team_id, workflow_id=workflow_id,
            **page.window(),
        )  # fmt: skip
        return paginated(rows, total, page)

    async def count(self, request: Request, user_id: str | None = None, db_id: str | None = None) -> Response:
        """How many wait for a decision."""
        user = caller_of(request).acts_as(user_id)
        return as_json({"count": await ask(self.os.components.db(db_id).count_pending_approvals, user)})

    async def get(self, request: Request, approval_id: str, db_id: str | None = None) -> Response:
        """The approval with this id."""
        return as_json(await self._found(request, approval_id, db_id))

    async def resolve(self, request: Request, approval_id: str, given: Decision, db_id: str | None = None) -> Response:
        """Decides. The run itself goes on when it is continued. Nobody approves what they asked for: it is for operators."""
        operators_only(request, "approvals", "write")
        found, caller = await self._found(request, approval_id, db_id), caller_of(request)
        if found["status"] != "pending":
            raise HTTPException(409, f"Approval {approval_id} is {found['status']} already")
        by = caller.user_id if caller.user_id is not None else given.resolved_by
        row = await ask(
            self.os.components.db(db_id).resolve_approval, approval_id, given.approved, resolved_by=by,
            resolution_data=given.resolution_data,
        )  # fmt: skip
        return as_json(row)

    async def delete(self, request: Request, approval_id: str, db_id: str | None = None) -> Response:
        """Deletes it; for operators."""
        operators_only(request, "approvals", "delete")
        await self._found(request, approval_id, db_id)
        await ask(self.os.components.db(db_id).delete_approval, approval_id)
        return Response(status_code=204)

    async def _found(self, request: Request, approval_id: str, db_id: str | None) -> Row:
        user = caller_of(request).user_id
        row: Row | None = await ask(self.os.components.db(db_id).get_approval, approval_id)
        if row is None or (user is not None and row["user_id"] != user):
            raise HTTPException(404, f"Approval with ID {approval_id} not found")
        return row


__all__ = ["router"]
