"""Taking old sessions and runs out of a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import msgspec

from agno.db._port import RowVerbs, RunRow, StoredHeader
from agno.db._sessions import owner_of_progress, without_progress
from agno.db.query import Query, Where, equal
from agno.db.tables import SESSIONS, Row
from agno.utils.dttm import now_epoch

T = TypeVar("T")

_BATCH = 100  # sessions whose runs are looked at together
_COMPONENTS = ("agent_id", "team_id", "workflow_id")
_COLUMNS = ("session_id", "session_type", *_COMPONENTS, "user_id", "created_at", "updated_at")
_OPEN = frozenset({"PENDING", "RUNNING", "PAUSED"})


@dataclass
class Pruned:
    """What `prune` took out, or with `dry_run` would take out."""

    sessions: list[str] = field(default_factory=list)  # ids of sessions that went whole, the longest unused first
    runs: dict[str, list[str]] = field(default_factory=dict)  # of sessions that stay: ids of their runs that went
    busy: list[str] = field(default_factory=list)  # sessions that stay because a run in them is not at its end


class Pruning(RowVerbs):
    """`prune`, above the row verbs."""

    def prune(
        self,
        *,
        older_than: timedelta | float | None = None,
        keep_sessions: int | None = None,
        keep_runs: int | None = None,
        session_type: Any = None,
        component_id: str | None = None,
        user_id: str | None = None,
        dry_run: bool = False,
    ) -> Pruned:
        """Delete sessions and runs that nobody needs any more; gives their ids.

        `older_than` (a timedelta, or seconds): sessions that were not used for so long. `keep_sessions`: all but the
        newest of each user with each component. `keep_runs`: in each session that stays, all but its newest runs; the
        runs of a team's members go with the team's. A run that is pending, running or paused stays, and so does its
        session. The other arguments narrow down which sessions are looked at; `dry_run` deletes nothing.
        """
        age = older_than.total_seconds() if isinstance(older_than, timedelta) else older_than
        _check({"older_than": age, "keep_sessions": keep_sessions, "keep_runs": keep_runs})
        headers = self._headers(session_type, component_id, user_id)
        doomed = _doomed(headers, age, keep_sessions)
        pruned = Pruned()
        for some in _batches([header for header in headers if header["session_id"] in doomed]):
            self._prune_sessions(some, pruned, dry_run)
        if keep_runs is not None:
            gone = set(pruned.sessions)
            for some in _batches([header for header in headers if header["session_id"] not in gone]):
                self._prune_runs([header["session_id"] for header in some], keep_runs, pruned, dry_run)
        return pruned

    def _headers(self, session_type: Any, component_id: str | None, user_id: str | None) -> list[Row]:
        where = [*equal(session_type=getattr(session_type, "value", session_type), user_id=user_id)]
        if component_id is not None:
            where.append(Where("is", _COMPONENTS, component_id))
        found, _ = self.find(SESSIONS, Query(tuple(where), columns=_COLUMNS))
        return sorted(found, key=_used)

    def _prune_sessions(self, headers: Sequence[Row], pruned: Pruned, dry_run: bool) -> None:
        runs = self.load_runs([header["session_id"] for header in headers])
        going = []
        for header in headers:
            session_id = header["session_id"]
            if any(_read_row(*row).is_open for row in runs.get(session_id, ())):
                pruned.busy.append(session_id)
            elif dry_run or self._is_as_it_was(header):
                going.append(session_id)
        if going and not dry_run:
            runs = self.load_runs(going)  # once more: a run may have begun meanwhile
            busy = [one for one in going if any(_read_row(*row).is_open for row in runs.get(one, ()))]
            pruned.busy += busy
            going = [one for one in going if one not in busy]
            if going:
                self.delete(SESSIONS, going)
        pruned.sessions += going

    def _is_as_it_was(self, header: Row) -> bool:
        """False if somebody used the session since its header was read."""
        now = self.get(SESSIONS, header["session_id"])
        return now is not None and now["updated_at"] == header["updated_at"]

    def _prune_runs(self, session_ids: list[str], keep: int, pruned: Pruned, dry_run: bool) -> None:
        for session_id, rows in self.load_runs(session_ids).items():
            going = _surplus(rows, keep)
            runs = {run_id for run_id, _ in without_progress(rows)}
            if not going:
                continue
            try:
                if not dry_run:
                    self.write_session(session_id, _still_there, [], dropped=going)
            except _Gone:
                continue
            pruned.runs[session_id] = [run_id for run_id in going if run_id in runs]


class _Gone(Exception):  # no error: somebody deleted the session meanwhile, and so its runs
    pass


def _still_there(stored: StoredHeader | None) -> None:
    """Leave the header as it is."""
    if stored is None:
        raise _Gone


class _Run(msgspec.Struct):
    status: Any = None  # text; old rows may hold anything
    parent_run_id: Any = None

    @property
    def is_open(self) -> bool:
        return str(self.status or "").upper() in _OPEN


_read_run = msgspec.json.Decoder(_Run).decode


def _read_row(run_id: str, payload: bytes) -> _Run:
    """A run; the progress of one goes where that goes."""
    owner = owner_of_progress(run_id, payload)
    return _read_run(payload) if owner is None else _Run(parent_run_id=owner)


def _check(limits: dict[str, float | None]) -> None:
    given = {name: value for name, value in limits.items() if value is not None}
    if not given:
        raise ValueError(f"prune() needs at least one of {', '.join(limits)}, or there is nothing to go by.")
    for name, value in given.items():
        if value < 0:
            raise ValueError(f"prune({name}={value!r}) is negative; it says how much stays.")


def _used(header: Row) -> int:
    """When a session was last used."""
    return header["updated_at"] or header["created_at"] or 0


def _doomed(headers: Iterable[Row], age: float | None, keep: int | None) -> set[str]:
    """Sessions that are too old, or too many. `headers` come with the longest unused first."""
    now, newer, found = now_epoch(), Counter[tuple[Any, ...]](), set()
    for header in reversed(list(headers)):
        owner = (header["session_type"], *(header[name] for name in _COMPONENTS), header["user_id"])
        too_old = age is not None and _used(header) < now - age
        if too_old or (keep is not None and newer[owner] >= keep):
            found.add(header["session_id"])
        newer[owner] += 1
    return found


def _surplus(rows: Sequence[RunRow], keep: int) -> list[str]:
    """Runs beyond the newest `keep`, each with what ran inside it, unless any of that is not at its end."""
    runs = {run_id: _read_row(run_id, payload) for run_id, payload in rows}
    root_of = {run_id: _root(run_id, runs) for run_id in runs}
    roots = list(dict.fromkeys(root_of.values()))
    stay = {*(roots[-keep:] if keep else ()), *(root_of[run_id] for run_id, run in runs.items() if run.is_open)}
    return [run_id for run_id, root in root_of.items() if root not in stay]


def _root(run_id: str, runs: dict[str, _Run]) -> str:
    """The run that a run is part of; itself if it is part of none, or of one that is not there."""
    seen = {run_id}
    while isinstance(parent := runs[run_id].parent_run_id, str) and parent in runs and parent not in seen:
        seen.add(parent)
        run_id = parent
    return run_id


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


__all__ = ["Pruned", "Pruning"]
