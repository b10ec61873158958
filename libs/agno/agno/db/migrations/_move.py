"""Moves what older versions wrote, batch by batch. It can be stopped at any moment and begun again: what is there already stays."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from agno.db._old_tables import OldTables, all_runs
from agno.db._port import DbError, DbUnavailableError
from agno.db._sessions import session_of as object_of
from agno.db.base import BaseDb
from agno.db.migrations._v1_rows import MEMORY, OldTable, Session, kind_of, memory_of, session_of
from agno.db.migrations._v2_runs import header_of_2_0, run_of_2_0
from agno.db.query import Query, Where
from agno.db.tables import MEMORIES, SESSIONS, Row

Progress = Callable[["Moved"], None]

BATCH = 5000  # keys that are read at once
_ROWS = 50  # whole rows that are in memory at once: a session may have megabytes
_BEHIND = "_v1"  # the name of a table of Agno 1 that had the name of a new one
_SHOWN = 5  # reasons that are told


@dataclass
class Moved:
    """What became of a table: rows that were there, that were written now, that had been written before, and that cannot be."""

    name: str
    kind: str
    there: int = 0
    written: int = 0
    kept: int = 0
    runs: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)  # key and reason
    dropped: bool = False

    @property
    def done(self) -> int:
        """Rows that were looked at."""
        return self.written + self.kept + len(self.failed)


@dataclass
class Report:
    """What a migration did, by table. It may be awaited, so that `await` before the call does no harm."""

    tables: list[Moved] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        """One line for each row that could not be moved."""
        return [f"{table.name} {key!r}: {reason}" for table in self.tables for key, reason in table.failed]

    def __await__(self) -> Generator[Any, Any, Report]:
        yield from ()
        return self

    def check(self) -> None:
        """Raise `DbError` if something could not be moved."""
        if self.failed:
            more = f" and {len(self.failed) - _SHOWN} more" if len(self.failed) > _SHOWN else ""
            raise DbError(
                f"{len(self.failed)} rows could not be migrated; their tables are kept. {'; '.join(self.failed[:_SHOWN])}{more}."
            )


# Agno 1 ------------------------------------------------------------------------------------------------------------------


def found_tables(old: OldTables, schema: str | None) -> list[OldTable]:
    """The tables of Agno 1, recognised by their columns."""
    kinds = {name: kind_of(columns) for name, columns in sorted(old.columns(schema).items())}
    return [OldTable(name, kind, schema) for name, kind in kinds.items() if kind is not None]


def out_of_the_way(db: BaseDb, old: OldTables, table: OldTable, *, dry_run: bool = False) -> OldTable:
    """A table of Agno 1 that has the name of a new one gets another; the same table under the name it has now."""
    taken = {db.table_name(one) for one in (SESSIONS, MEMORIES)}
    if table.name not in taken or table.schema not in (None, getattr(db, "db_schema", None)):
        return table
    behind = OldTable(f"{table.name}{_BEHIND}", table.kind, table.schema)
    there = old.columns(table.schema)
    if kind_of(there.get(table.name, ())) is None:
        return behind if behind.name in there else table  # it was renamed the last time
    if dry_run:
        return table
    if behind.name in there:
        raise DbError(
            f"Table {table.name!r} has to make room, but {behind.name!r} is there already: rename or drop it."
        )
    old.rename(table.schema, table.name, behind.name)
    return behind


def move_table(
    db: BaseDb, old: OldTables, table: OldTable, *, batch_size: int = BATCH, dry_run: bool = False, progress: Progress
) -> Moved:
    """Write what a table of Agno 1 has into the tables of today; what is there already is not touched."""
    moved = Moved(table.name, table.kind, there=old.count(table.schema, table.name))
    progress(moved)
    after = None
    while keys := old.keys(table.schema, table.name, table.key, after, batch_size):
        after = keys[-1]
        new = _missing(db, table, keys, dry_run)
        moved.kept += len(keys) - len(new)
        for start in range(0, len(new), _ROWS):
            for row in old.rows(table.schema, table.name, table.key, new[start : start + _ROWS]):
                _move_row(db, table, row, moved, dry_run)
            progress(moved)
        progress(moved)
    return moved


def _missing(db: BaseDb, table: OldTable, keys: Sequence[Any], dry_run: bool) -> list[Any]:
    """Those that were not written before. What has another type in the database, such as an ObjectId, is its text."""
    target = MEMORIES if table.kind == MEMORY else SESSIONS
    if dry_run and table.name == db.table_name(target):
        return list(keys)  # the new table cannot be there yet
    there: set[Any] = set()
    for start in range(0, len(keys), 500):
        some = [str(key) for key in keys[start : start + 500]]
        query = Query((Where("in", (target.key,), some),), columns=(target.key,))
        there.update(row[target.key] for row in db.find(target, query)[0])
    return [key for key in keys if str(key) not in there]


def _move_row(db: BaseDb, table: OldTable, row: Row, moved: Moved, dry_run: bool) -> None:
    key = str(row.get(table.key))
    try:
        if table.kind == MEMORY:
            memory = memory_of(row)
            if not dry_run:
                db.put(MEMORIES, memory)
        else:
            session = session_of(table.kind, row)
            # what cannot be read again shall not be written
            object_of(session.header, [(run["run_id"], run["payload"]) for run in session.runs])
            if not dry_run:
                _write(db, session)
            moved.runs += len(session.runs)
        moved.written += 1
    except DbUnavailableError:
        raise
    except (DbError, ValueError, TypeError, KeyError, AttributeError) as error:  # a border: one row of many
        moved.failed.append((key, str(error).partition("\n")[0]))


def _write(db: BaseDb, session: Session) -> None:
    """In one transaction, and not over a session that somebody made meanwhile."""
    header = session.header

    def settle(stored: Any) -> Row | None:
        if stored is not None:
            raise DbError(f"a session of type {stored.session_type!r} with this id is there already")
        return header

    db.write_session(header["session_id"], settle, session.runs, append=True)


# Agno 2.0 ----------------------------------------------------------------------------------------------------------------


def take_out_runs(old: OldTables, *, keep: bool, batch_size: int = BATCH, progress: Progress) -> Moved:
    """Make rows of the runs that sessions hold. `keep`: the rows as they were are kept in a table beside it."""
    moved = Moved(SESSIONS.kind, "sessions of Agno 2.0", there=old.count_full())
    return _each(old.full_sessions, lambda session_id: old.take_out(session_id, keep=keep), moved, batch_size, progress)


def look_at_runs(db: BaseDb, old: OldTables, *, batch_size: int = BATCH, progress: Progress) -> Moved:
    """What `take_out_runs` would do; nothing is written."""

    def look(session_id: str) -> int:
        found = db.load_session(session_id, None)
        if found is None:
            return 0
        header, rows = found
        runs = all_runs(session_id, header.pop("runs", None), rows)
        object_of(header, [(run["run_id"], run["payload"]) for run in runs])
        return len(runs)

    moved = Moved(SESSIONS.kind, "sessions of Agno 2.0", there=old.count_full())
    return _each(old.full_sessions, look, moved, batch_size, progress)


def put_back_runs(db: BaseDb, old: OldTables, *, batch_size: int = BATCH, progress: Progress) -> Moved:
    """The inverse: Agno 2.0 finds all runs in the sessions, without what it does not know."""

    def put_back(session_id: str) -> int:
        db.update(SESSIONS, session_id, header_of_2_0)
        flow = (db.get(SESSIONS, session_id) or {}).get("session_type") == "workflow"
        return old.put_back(session_id, lambda run: run_of_2_0(run, of_workflow=flow))

    return _each(old.emptied_sessions, put_back, Moved(SESSIONS.kind, "sessions"), batch_size, progress)


def _each(
    next_ones: Callable[[str | None, int], list[str]],
    change: Callable[[str], int],
    moved: Moved,
    batch_size: int,
    progress: Progress,
) -> Moved:
    after = None
    progress(moved)
    while session_ids := next_ones(after, batch_size):
        after = session_ids[-1]
        for number, session_id in enumerate(session_ids, 1):
            try:
                moved.runs += change(session_id)
                moved.written += 1
            except DbUnavailableError:
                raise
            except (DbError, ValueError, TypeError, KeyError, AttributeError) as error:  # a border: one session of many
                moved.failed.append((session_id, str(error)))
            if number % _ROWS == 0:
                progress(moved)
        progress(moved)
    return moved


def quiet(moved: Moved) -> None:
    """Shows nothing."""


__all__ = [
    "BATCH",
    "Moved",
    "Progress",
    "Report",
    "found_tables",
    "look_at_runs",
    "move_table",
    "out_of_the_way",
    "put_back_runs",
    "quiet",
    "take_out_runs",
]
