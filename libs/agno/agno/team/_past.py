"""What a member did before: its own runs out of the team's session, which it remembers as if they were a session."""

from __future__ import annotations

import copy
from typing import Any

from agno._engine.context import Run
from agno._engine.history import finished_runs, runs_needed

_ROWS = 8  # at least so many are read at once


def remembers(run: Run) -> bool:
    """True if a member's run looks at what the member did before."""
    component = run.component
    return bool(run.get("add_history_to_context") or component.read_chat_history or component.read_tool_call_history)


async def member_session(run: Run) -> Any:
    """The member's own runs in the session of the team, as a session that nothing stores."""
    top, component = run.outermost, run.component
    count = -1 if component.read_chat_history or component.read_tool_call_history else runs_needed(run)
    stored = list(top.loaded_session.runs or ()) if top.loaded_session is not None else []
    mine = _of(run, stored)
    if top.component.db is not None and (count < 0 or len(finished_runs(mine)) < count):
        mine = await _read(run, top, count)
    known = {past.run_id for past in mine}
    now = [ended.output for ended in top.ended or ()]
    session = component.new_session(run.context)
    session.runs = [*mine, *(past for past in _of(run, now) if past.run_id not in known)]
    return session


async def _read(run: Run, top: Run, count: int) -> list[Any]:
    """The member's stored runs: enough of them, or all that there are."""
    key = (top.context.session_id, top.component.session_type, top.context.user_id)
    rows = max(_ROWS, count * top.component.rows_per_run) if count >= 0 else None
    while True:
        session = await run.io.call(top.component.db.read_session, *key, runs=rows)
        found = session.runs or [] if session is not None else []
        mine = _of(run, found)
        if rows is None or len(found) < rows or len(finished_runs(mine)) >= count:
            return mine
        rows *= 4


def _of(run: Run, runs: list[Any]) -> list[Any]:
    """The runs of the member among runs. They count as those of a session of its own."""
    field, wanted = f"{run.component.session_type}_id", run.component.id
    mine = []
    for past in runs:
        if past.__dict__.get(field) == wanted and past.run_id != run.output.run_id:
            twin = copy.copy(past)
            twin.parent_run_id = None
            mine.append(twin)
    return mine


__all__ = ["member_session", "remembers"]
