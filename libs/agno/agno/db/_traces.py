"""Traces: one row for each, with its spans, above the row verbs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

from agno.db._port import RowVerbs, of_user
from agno.db.query import Query, Where, equal
from agno.db.tables import TRACES, Row
from agno.utils.dttm import now_epoch

_LIGHT = tuple(name for name in TRACES.names if name != "spans")
_LATEST = 10**16  # microseconds since 1970
_BATCH = 500


class Traces(RowVerbs):
    """Traces of runs. A call with `user_id` sees and deletes that user's only."""

    def save_trace(self, trace: Row) -> Row:
        """Store a trace, as `agno.tracing.store.row_of` makes it; one with the same `trace_id` is replaced."""
        row = {**dict.fromkeys(TRACES.names), **trace, "created_at": trace["started_us"] // 1_000_000}
        row["place"] = f"{_LATEST - trace['started_us']:017d}{trace['trace_id']}"
        self.put(TRACES, row)
        return row

    def get_trace(self, trace_id: str, *, user_id: str | None = None) -> Row | None:
        """A trace with its spans; None if it is not there, or not of this user."""
        return of_user(self.get(TRACES, trace_id), user_id)

    def get_traces(
        self,
        *,
        run_id: str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        workflow_id: str | None = None,
        status: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = 50,
        page: int | None = None,
        after: str | None = None,
    ) -> tuple[list[Row], int | None]:
        """The traces that fit, newest first and without their spans, and how many there are before paging.

        `after` is the `place` of the last row of the page before: with it a page costs the same however many come before
        it, and nothing is counted (None). `since` and `until` are epoch seconds, inclusive.
        """
        where = equal(
            run_id=run_id, session_id=session_id, user_id=user_id, agent_id=agent_id, team_id=team_id,
            workflow_id=workflow_id, status=status,
        )  # fmt: skip
        where += _between(since, until)
        if after is not None:
            where += (Where("behind", ("place",), after),)
        query = Query(where, "place", "asc", limit, None if after else page, _LIGHT, counted=after is None)
        rows, total = self.find(TRACES, query)
        return [{name: row[name] for name in _LIGHT} for row in rows], total if after is None else None

    def get_trace_session_stats(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        team_id: str | None = None,
        workflow_id: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int | None = None,
        page: int | None = None,
    ) -> tuple[list[Row], int]:
        """Of each session of each user: how many traces, and when the first and the last began; the last used comes first."""
        where = equal(user_id=user_id, agent_id=agent_id, team_id=team_id, workflow_id=workflow_id)
        where += (Where("set", ("session_id",)), *_between(since, until))
        found: dict[tuple[str, str | None], Row] = {}
        for row in self._newest_first(where, ("place", "created_at", *_OWNERS)):
            owner = (row["session_id"], row["user_id"])
            if (stats := found.get(owner)) is None:
                stats = found[owner] = {name: row[name] for name in _OWNERS}
                stats |= {"total_traces": 0, "last_trace_at": row["created_at"]}
            stats["total_traces"] += 1
            stats["first_trace_at"] = row["created_at"]
        rows, window = list(found.values()), Query(limit=limit, page=page).window
        return (rows if window is None else rows[window[1] : sum(window)]), len(rows)

    def delete_traces(self, trace_ids: Sequence[str], *, user_id: str | None = None) -> int:
        """Delete traces; of this user only, when one is given. How many there were."""
        return self._delete_mine(TRACES, trace_ids, user_id)

    def prune_traces(self, *, older_than: timedelta | float | None = None, keep: int | None = None) -> int:
        """Delete traces that are older (a timedelta, or seconds), and all but the newest `keep`. How many there were."""
        age = older_than.total_seconds() if isinstance(older_than, timedelta) else older_than
        if age is None and keep is None:
            raise ValueError("prune_traces() needs older_than= or keep=, or there is nothing to go by.")
        if (age or 0) < 0 or (keep or 0) < 0:
            raise ValueError("prune_traces(): older_than= and keep= say how much stays, so they are not negative.")
        gone = 0
        if age is not None:
            old = (Where("to", ("created_at",), now_epoch() - int(age) - 1),)
            gone += self._delete_where(TRACES, old)
        if keep is not None:
            rows, _ = self.find(TRACES, Query((), "place", "asc", 1, keep + 1, ("trace_id", "place"), counted=False))
            if rows:  # the first one too many
                first = rows[0]
                gone += self._delete_where(TRACES, (Where("behind", ("place",), first["place"]),))
                gone += self.delete(TRACES, [first["trace_id"]])
        return gone

    def _newest_first(self, where: tuple[Where, ...], columns: tuple[str, ...]) -> Iterator[Row]:
        after: str | None = None
        while True:
            here = where if after is None else (*where, Where("behind", ("place",), after))
            rows, _ = self.find(TRACES, Query(here, "place", "asc", _BATCH, None, columns, counted=False))
            yield from rows
            if len(rows) < _BATCH:
                return
            after = rows[-1]["place"]


_OWNERS = ("session_id", "user_id", "agent_id", "team_id", "workflow_id")


def _between(since: int | None, until: int | None) -> tuple[Where, ...]:
    bounds: tuple[tuple[Literal["from", "to"], int | None], ...] = (("from", since), ("to", until))
    return tuple(Where(way, ("created_at",), second) for way, second in bounds if second is not None)


__all__ = ["Traces"]
