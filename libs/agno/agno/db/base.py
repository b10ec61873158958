"""The database port: sessions as a small header row plus append-only run rows, and the other records.

A backend implements the verbs of `RowVerbs`; the methods users and the engine call are written once above them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import Enum
from math import ceil, floor
from typing import Any

from agno.db._approvals import Approvals
from agno.db._claims import GOING_ON, Claims, Hosting, check_claim, settle_claims, without_claims
from agno.db._codec import from_json, to_json
from agno.db._components import Components
from agno.db._culture import Culture
from agno.db._inbox import Inbox
from agno.db._port import (
    DbError,
    DbUnavailableError,
    InvalidSchemaError,
    MigrationRequiredError,
    RunRow,
    SessionConflictError,
    StoredHeader,
    of_user,
)
from agno.db._pruning import Pruned, Pruning
from agno.db._records import Records
from agno.db._schedules import Schedules
from agno.db._sessions import (
    check_owner,
    claims_in,
    dict_of,
    has_progress,
    header_row,
    kind_of,
    known,
    newest_runs,
    progress_row,
    remember,
    run_row,
    session_of,
    settled,
    with_old_runs,
    without_progress,
)
from agno.db._traces import Traces
from agno.db.query import Place, Query, Where, equal
from agno.db.tables import SESSIONS, Row, fitting
from agno.utils.dttm import now_epoch
from agno.utils.later import later

_async, _migration = later("agno.db._async"), later("agno.db.migrations.v1_to_v2")


class SessionType(str, Enum):
    """Whose session it is."""

    AGENT = "agent"
    TEAM = "team"
    WORKFLOW = "workflow"


_COMPONENTS = {"agent": ("agent_id",), "team": ("team_id",), "workflow": ("workflow_id",)}
_ANY_COMPONENT = ("agent_id", "team_id", "workflow_id")
_END_OF_TIME = 2**53


class BaseDb(Records, Components, Approvals, Culture, Schedules, Traces, Hosting, Inbox, Claims, Pruning):
    """A database for sessions, memories, knowledge, evaluations and metrics.

    A method succeeds or raises a `DbError`; what is not there is None, False or empty.
    """

    # For the engine --------------------------------------------------------------------------------------------------

    def read_session(
        self, session_id: str, session_type: Any = None, user_id: str | None = None, runs: int | None = None
    ) -> Any:
        """A session with its newest `runs` runs (None: all), oldest first; a session that has no owner is anybody's.

        None if it is not there, belongs to another user, or is of another type.
        """
        found = self._loaded(session_id, session_type, runs)
        if found is None or (user_id is not None and found[0].get("user_id") not in (None, user_id)):
            return None
        return session_of(*found)

    def begin_run(self, session: Any, run: Any) -> None:
        """Store a new run, and the session's header if there is none. Refuses the session of another user."""
        header, row = self._new_header(session), run_row(session.session_id, run)
        before = known(session)
        data = before.data if before is not None else None

        def settle(stored: StoredHeader | None) -> Row | None:
            nonlocal data
            if stored is not None:
                check_owner(header, stored)
                return None
            data = _json(header["session_data"])
            return header

        self.write_session(session.session_id, settle, [row], append=True)
        remember(session, data, [(row["run_id"], row["payload"])])

    def note_progress(
        self,
        session: Any,
        run: Any,
        records: Mapping[str, Mapping[str, Any]],
        *,
        new: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        """Store what a run that goes on has done, each record in a row of its own; it costs the same however much was
        done before. A record takes the place of the one with its row id; `new`: there are none. Raises
        `RunClaimedError` if another process goes on with the run.

        Who reads the session finds the records on the run. `dropped` are rows that are not needed any more;
        `finish_run(dropped=...)` takes all of them away.
        """
        rows = [progress_row(session.session_id, run, row_id, record) for row_id, record in records.items()]
        mine = before.claim if (before := known(session)) is not None else None

        def settle(stored: StoredHeader | None) -> None:
            if stored is not None:
                check_claim(run.run_id, claims_in(stored), mine)

        self.write_session(session.session_id, settle, rows, append=new, dropped=dropped)

    def finish_run(self, session: Any, run: Any, inside: Sequence[Any] = (), dropped: Collection[str] = ()) -> None:
        """Store a run's end, the runs `inside` of it, and the session's header. Keeps what others changed meanwhile.

        `dropped` are rows that held what the run had done so far.
        """
        rows = [run_row(session.session_id, one) for one in (*inside, run)]
        self._write(session, rows, owned=True, dropped=dropped)

    def save_header(self, session: Any) -> None:
        """Store a session without touching its runs."""
        self._write(session, [], owned=True)

    # For users -------------------------------------------------------------------------------------------------------

    def get_session(
        self, session_id: str, session_type: Any = None, user_id: str | None = None, deserialize: bool = True
    ) -> Any:
        """A session with all its runs, or its row as a dict; None if no such session has this type and user."""
        found = self._loaded(session_id, session_type, None)
        if found is None or (user_id is not None and found[0].get("user_id") != user_id):
            return None
        return session_of(*found) if deserialize else dict_of(*found)

    def get_sessions(
        self,
        session_type: Any = None,
        user_id: str | None = None,
        component_id: str | None = None,
        session_name: str | None = None,
        start_timestamp: int | None = None,
        end_timestamp: int | None = None,
        limit: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
        deserialize: bool = True,
        *,
        with_runs: bool = True,
        after: Place | None = None,
    ) -> Any:
        """Sessions that fit all filters; with `deserialize=False` dicts, and the number before paging.

        `after` is where the page before ended: with it, `page` is not needed, a page costs the same however many come
        before it, and nothing is counted (None). `Place()` is the beginning. A list that shows headers only is much cheaper with `with_runs=False`.
        """
        where = self._of(session_type, user_id, component_id)
        if session_name is not None:
            where.append(Where("contains", ("session_data",), session_name, "session_name"))
        if start_timestamp is not None:
            where.append(Where("from", ("created_at",), _storable(start_timestamp, ceil)))
        if end_timestamp is not None:
            where.append(Where("to", ("created_at",), _storable(end_timestamp, floor)))
        headers, total = self._page_behind(SESSIONS, Query(tuple(where), sort_by, sort_order, limit, page, after=after))
        runs = self.load_runs([header["session_id"] for header in headers]) if with_runs and headers else {}
        if deserialize:
            return [session_of(header, runs.get(header["session_id"], ())) for header in headers]
        return [dict_of(header, runs.get(header["session_id"], ())) for header in headers], total

    def first_runs(self, session_ids: Sequence[str]) -> dict[str, Any]:
        """The first run of each of these sessions, as a dict: what a list of sessions without names shows of them."""
        return {key: from_json(payload) for key, (_, payload) in self.load_first_runs(session_ids).items()}

    def iter_sessions(
        self,
        session_type: Any = None,
        user_id: str | None = None,
        component_id: str | None = None,
        batch_size: int = 500,
        *,
        with_runs: bool = False,
    ) -> Iterator[Any]:
        """All sessions that fit, in the order of their ids, with one page of them in memory at a time.

        On SQL and MongoDB each page costs the same, the last as the first. A session that is made or deleted meanwhile may be
        there or not; no other is missed or comes twice.
        """
        after: str | None = None
        while True:
            where = self._of(session_type, user_id, component_id)
            if after is not None:
                where.append(Where("behind", ("session_id",), after))
            query = Query(tuple(where), "session_id", "asc", batch_size, counted=False)
            headers, _ = self.find(SESSIONS, query)
            runs = self.load_runs([header["session_id"] for header in headers]) if with_runs and headers else {}
            for header in headers:
                yield session_of(header, runs.get(header["session_id"], ()))
            if len(headers) < batch_size:
                return
            after = headers[-1]["session_id"]

    @staticmethod
    def _of(session_type: Any, user_id: str | None, component_id: str | None) -> list[Where]:
        kind = _name(session_type)
        where = [*equal(session_type=kind, user_id=user_id)]
        if component_id is not None:
            where.append(Where("is", _COMPONENTS.get(kind or "", _ANY_COMPONENT), component_id))
        return where

    def upsert_session(self, session: Any, deserialize: bool = True) -> Any:
        """Store a session with all its runs; gives it as it is stored.

        Of a session that was read here, only what changed is written. A run that was taken out of it is deleted.
        """
        kind_of(session)  # refuses what is no session
        rows = [run_row(session.session_id, run) for run in session.runs or ()]
        before = known(session)
        present = before.runs if before is not None else dict.fromkeys(self._run_ids(session.session_id))
        ids = {row["run_id"] for row in rows}
        changed = [row for row in rows if present.get(row["run_id"]) != hash(row["payload"])]
        dropped = [run_id for run_id in present if run_id not in ids]
        self._write(session, changed, owned=False, dropped=dropped)
        if deserialize:
            return session
        return self.get_session(session.session_id, deserialize=False)

    def rename_session(
        self,
        session_id: str,
        session_type: Any,
        session_name: str,
        deserialize: bool = True,
        *,
        user_id: str | None = None,
    ) -> Any:
        """Set the name; gives the session, or None if no such session has this type and user."""
        kind = _name(session_type)

        def named(row: Row | None) -> Row | None:
            if row is None or (kind is not None and row["session_type"] != kind):
                return None
            if user_id is not None and row["user_id"] != user_id:
                return None
            data = {**(row["session_data"] or {}), "session_name": session_name}
            return {**row, "session_data": data, "updated_at": now_epoch()}

        if self.update(SESSIONS, session_id, named) is None:
            return None
        return self.get_session(session_id, session_type, deserialize=deserialize)

    def delete_session(self, session_id: str, *, user_id: str | None = None) -> bool:
        """Delete a session with its runs; True if it was there, and of this user if one is given."""
        return self.delete(SESSIONS, self._of_user([session_id], user_id)) > 0

    def delete_sessions(self, session_ids: list[str], *, user_id: str | None = None) -> None:
        """Delete sessions with their runs."""
        self.delete(SESSIONS, self._of_user(session_ids, user_id))

    def _of_user(self, session_ids: Sequence[str], user_id: str | None) -> list[str]:
        """Those of the sessions that are this user's, if one is given. Asked one by one: a list may lag behind."""
        if user_id is None:
            return list(session_ids)
        return [one for one in session_ids if of_user(self.get(SESSIONS, one), user_id) is not None]

    def migrate_table_from_v1_to_v2(self, v1_db_schema: str | None, v1_table_name: str, v1_table_type: str) -> Any:
        """Move a table of Agno 1 into this database; the type is agent_sessions, team_sessions, workflow_sessions or memories."""
        return _migration.migrate_table(self, v1_db_schema, v1_table_name, v1_table_type)

    # ------------------------------------------------------------------------------------------------------------------

    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        """Session by session; backends that can read the runs of many at once do so."""
        loaded = {session_id: self.load_session(session_id, None) for session_id in session_ids}
        return {key: with_old_runs(found[0]["runs"], found[1]) for key, found in loaded.items() if found is not None}

    def _loaded(self, session_id: str, session_type: Any, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        found = self._with_whole_runs(session_id, runs)
        if found is None:
            return None
        header, rows = found
        kind = _name(session_type)
        if kind is not None and header["session_type"] != kind:
            return None
        old = header.pop("runs", None)
        if not old or runs == 0:
            return header, rows
        if runs is not None:  # a new row may replace any of the old runs, so look at all of them
            again = self.load_session(session_id, None)
            rows = with_old_runs(old, again[1] if again is not None else rows)
            return header, rows[-runs:]
        return header, with_old_runs(old, rows)

    def _with_whole_runs(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        """The header and the newest runs; what a run did so far stands in rows of its own, which are no runs to count."""
        found, window = self.load_session(session_id, runs), runs
        while found is not None and runs and window is not None and len(found[1]) == window:
            whole = len(without_progress(found[1])) if has_progress(found[1]) else window
            if whole >= runs:
                break
            window *= 4
            found = self.load_session(session_id, window)
        if found is None or window == runs or runs is None:
            return found
        return found[0], newest_runs(found[1], runs)

    def _run_ids(self, session_id: str) -> list[str]:
        return [run_id for run_id, _ in self.load_runs([session_id]).get(session_id, ())]

    def _new_header(self, session: Any) -> Row:
        header = header_row(session)
        header["created_at"] = header["created_at"] if header["created_at"] is not None else now_epoch()
        header["updated_at"] = header["created_at"]
        return fitting(SESSIONS, header)

    def _write(self, session: Any, runs: list[Row], *, owned: bool, dropped: Collection[str] = ()) -> None:
        header, before = self._new_header(session), known(session)
        written: list[Row] = []

        def settle(stored: StoredHeader | None) -> Row:
            if stored is not None:
                if owned:
                    check_owner(header, stored)
                row = settled(header, stored, before)
                if owned:
                    settle_claims(row, runs, before.claim if before is not None else None)
                row["updated_at"] = now_epoch()
            else:
                row = header
            written[:] = [row]
            return row

        self.write_session(session.session_id, settle, runs, dropped=dropped)
        self._note(session, written[0], runs, dropped)

    def _note(self, session: Any, row: Row, runs: list[Row], dropped: Collection[str]) -> None:
        """The object now knows what is stored."""
        session.created_at, session.updated_at = row["created_at"], row["updated_at"]
        data = session.session_data = without_claims(row["session_data"])
        now = remember(session, _json(data), [(run["run_id"], run["payload"]) for run in runs])
        if now.claim is not None and any(
            run["run_id"] == now.claim[0] and run["status"] not in GOING_ON for run in runs
        ):
            now.claim = None
        for run_id in dropped:
            now.runs.pop(run_id, None)


def _storable(seconds: float, round_: Callable[[float], int]) -> int:
    """A time that a column of integers can be compared with; those beyond mean the same."""
    if seconds != seconds:
        raise ValueError("A timestamp of nan is no time. Give epoch seconds.")
    return round_(min(max(seconds, -_END_OF_TIME), _END_OF_TIME))


def _json(value: Any) -> bytes | None:
    return None if value is None else to_json(value)


def _name(session_type: Any) -> str | None:
    name: str | None = getattr(session_type, "value", session_type)
    return name


def __getattr__(name: str) -> Any:
    if name == "AsyncBaseDb":  # is written above `BaseDb`, but users look for it here
        return _async.AsyncBaseDb
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "BaseDb",
    "DbError",
    "DbUnavailableError",
    "InvalidSchemaError",
    "MigrationRequiredError",
    "Pruned",
    "SessionConflictError",
    "SessionType",
]
