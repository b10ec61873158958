"""Which worker of a service hosts which runs, under a lease that it renews, and the events of these runs.

A worker has one row for all its runs. When its lease ran out, one other worker takes the row, and with it the runs; the first
worker, should it still live, finds out when it renews. Events are rows that are only added, each with some of a run's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from agno.db._port import RowVerbs
from agno.db.query import Query, Where, equal
from agno.db.tables import RUN_EVENTS, WORKERS, Row
from agno.utils.dttm import now_epoch

_BATCH = 500


class EventBatch(NamedTuple):
    """Some events of a run: the number of the first one, and (kind, JSON) of each. `last`: no more follow for now."""

    run_id: str
    first: int
    frames: Sequence[tuple[str, str]]
    last: bool = False


class Hosting(RowVerbs):
    """Workers with their runs, and events of runs, as rows. `agno.os` says what they mean."""

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
            return {**row, **facts} if row["owner"] == worker else None

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


def _place(number: int) -> str:
    return f"{number:020d}"


def _batch(row: Row) -> EventBatch:
    frames = [(kind, data) for kind, data in row["frames"] or ()]
    return EventBatch(row["run_id"], int(row["place"]), frames, bool(row["last"]))


def _behind(batch: EventBatch, after: int) -> EventBatch:
    skipped = max(0, after + 1 - batch.first)
    return batch._replace(first=batch.first + skipped, frames=batch.frames[skipped:]) if skipped else batch


__all__ = ["EventBatch", "Hosting"]
