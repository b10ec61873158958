"""Who continues a run: one process at a time, by a claim that ends with the run, or by itself when its process died.

A claim stands in the header of the session, beside the data of the user and hidden from it, because every backend changes
a header with nobody writing in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agno.db._port import RowVerbs
from agno.db.tables import SESSIONS, Row
from agno.exceptions import RunClaimedError
from agno.utils.dttm import now_epoch

CLAIMS = "claims"  # in `session_data`: {run_id: {"by": owner, "until": epoch seconds}}
CLAIM_SECONDS = 900
GOING_ON = frozenset({"PENDING", "RUNNING"})

Claim = tuple[str, str]  # run_id, owner


class Claims(RowVerbs):
    """`claim_run` and what belongs to it, above the row verbs."""

    def claim_run(
        self,
        session_id: str,
        run_id: str,
        owner: str,
        *,
        user_id: str | None = None,
        seconds: float = CLAIM_SECONDS,
        take_over: bool = False,
    ) -> bool:
        """Let `owner`, an id of the caller's own, be the only one to continue a run, for `seconds`.

        Raises `RunClaimedError` while somebody else holds it, unless `take_over`. The claim ends when the end of the run is
        stored or with `release_run`. False, and no claim, if there is no such session of this user.
        """

        def claimed(row: Row | None) -> Row | None:
            if row is None or (user_id is not None and row["user_id"] not in (None, user_id)):
                return None
            claims = _claims_of(row["session_data"])
            held = claims.get(run_id)
            if held is not None and held["by"] != owner and _holds(held) and not take_over:
                raise _claimed(run_id, held)
            return _with_claims(row, {**claims, run_id: _claim(owner, seconds)})

        return self.update(SESSIONS, session_id, claimed) is not None

    def renew_claim(self, session_id: str, run_id: str, owner: str, *, seconds: float = CLAIM_SECONDS) -> None:
        """Hold a claim for `seconds` from now. Raises `RunClaimedError` if somebody took the run over."""

        def renewed(row: Row | None) -> Row | None:
            if row is None:  # the session was deleted; what becomes of the run is not for others to say
                return None
            claims = _claims_of(row["session_data"])
            _check_mine(run_id, owner, claims)
            return _with_claims(row, {**claims, run_id: _claim(owner, seconds)})

        self.update(SESSIONS, session_id, renewed)

    def release_run(self, session_id: str, run_id: str, owner: str) -> None:
        """Give a claim up, so that others may continue the run at once. Nothing happens if it is not held any more."""

        def released(row: Row | None) -> Row | None:
            claims = _claims_of(row["session_data"]) if row is not None else {}
            if row is None or claims.get(run_id, {}).get("by") != owner:
                return None
            return _with_claims(row, {key: claim for key, claim in claims.items() if key != run_id})

        self.update(SESSIONS, session_id, released)


def settle_claims(row: Row, runs: Sequence[Row], mine: Claim | None) -> None:
    """Look at the claims in a header that is about to be written with some runs: refuse those that somebody else
    continues, end the claim of a run at its end, and renew that of one that goes on."""
    claims = _claims_of(row["session_data"])
    if mine is None and not claims:
        return
    left = dict(claims)
    for run in runs:
        run_id, held = run["run_id"], claims.get(run["run_id"])
        if mine is not None and run_id == mine[0]:
            _check_mine(run_id, mine[1], claims)
        elif held is not None and _holds(held):
            raise _claimed(run_id, held)
        left.pop(run_id, None)
        if mine is not None and run_id == mine[0] and run["status"] in GOING_ON:
            left[run_id] = _claim(mine[1], CLAIM_SECONDS)
    row.update(_with_claims(row, left))


def without_claims(data: Any) -> Any:
    """The data of a session as users see it."""
    if not isinstance(data, Mapping) or CLAIMS not in data:
        return data
    return {key: value for key, value in data.items() if key != CLAIMS} or None


def keep_claims(row: Row, theirs: Any) -> None:
    """Put the stored claims into a header that is written over them."""
    if claims := _claims_of(theirs):
        row["session_data"] = {**(row["session_data"] or {}), CLAIMS: claims}


def is_claimed(data: Any) -> bool:
    """True if somebody continues one of the session's runs at this moment."""
    return any(_holds(claim) for claim in _claims_of(data).values())


def _claims_of(data: Any) -> dict[str, Any]:
    found = data.get(CLAIMS) if isinstance(data, Mapping) else None
    return found if isinstance(found, dict) else {}


def _with_claims(row: Row, claims: dict[str, Any]) -> Row:
    rest = without_claims(row["session_data"])
    return {**row, "session_data": {**(rest or {}), CLAIMS: claims} if claims else rest}


def _claim(owner: str, seconds: float) -> dict[str, Any]:
    return {"by": owner, "until": int(now_epoch() + seconds)}


def _holds(claim: dict[str, Any]) -> bool:
    until: float = claim["until"]
    return until > now_epoch()


def _check_mine(run_id: str, owner: str, claims: dict[str, Any]) -> None:
    held = claims.get(run_id)
    if held is None or held["by"] != owner:
        raise RunClaimedError(
            f"Run {run_id!r} was taken over by another process meanwhile, so this one stores nothing of it. "
            "Read the run to see what became of it.",
            run_id,
            held["until"] if held is not None else None,
        )


def _claimed(run_id: str, held: dict[str, Any]) -> RunClaimedError:
    return RunClaimedError(
        f"Run {run_id!r} is being continued by another process, whose claim ends in {held['until'] - now_epoch()} s unless it "
        "is renewed. Wait for it, or, if that process died, use continue_run(..., take_over=True).",
        run_id,
        held["until"],
    )


__all__ = [
    "CLAIMS",
    "CLAIM_SECONDS",
    "GOING_ON",
    "Claim",
    "Claims",
    "is_claimed",
    "keep_claims",
    "settle_claims",
    "without_claims",
]
