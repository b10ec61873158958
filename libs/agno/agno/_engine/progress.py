"""What the runs inside of a stored run have done so far: kept beside it, so that who goes on with it goes on with them.

A record is the run inside as it would be stored now, and where it was begun: by which call of which run, or in which step
of a workflow. There is one row for each run, and the newest record is in it. When the run around it ends, the rows go.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from agno._engine.claims import renew
from agno._engine.context import Run
from agno.db._sessions import progress_id
from agno.run.base import RunStatus
from agno.run.team import member_run

_PLACE = ("call", "who", "key")
_GOING_ON = frozenset({RunStatus.pending, RunStatus.running})


class Origin(NamedTuple):
    """Where a run inside of another was begun, and the session state as it was then."""

    place: Mapping[str, Any]  # `call` and `who` of a member's run, `key` of one in a step
    state: Mapping[str, Any] | None = None  # None where whoever goes on knows it


@dataclass
class Kept:
    """A run inside of a stored one, as an earlier process left it."""

    output: Any
    place: Mapping[str, Any]
    state: Mapping[str, Any]  # the session state when it began

    @property
    def call(self) -> Any:
        """The tool call that began it."""
        return self.place.get("call")

    @property
    def who(self) -> Any:
        """Which of the runs of that call it is."""
        return self.place.get("who")

    @property
    def goes_on(self) -> bool:
        """True if it had not come to its end, or to a pause."""
        return self.output.status in _GOING_ON


class Found:
    """The records that a run which goes on finds. `earlier` are runs inside of it that are stored as parts of others, where
    they have no rows of their own."""

    def __init__(self, records: Iterable[Mapping[str, Any]] | None = None, earlier: Iterable[Any] = ()) -> None:
        self.earlier = list(earlier)
        by_row = {record["row"]: record for record in records or ()}
        self.rows = list(by_row)
        self._inside: dict[str, list[Kept]] = {}
        self._at: dict[str, Kept] = {}
        for record in by_row.values():
            output = member_run(record["run"])
            state = record.get("before")
            place = {name: record[name] for name in _PLACE if name in record}
            kept = Kept(output, place, (output.session_state or {}) if state is None else state)
            if (key := record.get("key")) is not None:
                self._at[key] = kept  # of several attempts, the last
            else:
                self._inside.setdefault(output.parent_run_id, []).append(kept)

    def inside(self, run_id: str) -> list[Kept]:
        """The runs that were begun by a run."""
        return self._inside.get(run_id, [])

    def take(self, key: str) -> Kept | None:
        """The run that was at work in a step, once."""
        return self._at.pop(key, None)


class Progress:
    """Writes and finds what runs inside of `owner` did, which is the run that is stored. `rows` are those beside it."""

    def __init__(self, owner: Run, found: Found | None = None, rows: list[str] | None = None) -> None:
        self.owner = owner
        self.found = Found() if found is None else found
        self.rows = rows if rows is not None else list(self.found.rows)
        self.kind: str | None = None  # after "tools" or after each "tool-batch"; None: nothing is written
        self.written: set[str] = set()  # rows of this process
        self.brought: list[Any] = []  # runs that ended in an earlier process, and stand in `rows` only
        self.failure: Exception | None = None  # why something could not be written
        self.ended: set[str] = set()  # the runs whose ends are in `rows`

    def keeps(self) -> bool:
        """True if it is written what runs inside do."""
        return self.kind is not None

    async def keep(self, run: Run, output: Any = None) -> None:
        """Store how far a run inside has come, and the ends of the runs inside of that one."""
        if not self.keeps():
            return
        ended = [one for one in run.outermost.ended or () if self._is_news(one, run)]
        records = {self._row(run): _record(run, output or run.output)}
        records |= {self._row(one): _record(one, one.output) for one in ended}
        owner = self.owner
        try:
            await run.io.call(owner.component.db.note_progress, owner.session, owner.output, records)
            await renew(owner)
        except Exception as error:  # the run inside fails with it; the one around it must, too
            self.failure = self.failure or error
            raise
        self.ended.update(one.output.run_id for one in ended)

    def _is_news(self, one: Run, run: Run) -> bool:
        if one.output.run_id in self.ended or one.output.status is RunStatus.cancelled:
            return False
        outer = one.parent
        while outer is not None and outer is not run:
            outer = outer.parent
        return outer is run

    def _row(self, run: Run) -> str:
        row = progress_id(self.owner.context.run_id, run.output.run_id)
        if row not in self.written:
            self.written.add(row)
            if row not in self.rows:
                self.rows.append(row)
        return row

    def rows_of(self, runs: Iterable[Any]) -> list[str]:
        """The rows that these runs have."""
        have = set(self.rows)
        ids = [progress_id(self.owner.context.run_id, run.run_id) for run in runs] if have else []
        return [row for row in ids if row in have]

    def forget(self, rows: Iterable[str]) -> None:
        """The rows are gone."""
        for row in rows:
            self.rows.remove(row)
            self.written.discard(row)

    def bring(self, output: Any) -> None:
        """A run that ended in an earlier process becomes a row of its own, as it is now: without its members' runs, which
        have theirs."""
        self.brought.append(copy.copy(output))

    def check(self) -> None:
        """Raise what kept a run inside from being stored: the run around it cannot go on as if it had been."""
        if self.failure is not None:
            raise self.failure


def _record(run: Run, output: Any) -> dict[str, Any]:
    origin: Origin = run.origin
    record = {**origin.place, "run": run.component.kept(output)}
    if origin.state is not None and origin.state != (output.session_state or {}):
        record["before"] = dict(origin.state)
    return record


__all__ = ["Found", "Kept", "Origin", "Progress"]
