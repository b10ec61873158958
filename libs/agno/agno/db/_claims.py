"""Who has a run: of those that continue it one process at a time, by a claim that ends with the run, or by itself when its
process died; and which worker of a service hosts it.

A claim stands in the header of the session, beside the data of the user and hidden from it, because every backend changes
a header with nobody writing in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from agno.db._port import RowVerbs
from agno.db.query import Query, Where, equal
from agno.db.tables import RUN_EVENTS, SESSIONS, WORKERS, Row
from agno.exceptions import RunClaimedError
from agno.utils.dttm import now_epoch

CLAIMS = "claims"  # in `session_data`: {run_id: {"by": owner, "until": epoch seconds}}
CLAIM_SECONDS = 900
_BATCH = 500
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
            claims = claims_of(row["session_data"])
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
            claims = claims_of(row["session_data"])
            _check_mine(run_id, owner, claims)
            return _with_claims(row, {**claims, run_id: _claim(owner, seconds)})

        self.update(SESSIONS, session_id, renewed)

    def release_run(self, session_id: str, run_id: str, owner: str) -> None:
        """Give a claim up, so that others may continue the run at once. Nothing happens if it is not held any more."""

        def released(row: Row | None) -> Row | None:
            claims = claims_of(row["session_data"]) if row is not None else {}
            if row is None or claims.get(run_id, {}).get("by") != owner:
                return None
            return _with_claims(row, {key: claim for key, claim in claims.items() if key != run_id})

        self.update(SESSIONS, session_id, released)


def settle_claims(row: Row, runs: Sequence[Row], mine: Claim | None) -> None:
    """Look at the claims in a header that is about to be written with some runs: refuse those that somebody else
    continues, end the claim of a run at its end, and renew that of one that goes on."""
    claims = claims_of(row["session_data"])
    if mine is None and not claims:
        return
    left = dict(claims)
    for run in runs:
        run_id = run["run_id"]
        check_claim(run_id, claims, mine)
        left.pop(run_id, None)
        if mine is not None and run_id == mine[0] and run["status"] in GOING_ON:
            left[run_id] = _claim(mine[1], CLAIM_SECONDS)
    row.update(_with_claims(row, left))


def check_claim(run_id: str, claims: Mapping[str, Any], mine: Claim | None) -> None:
    """Refuse to write of a run that somebody else continues."""
    held = claims.get(run_id)
    if mine is not None and run_id == mine[0]:
        _check_mine(run_id, mine[1], claims)
    elif held is not None and _holds(held):
        raise _claimed(run_id, held)


def without_claims(data: Any) -> Any:
    """The data of a session as users see it."""
    if not isinstance(data, Mapping) or CLAIMS not in data:
        return data
    return {key: value for key, value in data.items() if key != CLAIMS} or None


def keep_claims(row: Row, theirs: Any) -> None:
    """Put the stored claims into a header that is written over them."""
    if claims := claims_of(theirs):
        row["session_data"] = {**(row["session_data"] or {}), CLAIMS: claims}


def is_claimed(data: Any) -> bool:
    """True if somebody continues one of the session's runs at this moment."""
    return any(_holds(claim) for claim in claims_of(data).values())


def claims_of(data: Any) -> dict[str, Any]:
    """The claims in the data of a session."""
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


def _check_mine(run_id: str, owner: str, claims: Mapping[str, Any]) -> None:
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


# Hosting -------------------------------------------------------------------------------------------------------------


class EventBatch(NamedTuple):
    """Some events of a run: the number of the first one, and (kind, JSON) of each. `last`: no more follow for now."""

    run_id: str
    first: int
    frames: Sequence[tuple[str, str]]
    last: bool = False


