"""Continuing a run alone: of several processes that try at the same moment, one does, and the others are told."""

from __future__ import annotations

from typing import Any

from agno._engine.context import Run
from agno.db._claims import CLAIM_SECONDS
from agno.db._sessions import hold
from agno.utils.ids import new_id
from agno.utils.log import log_exception

_RENEW_SECONDS = CLAIM_SECONDS / 3


async def claim(run: Run, db: Any, session_id: str) -> None:
    """Claim the run that is to be continued, before anything of it is read. Raises `RunClaimedError`."""
    wish = run.answers
    run_id = wish.run_id
    if wish.branches or run_id is None:
        return  # the original stays as it is
    owner = new_id()
    options = {"user_id": run.context.user_id, "take_over": bool(wish.take_over)}
    if await run.io.call(db.claim_run, session_id, run_id, owner, **options):
        run.claim = (session_id, run_id, owner)
        run.claimed_at = run.io.now()


def keep_claim(run: Run, session: Any) -> None:
    """What is stored of the run with this session object is checked against the claim."""
    if run.claim is not None and session is not None and session.session_id == run.claim[0]:
        hold(session, run.claim[1:])


async def renew(run: Run) -> None:
    """Say that the run still goes on, now and then. Raises `RunClaimedError` if somebody took it over."""
    if run.claim is not None and run.io.now() - run.claimed_at > _RENEW_SECONDS:
        await run.io.call(run.outermost.component.db.renew_claim, *run.claim)
        run.claimed_at = run.io.now()


async def release(run: Run) -> None:
    """Give the claim of a run up that ended without being stored."""
    claim, run.claim = run.claim, None
    if claim is None or (run.stored and run.opened):
        return
    try:
        await run.io.call(run.component.db.release_run, *claim)
    except Exception:  # it ends by itself; the failure of the run is what the caller must see
        log_exception(f"run_id={run.output.run_id} | the claim of the run could not be given up")


__all__ = ["claim", "keep_claim", "release", "renew"]
