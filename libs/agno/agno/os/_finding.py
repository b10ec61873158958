"""Where a run is: hosted by this process, or in the database; never that of another user."""

from __future__ import annotations

from typing import Any

from agno._io import ASYNC
from agno.os._caller import Caller
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


__all__ = ["current_run", "find_run", "stored_run"]