class Hosting(RowVerbs):
    """Workers with their runs, and events of runs, as rows. `agno.os` says what they mean.

    A worker has one row for all its runs, under a lease that it renews. When it ran out, one other worker takes the row, and
    with it the runs; the first one, should it still live, finds out when it renews. Rows of events are only added.
    """

    def keep_hosted(
        self,
        worker: str,
        runs: Mapping[str, Any] | None = None,
        lease_until: int = 0,
        events: Sequence[EventBatch] = (),
        *,
        new: bool = False,
    ) -> bool:
        """Store what a worker hosts (`runs` None: that did not change), and events of its runs.

        `new`: the worker has no row yet. False, and nothing is stored, if another worker took the runs over.
        """
        if runs is not None and not self._note_worker(worker, runs, lease_until, new):
            return False
        for batch in events:
            self._add_events(worker, batch)
        return True

    def _note_worker(self, worker: str, runs: Mapping[str, Any], lease_until: int, new: bool) -> bool:
        now = now_epoch()
        facts = {"id": worker, "owner": worker, "lease_until": lease_until, "runs": dict(runs), "updated_at": now}

        def noted(row: Row | None) -> Row | None:
            if row is None:
                return {**facts, "created_at": now} if new else None
            if row["owner"] != worker:
                return None
            wished = _wished(row["runs"])
            kept = {run_id: {**one, **_STOP} if run_id in wished else one for run_id, one in runs.items()}
            return {**row, **facts, "runs": kept}

        return self.update(WORKERS, worker, noted) is not None

    def _add_events(self, worker: str, batch: EventBatch) -> None:
        key = f"{batch.run_id}@{batch.first}"
        row = {"id": key, "run_id": batch.run_id, "worker": worker, "place": _place(batch.first), "last": batch.last,
               "frames": [list(frame) for frame in batch.frames], "created_at": now_epoch()}  # fmt: skip
        # one that this worker wrote before is written again, after an error that left open whether it was
        self.update(RUN_EVENTS, key, lambda there: row if there is None or there["worker"] == worker else None)

    def forget_worker(self, worker: str, owner: str) -> None:
        """Delete the row of a worker that `owner` has: all its runs came to an end, or are with another worker."""
        row = self.get(WORKERS, worker)
        if row is not None and row["owner"] == owner:
            self.delete(WORKERS, [worker])

    def dead_workers(self, now: int) -> list[Row]:
        """Workers whose lease ran out, or that of who took their runs over."""
        found, _ = self.find(WORKERS, Query((Where("to", ("lease_until",), now),), counted=False))
        return found

    def take_worker(self, seen: Row, owner: str, lease_until: int) -> Row | None:
        """Take over what a dead worker hosted, as it was read; None if somebody was faster, or it lives after all."""

        def taken(row: Row | None) -> Row | None:
            if row is None or any(row[name] != seen[name] for name in ("owner", "lease_until")):
                return None
            return {**row, "owner": owner, "lease_until": lease_until, "updated_at": now_epoch()}

        return self.update(WORKERS, seen["id"], taken)

    def is_hosted(self, run_id: str) -> bool:
        """True if some worker hosts the run, also one that may be dead and whose runs nobody took over yet."""
        return any(run_id in (row["runs"] or {}) for row in self.find(WORKERS, Query(counted=False))[0])

    def wish_cancel(self, run_id: str) -> bool:
        """Ask the worker that hosts a run to stop it, which it does within seconds; False if no worker hosts it."""

        def wished(row: Row | None) -> Row | None:
            if row is None or run_id not in (row["runs"] or {}):
                return None
            return {**row, "runs": {**row["runs"], run_id: {**row["runs"][run_id], **_STOP}}}

        hosts = [row["id"] for row in self.find(WORKERS, Query(counted=False))[0] if run_id in (row["runs"] or {})]
        return any([self.update(WORKERS, worker, wished) is not None for worker in hosts])

    def cancel_wishes(self, worker: str) -> list[str]:
        """The runs of a worker that others asked it to stop."""
        rows = self.find(WORKERS, Query(equal(id=worker), counted=False))[0]
        return [run_id for row in rows for run_id in _wished(row["runs"])]

    def get_run_events(self, run_id: str, after: int = -1, limit: int = 100) -> list[EventBatch]:
        """Stored events of a run behind the one with this number, in order; at most `limit` batches."""
        where = (*equal(run_id=run_id),)
        if after >= 0:  # the batch that has the event may begin before it
            before = (*where, Where("to", ("place",), _place(after + 1)))
            head = self.find(RUN_EVENTS, Query(before, "place", "desc", 1, counted=False))[0]
            where = (*where, Where("behind", ("place",), _place(after + 1)))
        else:
            head = []
        rows = self.find(RUN_EVENTS, Query(where, "place", "asc", limit, counted=False))[0]
        return [_behind(_batch(row), after) for row in (*head, *rows)]

    def prune_run_events(self, seconds: float) -> int:
        """Delete the events of runs that ended, or paused, that long ago; how many rows there were."""
        old = (*equal(last=True), Where("to", ("created_at",), int(now_epoch() - seconds)))
        gone = 0
        for row in self.find(RUN_EVENTS, Query(old, "created_at", "asc", _BATCH, counted=False))[0]:
            # of a run that went on later, what came after it stays
            mine = (*equal(run_id=row["run_id"]), Where("to", ("place",), row["place"]))
            rows = self.find(RUN_EVENTS, Query(mine, columns=("id",), counted=False))[0]
            gone += self.delete(RUN_EVENTS, [one["id"] for one in rows])
        return gone


_STOP = {"stop": True}  # what another process notes of a run that is to be cancelled


def _wished(runs: Mapping[str, Any] | None) -> list[str]:
    return [run_id for run_id, facts in (runs or {}).items() if facts.get("stop")]


def _place(number: int) -> str:
    return f"{number:020d}"


def _batch(row: Row) -> EventBatch:
    frames = [(kind, data) for kind, data in row["frames"] or ()]
    return EventBatch(row["run_id"], int(row["place"]), frames, bool(row["last"]))


def _behind(batch: EventBatch, after: int) -> EventBatch:
    skipped = max(0, after + 1 - batch.first)
    return batch._replace(first=batch.first + skipped, frames=batch.frames[skipped:]) if skipped else batch


__all__ = [
    "CLAIMS",
    "CLAIM_SECONDS",
    "GOING_ON",
    "Claim",
    "Claims",
    "EventBatch",
    "Hosting",
    "check_claim",
    "claims_of",
    "is_claimed",
    "keep_claims",
    "settle_claims",
    "without_claims",
]
