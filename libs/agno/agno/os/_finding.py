"""Where a run is: hosted by this process, or in the database; never that of another user."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from agno._io import ASYNC
from agno.db.query import Place
from agno.os._caller import Caller
from agno.os._components import ask
from agno.os._runs import HostedRun, Runs


async def find_run(runs: Runs, kind: str, component: Any, run_id: str, session_id: str | None, caller: Caller) -> Any:
    """A run as it is hosted here or, if it is not, as it is stored. None if it is not there, or another user's."""
    hosted = runs.find(kind, component.id, run_id, caller.user_id)
    return hosted or await stored_run(component, run_id, session_id, caller)


async def current_run(
    runs: Runs, kind: str, component: Any, run_id: str, session_id: str | None, caller: Caller
) -> Any:
    """The same; a run that ended, as it is stored now: another process may have gone on with it."""
    found = await find_run(runs, kind, component, run_id, session_id, caller)
    if not isinstance(found, HostedRun) or found.ended_at is None:
        return found
    stored = await stored_run(found.component, found.run_id, found.session_id, caller)
    return found if stored is None else stored


async def stored_run(component: Any, run_id: str, session_id: str | None, caller: Caller) -> Any:
    """A run as it is stored. Without `session_id` it is looked for in the sessions that were used last."""
    if component.db is None:
        return None
    session, run = await component._stored(ASYNC, run_id, session_id)
    if run is None or (caller.user_id is not None and session.user_id != caller.user_id):
        return None
    return run


async def newest_runs(component: Any, user_id: str | None, session_id: str | None, limit: int) -> list[Any]:
    """The newest runs of a component, of one user or one session if they are named; the newest first.

    Sessions are read from the one that was used last, and of each no more runs than are wanted, until no other can have a
    newer one.
    """
    found: list[Any] = []
    async for session in _used_last(component, user_id, session_id, limit):
        if len(found) == limit and (session.updated_at or 0) < (found[-1].created_at or 0):
            break
        found += await _newest_of(component, session.session_id, limit)
        found.sort(key=lambda run: run.created_at or 0, reverse=True)
        del found[limit:]
    return found


async def _newest_of(component: Any, session_id: str, limit: int) -> list[Any]:
    window = limit
    while True:
        session = await ask(component.db.read_session, session_id, component.session_type, None, window)
        rows = (session.runs if session is not None else None) or ()
        runs = [run for run in reversed(rows) if run.parent_run_id is None]
        if len(runs) >= limit or len(rows) < window:
            return runs[:limit]
        window *= 4  # runs of members lie between those of a team


async def _used_last(component: Any, user_id: str | None, session_id: str | None, limit: int) -> AsyncIterator[Any]:
    """The headers of sessions of a component, from the one that was used last."""
    kind, db = component.session_type, component.db
    if session_id is not None:
        session = await ask(db.read_session, session_id, kind, None, 0)
        mine = session is not None and (user_id is None or session.user_id == user_id)
        if mine and getattr(session, f"{kind}_id") == component.id:
            yield session
        return
    after = Place()
    while True:
        order = {"sort_by": "updated_at", "sort_order": "desc", "limit": limit, "after": after}
        sessions = await ask(db.get_sessions, kind, user_id, component.id, with_runs=False, **order)
        for session in sessions:
            yield session
        if len(sessions) < limit:
            return
        after = Place(sessions[-1].updated_at, sessions[-1].session_id)


__all__ = ["current_run", "find_run", "newest_runs", "stored_run"]
