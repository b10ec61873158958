"""Routes of stored traces. A caller who is one user sees that user's only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from math import ceil
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query
from starlette.requests import Request
from starlette.responses import Response

from agno.os import _docs as docs
from agno.os._caller import caller_of
from agno.os._components import ask
from agno.os._errors import Json
from agno.os.schema.traces import TraceDetail, TracePage, TraceSessionPage
from agno.tracing import tracing, tree_of

if TYPE_CHECKING:
    from agno.os.app import AgentOS

_SHOWN = (
    "trace_id", "name", "status", "run_id", "session_id", "user_id", "agent_id", "team_id", "workflow_id", "span_count",
    "error_count", "error_type", "linked_trace_id", "created_at",
)  # fmt: skip
Limit = Annotated[int, Query(ge=1, le=200)]
Page = Annotated[int, Query(ge=1, le=1_000_000)]
Seconds = Annotated[int | None, Query(ge=0, le=2**40, description="Epoch seconds, inclusive")]
Text = Annotated[str | None, Query(max_length=255)]


def router(os: AgentOS) -> APIRouter:
    """/traces, /traces/{trace_id} and /trace_session_stats."""
    made = APIRouter(tags=["Traces"])

    async def list_traces(
        request: Request, run_id: Text = None, session_id: Text = None, user_id: Text = None, agent_id: Text = None,
        team_id: Text = None, workflow_id: Text = None, status: Text = None, since: Seconds = None,
        until: Seconds = None, limit: Limit = 20, page: Page = 1, cursor: Text = None, db_id: Text = None,
    ) -> Response:  # fmt: skip
        db = traces_db(os, db_id)
        rows, total = await ask(
            db.get_traces, run_id=run_id, session_id=session_id, user_id=caller_of(request).acts_as(user_id),
            agent_id=agent_id, team_id=team_id, workflow_id=workflow_id, status=status, since=since, until=until,
            limit=limit + 1 if cursor else limit, page=page, after=cursor,
        )  # fmt: skip
        more = len(rows) > limit if total is None else page * limit < total
        shown = rows[:limit]
        meta = _meta(limit, None if cursor else page, total)
        meta["next_cursor"] = shown[-1]["place"] if more and shown else None
        return _json({"data": [_summary(row) for row in shown], "meta": meta})

    async def get_trace(request: Request, trace_id: str, user_id: Text = None, db_id: Text = None) -> Response:
        db, user = traces_db(os, db_id), caller_of(request).acts_as(user_id)
        row = await ask(db.get_trace, trace_id, user_id=user)
        if row is None:
            raise HTTPException(404, "Trace not found")
        tree = [_span(span) for span in tree_of(row["spans"] or ())]
        return _json({**_summary(row), "dropped_spans": row["dropped_spans"], "tree": tree})

    async def session_stats(
        request: Request, user_id: Text = None, agent_id: Text = None, team_id: Text = None, workflow_id: Text = None,
        since: Seconds = None, until: Seconds = None, limit: Limit = 20, page: Page = 1, db_id: Text = None,
    ) -> Response:  # fmt: skip
        rows, total = await ask(
            traces_db(os, db_id).get_trace_session_stats, user_id=caller_of(request).acts_as(user_id), agent_id=agent_id,
            team_id=team_id, workflow_id=workflow_id, since=since, until=until, limit=limit, page=page,
        )  # fmt: skip
        return _json({"data": rows, "meta": _meta(limit, page, total)})

    add = made.add_api_route
    add("/traces", list_traces, response_model=TracePage, operation_id="list_traces",
        responses=docs.errors(400, 404, 422), summary="Traces, the newest first")  # fmt: skip
    add("/traces/{trace_id}", get_trace, response_model=TraceDetail, operation_id="get_trace",
        responses=docs.errors(400, 404, 422), summary="One trace as a tree of spans")  # fmt: skip
    add("/trace_session_stats", session_stats, response_model=TraceSessionPage, operation_id="trace_session_stats",
        responses=docs.errors(400, 404, 422), summary="Sessions by how often they were traced")  # fmt: skip
    return made


def traces_db(os: AgentOS, db_id: str | None) -> Any:
    """The database with this id; without one, that which traces of this process go to, or the only one there is."""
    now = tracing()
    if db_id is None and now is not None and now.db is not None and now.db.id in os.components.dbs:
        return now.db
    return os.components.db(db_id)


def _meta(limit: int, page: int | None, total: int | None) -> dict[str, Any]:
    pages = None if total is None else ceil(total / limit)
    return {"page": page, "limit": limit, "total_pages": pages, "total_count": total}


def _summary(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: row[name] for name in _SHOWN}, **_times(row), "usage": row["usage"] or {}}


def _span(node: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in node.items() if name not in ("started_us", "duration_us", "children")}
    return {**shown, **_times(node), "children": [_span(child) for child in node["children"]]}


def _times(row: Mapping[str, Any]) -> dict[str, Any]:
    start, took = row["started_us"], row["duration_us"] or 0
    return {"start_time": _iso(start), "end_time": _iso(start + took), "duration_ms": took / 1000}


def _iso(microseconds: int) -> str:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest).isoformat(timespec="microseconds")


def _json(data: Any) -> Json:
    return Json(msgspec.json.encode(data, enc_hook=str))


__all__ = ["router", "traces_db"]
