"""The summary of the session, brought up to date after each run."""

from __future__ import annotations

import copy
from typing import Any

from agno._engine.context import Run
from agno._engine.history import finished_runs
from agno.models.metrics import ModelType
from agno.models.utils import get_model
from agno.utils.later import later

_summary = later("agno.session.summary")
_WINDOW = 10  # of the newest runs, those that the summary does not cover yet are read
_FIRST = 50  # where there is no summary yet


def manager_of(run: Run) -> Any:
    """The component's summary manager, with the model it lacks filled in on a copy; None where nothing is summarised."""
    component = run.component
    manager = component.session_summary_manager
    if manager is None:
        if not component.enable_session_summaries:
            return None
        manager = _summary.SessionSummaryManager()
    return manager.for_run(model=run.model) if hasattr(manager, "for_run") else manager


async def summarise(run: Run) -> None:
    """Bring `session.summary` up to date with this run, and with earlier ones that it does not cover."""
    manager, session = manager_of(run), run.session
    assert session is not None  # the run is opened
    talk = await _uncovered(run, session)
    create = manager.create_session_summary
    if run.io.is_async:
        create = getattr(manager, "acreate_session_summary", create)
    try:
        await run.io.call(create, talk)
    finally:
        if spent := getattr(manager, "spent", None):
            run.note_usage(ModelType.SESSION_SUMMARY_MODEL, get_model(manager.model), list(spent))
    session.summary = talk.summary


async def _uncovered(run: Run, session: Any) -> Any:
    """A copy of the session that holds what is still to be summarised. Its cost does not grow with the session."""
    talk, db = copy.copy(session), run.component.db
    runs: list[Any] = list(session.runs or ())
    if db is not None and run.output.parent_run_id is None:
        key = (session.session_id, run.component.session_type, run.context.user_id)
        stored = await run.io.call(db.read_session, *key, runs=_FIRST if session.summary is None else _WINDOW)
        if stored is not None:
            runs, talk.summary = list(stored.runs or ()), stored.summary
    since = talk.summary.updated_at.timestamp() if talk.summary is not None and talk.summary.updated_at else 0
    mine = run.output.run_id
    finished = finished_runs([past for past in runs if past.run_id != mine])
    talk.runs = [*(past for past in finished if past.created_at >= int(since)), run.output]
    return talk


__all__ = ["manager_of", "summarise"]
