"""Routes of sessions. A caller who is one user meets only that user's own; others are not there (404)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from agno._engine.branching import forked
from agno.db.tables import SESSIONS
from agno.os import _docs as docs
from agno.os._caller import caller_of
from agno.os._components import ask
from agno.os._pages import Page, as_json, paginated, sorted_by
from agno.os._sessions import detail_of, listed, run_of
from agno.os.schema.pages import Paginated
from agno.os.schema.sessions import (
    AgentSessionDetail,
    NewSession,
    Rename,
    RunSchema,
    SessionChange,
    SessionFork,
    SessionSchema,
    SessionsToDelete,
    TeamRunSchema,
    TeamSessionDetail,
    WorkflowRunSchema,
    WorkflowSessionDetail,
)
from agno.session import AgentSession, TeamSession, WorkflowSession
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id

if TYPE_CHECKING:
    from agno.os.app import AgentOS

Kind = Literal["agent", "team", "workflow"]
Detail = AgentSessionDetail | TeamSessionDetail | WorkflowSessionDetail
AnyRun = WorkflowRunSchema | TeamRunSchema | RunSchema
_CLASSES: dict[str, Any] = {"agent": AgentSession, "team": TeamSession, "workflow": WorkflowSession}
_SORTED = Annotated[Page, Depends(sorted_by("created_at", ("created_at", "updated_at", "session_id"), SESSIONS))]


def router(os: AgentOS) -> APIRouter | None:
    """/sessions; None where no database is served."""
    if not os.components.dbs:
        return None
    made = APIRouter(tags=["Sessions"])
    routes = SessionRoutes(os)
    for method, path, endpoint, model, summary, errors in (
        ("GET", "", routes.list, Paginated[SessionSchema], "Sessions, the newest first", (400, 404, 422)),
        ("POST", "", routes.create, Detail, "A new session, without runs", (400, 404, 409, 422)),
        ("DELETE", "", routes.delete_many, None, "Delete sessions with their runs", (400, 404, 422)),
        ("GET", "/{session_id}", routes.get, Detail, "One session", (400, 404, 422)),
        ("PATCH", "/{session_id}", routes.change, Detail, "Change name, state or metadata", (400, 404, 422)),
        ("DELETE", "/{session_id}", routes.delete, None, "Delete a session with its runs", (400, 404, 422)),
        ("POST", "/{session_id}/rename", routes.rename, Detail, "Give a session a name", (400, 404, 422)),
        ("POST", "/{session_id}/fork", routes.fork, Detail, "Copy a session of an agent or a team", (400, 404, 422)),
        ("GET", "/{session_id}/runs", routes.runs, list[AnyRun], "The runs of a session", (400, 404, 422)),
        ("GET", "/{session_id}/runs/{run_id}", routes.run, AnyRun, "One run of a session", (400, 404, 422)),
    ):  # fmt: skip
        _add(made, method, "/sessions" + path, endpoint, model, summary, errors)
    return made


def _add(
    made: APIRouter, method: str, path: str, endpoint: Callable[..., Any], model: Any, summary: str, errors: Any
) -> None:
    made.add_api_route(
        path, endpoint, methods=[method], response_model=model, summary=summary, responses=docs.errors(*errors),
        status_code=204 if model is None else 201 if endpoint.__name__ in ("create", "fork") else 200,
        operation_id=f"{endpoint.__name__}_session{'s' if endpoint.__name__ in ('list', 'delete_many') else ''}",
    )  # fmt: skip


class SessionRoutes:
    """The endpoints."""

    def __init__(self, os: AgentOS) -> None:
        self.os = os

    async def list(
        self,
        request: Request,
        page: _SORTED,
        type: Kind = "agent",
        component_id: str | None = None,
        user_id: str | None = None,
        session_name: str | None = None,
        db_id: str | None = None,
    ) -> Response:
        """Lists sessions by their headers; the first run is looked at only of those that have no name."""
        db, user = self.os.components.db(db_id), caller_of(request).acts_as(user_id)
        rows, total = await ask(
            db.get_sessions,
            type,
            user,
            component_id,
            session_name,
            deserialize=False,
            with_runs=False,
            **page.options(),
        )
        nameless = [row["session_id"] for row in rows if not (row["session_data"] or {}).get("session_name")]
        named = {row["session_id"]: _CLASSES[type].from_dict({**row, "runs": None}) for row in rows}
        first = await ask(db.first_runs, nameless) if nameless else {}
        for session_id, run in first.items():
            named[session_id].runs = [_CLASSES[type].read_run(run)]
        return paginated(list(named.values()), total, page, listed)

    async def create(self, request: Request, given: NewSession, db_id: str | None = None) -> Response:
        """Makes a session for the component that is named."""
        kind, component_id = _one_component(given)
        component = self.os.components.component(kind, component_id)
        db = self.os.components.db(db_id) if db_id is not None or component.db is None else component.db
        session_id = given.session_id or new_id()
        if await ask(db.read_session, session_id, None, None, 0) is not None:
            raise HTTPException(409, f"There is a session with id '{session_id}' already")
        data = {"session_name": given.session_name, "session_state": given.session_state}
        session = _CLASSES[kind](
            session_id=session_id,
            user_id=caller_of(request).acts_as(given.user_id),
            session_data={name: value for name, value in data.items() if value is not None},
            metadata=given.metadata,
            created_at=now_epoch(),
            updated_at=now_epoch(),
            **{f"{kind}_id": component_id},
        )
        await ask(db.upsert_session, session)
        return as_json(detail_of(kind, session), 201)

    async def get(
        self,
        request: Request,
        session_id: str,
        type: Kind = "agent",
        user_id: str | None = None,
        db_id: str | None = None,
    ) -> Response:
        """The session with its chat history."""
        return as_json(detail_of(type, await self._session(request, session_id, type, user_id, db_id)))

    async def rename(
        self, request: Request, session_id: str, given: Rename, type: Kind = "agent", db_id: str | None = None
    ) -> Response:
        """Gives the session another name."""
        return await self._renamed(request, session_id, given.session_name, type, db_id)

    async def fork(
        self,
        request: Request,
        session_id: str,
        given: SessionFork,
        type: Literal["agent", "team"] = "agent",
        db_id: str | None = None,
    ) -> Response:
        """Copies it under a new id, with all its runs or those before one of them; whose it is stays."""
        session = await self._session(request, session_id, type, None, db_id)
        if given.before_run_id is not None and session.get_run(given.before_run_id) is None:
            raise HTTPException(404, f"Run with ID {given.before_run_id} not found in session {session_id}")
        copied = forked(session, new_id(), given.before_run_id)
        await ask(self.os.components.db(db_id).upsert_session, copied)
        return as_json(detail_of(type, copied), 201)

    async def change(
        self, request: Request, session_id: str, given: SessionChange, type: Kind = "agent", db_id: str | None = None
    ) -> Response:
        """Changes what is named; state and metadata are replaced as a whole."""
        session = await self._session(request, session_id, type, None, db_id)
        data = dict(session.session_data or {})
        if given.session_name is not None:
            data["session_name"] = given.session_name
        if given.session_state is not None:
            data["session_state"] = given.session_state
        session.session_data = data
        if given.metadata is not None:
            session.metadata = given.metadata
        session.updated_at = now_epoch()
        await ask(self.os.components.db(db_id).upsert_session, session)
        return as_json(detail_of(type, session))

    async def delete(self, request: Request, session_id: str, db_id: str | None = None) -> Response:
        """Deletes it, if it is there."""
        db, user = self.os.components.db(db_id), caller_of(request).user_id
        await ask(db.delete_session, session_id, user_id=user)
        return Response(status_code=204)

    async def delete_many(
        self, request: Request, given: SessionsToDelete, type: Kind = "agent", db_id: str | None = None
    ) -> Response:
        """Deletes those that are there."""
        if len(given.session_ids) != len(given.session_types):
            raise HTTPException(400, "Session IDs and session types must have the same length")
        db, user = self.os.components.db(db_id), caller_of(request).user_id
        await ask(db.delete_sessions, given.session_ids, user_id=user)
        return Response(status_code=204)

    async def runs(
        self,
        request: Request,
        session_id: str,
        type: Kind = "agent",
        user_id: str | None = None,
        db_id: str | None = None,
    ) -> Response:
        """All runs, the oldest first; of a team with those of its members."""
        session = await self._session(request, session_id, type, user_id, db_id, "Session with ID {} not found")
        if not session.runs:
            raise HTTPException(404, f"Session with ID {session_id} has no runs")
        return as_json([run_of(type, run, session) for run in session.runs])

    async def run(
        self,
        request: Request,
        session_id: str,
        run_id: str,
        type: Kind = "agent",
        user_id: str | None = None,
        db_id: str | None = None,
    ) -> Response:
        """The run with this id."""
        session = await self._session(request, session_id, type, user_id, db_id)
        run = session.get_run(run_id)
        if run is None:
            raise HTTPException(404, f"Run with ID {run_id} not found in session {session_id}")
        return as_json(run_of(type, run, session))

    async def _session(
        self,
        request: Request,
        session_id: str,
        kind: str,
        user_id: str | None,
        db_id: str | None,
        text: str = "Session with id '{}' not found",
    ) -> Any:
        db, user = self.os.components.db(db_id), caller_of(request).acts_as(user_id)
        session = await ask(db.get_session, session_id, kind, user)
        if session is None:
            raise HTTPException(404, text.format(session_id))
        return session

    async def _renamed(self, request: Request, session_id: str, name: str, kind: str, db_id: str | None) -> Response:
        db, user = self.os.components.db(db_id), caller_of(request).user_id
        session = await ask(db.rename_session, session_id, kind, name, user_id=user)
        if session is None:
            raise HTTPException(404, f"Session with id '{session_id}' not found")
        return as_json(detail_of(kind, session))


def _one_component(given: NewSession) -> tuple[str, str]:
    named = [(kind, value) for kind in _CLASSES if (value := getattr(given, f"{kind}_id")) is not None]
    if len(named) != 1:
        raise HTTPException(400, "Give exactly one of agent_id, team_id and workflow_id")
    return named[0]


__all__ = ["router"]
