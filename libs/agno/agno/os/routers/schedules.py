"""Routes of schedules."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from agno.db.tables import SCHEDULE_RUNS, SCHEDULES
from agno.os import _docs as docs
from agno.os._caller import caller_of
from agno.os._components import own_session
from agno.os._pages import Page, newest_first, paginated
from agno.os.schema.pages import Paginated
from agno.os.schema.schedules import ScheduleCreate, ScheduleResponse, ScheduleRunResponse, ScheduleUpdate
from agno.scheduler import FiringStatus
from agno.scheduler import Schedules as Book

if TYPE_CHECKING:
    from agno.os.app import AgentOS

T = TypeVar("T")
_NEWEST = Annotated[Page, Depends(newest_first("created_at", SCHEDULES))]
_NEWEST_RUNS = Annotated[Page, Depends(newest_first("created_at", SCHEDULE_RUNS))]


def router(os: AgentOS) -> APIRouter | None:
    """/schedules: when what runs, and what became of it. None where there is no database to keep them in."""
    schedules = os.scheduling.schedules
    return _Routes(os, schedules).router() if schedules is not None else None


class _Routes:
    def __init__(self, os: AgentOS, schedules: Book) -> None:
        self.os, self.schedules = os, schedules

    def router(self) -> APIRouter:
        made = APIRouter(tags=["Schedules"])
        one, bad = "/schedules/{schedule_id}", (400, 404, 413, 422)
        table: list[tuple[str, str, Any, Any, int, tuple[int, ...], str]] = [
            ("GET", "/schedules", self.list, Paginated[ScheduleResponse], 200, (422,), "The schedules, newest first"),
            ("POST", "/schedules", self.create, ScheduleResponse, 201, bad, "A new schedule"),
            ("GET", one, self.get, ScheduleResponse, 200, (404,), "One schedule"),
            ("PATCH", one, self.update, ScheduleResponse, 200, bad, "Change a schedule"),
            ("DELETE", one, self.delete, None, 204, (404,), "Delete a schedule with its history"),
            ("POST", one + "/enable", self.enable, ScheduleResponse, 200, (404,), "Let it be due again"),
            ("POST", one + "/disable", self.disable, ScheduleResponse, 200, (404,), "Let it not be due"),
            ("POST", one + "/trigger", self.trigger, ScheduleRunResponse, 202, (404,), "Have it run now"),
            (
                "GET",
                one + "/runs",
                self.runs,
                Paginated[ScheduleRunResponse],
                200,
                (404, 422),
                "What became of each time",
            ),
        ]
        for method, path, endpoint, model, status, errors, summary in table:
            made.add_api_route(
                path, endpoint, methods=[method], response_model=model, status_code=status, summary=summary,
                operation_id=f"{endpoint.__name__}_schedule" + ("s" if path == "/schedules" and method == "GET" else ""),
                responses=docs.errors(*errors),
            )  # fmt: skip
        return made

    async def list(
        self,
        request: Request,
        page: _NEWEST,
        component_id: str | None = None,
        enabled: bool | None = None,
        user_id: str | None = None,
    ) -> Response:
        user = caller_of(request).acts_as(user_id)
        found, total = await self.schedules.alist(
            user_id=user, component_id=component_id, enabled=enabled, **page.window()
        )
        return paginated(found, total, page, lambda one: ScheduleResponse.of(one).model_dump())

    async def create(self, request: Request, body: ScheduleCreate) -> ScheduleResponse:
        given = body.model_dump()
        given["user_id"] = caller_of(request).acts_as(body.user_id)
        await self._may_run(request, body.component_type, body.component_id, body.run_options)
        return ScheduleResponse.of(await _said(self.schedules.acreate(given.pop("name"), **given)))

    async def get(self, request: Request, schedule_id: str) -> ScheduleResponse:
        return ScheduleResponse.of(await self._found(request, schedule_id))

    async def update(self, request: Request, schedule_id: str, body: ScheduleUpdate) -> ScheduleResponse:
        schedule = await self._found(request, schedule_id)
        options = body.run_options if body.run_options is not None else schedule.run_options
        await self._may_run(request, schedule.component_type, schedule.component_id, options)
        required = ("name", "enabled", "max_retries", "retry_delay_seconds")  # null leaves these as they are
        changes = {
            name: value
            for name, value in body.model_dump(exclude_unset=True).items()
            if value is not None or name not in required
        }
        return ScheduleResponse.of(_there(await _said(self.schedules.aupdate(schedule_id, changes))))

    async def delete(self, request: Request, schedule_id: str) -> Response:
        _there(await self.schedules.adelete(schedule_id, user_id=caller_of(request).user_id) or None)
        return Response(status_code=204)

    async def enable(self, request: Request, schedule_id: str) -> ScheduleResponse:
        schedule = await self._found(request, schedule_id)
        await self._may_run(request, schedule.component_type, schedule.component_id, schedule.run_options)
        return ScheduleResponse.of(_there(await _said(self.schedules.aenable(schedule_id))))

    async def disable(self, request: Request, schedule_id: str) -> ScheduleResponse:
        user = caller_of(request).user_id
        return ScheduleResponse.of(_there(await _said(self.schedules.adisable(schedule_id, user_id=user))))

    async def trigger(self, request: Request, schedule_id: str) -> ScheduleRunResponse:
        schedule = await self._found(request, schedule_id)
        await self._may_run(request, schedule.component_type, schedule.component_id, schedule.run_options)
        firing = _there(await self.schedules.atrigger(schedule_id))
        self.os.scheduling.wake()
        return ScheduleRunResponse.of(firing)

    async def runs(
        self,
        request: Request,
        page: _NEWEST_RUNS,
        schedule_id: str,
        status: FiringStatus | None = None,
    ) -> Response:
        await self._found(request, schedule_id)
        found, total = await self.schedules.afirings(schedule_id, status=status, **page.window())
        return paginated(found, total, page, lambda one: ScheduleRunResponse.of(one).model_dump())

    async def _found(self, request: Request, schedule_id: str) -> Any:
        return _there(await self.schedules.aget(schedule_id, user_id=caller_of(request).user_id))

    async def _may_run(self, request: Request, kind: str, component_id: str, options: dict[str, Any] | None) -> None:
        """Status 404 for a component or a session that is not there for the caller, 403 for one it may not run."""
        caller, component = caller_of(request), self.os.components.component(kind, component_id)
        if not caller.may(f"{kind}s", "run", component_id):
            raise HTTPException(403, f"The scope {kind}s:{component_id}:run is needed to have it run.")
        if isinstance(session_id := (options or {}).get("session_id"), str):
            await own_session(component, session_id, caller)


def _there(found: T | None) -> T:
    if found is None:
        raise HTTPException(404, "Schedule not found")
    return found


async def _said(work: Awaitable[T]) -> T:
    """What cannot be right is said with status 400."""
    try:
        return await work
    except ValueError as error:
        raise HTTPException(400, str(error)) from None


__all__ = ["router"]
