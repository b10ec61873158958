"""The tasks of a caller, newest first, in pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from a2a.types import ListTasksRequest, ListTasksResponse, Task, TaskState
from a2a.utils.errors import InvalidParamsError
from a2a.utils.task import apply_history_length, validate_history_length, validate_page_size

from agno.os._components import ask
from agno.os._runs import HostedRun, Runs
from agno.os.interfaces.a2a._tasks import STATES, task_of, time_of
from agno.run.base import RunStatus

_PAGE = 50
_SESSIONS = 100
"""Sessions that are looked at, those that were used last."""


async def page_of(
    params: ListTasksRequest, runs: Runs, kind: str, component: Any, user_id: str | None
) -> ListTasksResponse:
    """A page of the tasks of a component that are this user's, or everybody's for None."""
    validate_history_length(params)
    size, start = _PAGE, _start(params.page_token)
    if params.HasField("page_size"):
        validate_page_size(params.page_size)
        size = params.page_size
    seen = await _all(runs, kind, component, params.context_id, user_id)
    found = [one for one in seen if await _fits(one, params)]
    found.sort(key=time_of, reverse=True)
    some = found[start : start + size]
    more = str(start + size) if start + size < len(found) else ""
    tasks = [await _shown(one, params) for one in some]
    return ListTasksResponse(tasks=tasks, next_page_token=more, page_size=len(tasks), total_size=len(found))


def _start(token: str) -> int:
    if token and not (token.isascii() and token.isdigit() and len(token) < 9):
        raise InvalidParamsError(message=f"page_token {token!r} is not one that was given out.")
    return int(token or 0)


async def _all(runs: Runs, kind: str, component: Any, context_id: str, user_id: str | None) -> list[Any]:
    """Those in the database, and those of this process that it does not have."""
    found: dict[str, Any] = {}
    if component.db is not None:
        options = {"limit": _SESSIONS, "sort_by": "updated_at", "sort_order": "desc"}
        if context_id:
            session = await ask(component.db.get_session, context_id, kind, user_id)
            sessions = [session] if session is not None else []
        else:
            sessions = await ask(component.db.get_sessions, kind, user_id, component.id, **options)
        for run in (run for session in sessions for run in session.runs or ()):
            if run.parent_run_id is None and getattr(run, f"{kind}_id", None) == component.id:
                found[run.run_id] = run
    for run in _hosted(runs, kind, component, user_id):
        if not context_id or run.session_id == context_id:
            found.setdefault(run.run_id, run)
    return list(found.values())


def _hosted(runs: Runs, kind: str, component: Any, user_id: str | None) -> Iterable[HostedRun]:
    for run_id in (*runs.active, *runs.ended):
        run = runs.find(kind, component.id, run_id, user_id)
        if run is not None:
            yield run


async def _fits(run: Any, params: ListTasksRequest) -> bool:
    after, wanted = params.status_timestamp_after, params.status
    if params.HasField("status_timestamp_after") and time_of(run) < after.seconds:
        return False
    if run.status is RunStatus.error:  # why it failed decides
        return wanted == TaskState.TASK_STATE_UNSPECIFIED or (await task_of(run)).status.state == wanted
    return wanted in (TaskState.TASK_STATE_UNSPECIFIED, STATES[run.status])


async def _shown(run: Any, params: ListTasksRequest) -> Task:
    task = await task_of(run)
    if not params.include_artifacts:
        task.ClearField("artifacts")
    return apply_history_length(task, params)


__all__ = ["page_of"]
