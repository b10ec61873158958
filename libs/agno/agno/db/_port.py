"""What a backend implements: verbs on rows, and two on the runs of sessions."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from agno.db.query import Query, Where, equal
from agno.db.tables import Row, Table, fitting
from agno.exceptions import AgnoError
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id
from agno.utils.rebuild import Rebuildable

_BATCH = 500  # rows that are looked for, or deleted, at a time
# What to do when a database is away, said in its errors.
CHECK_SERVER = "Check that it runs and that address and login are right, then try again."
CHECK_PLACE = "Check that it can be written and that there is room, then try again."


class DbError(AgnoError):
    """The database could not do what it was asked; the message says what to do."""


class DbUnavailableError(DbError):
    """The database cannot be reached, is locked, full or read-only. `waited`: it was waited for, long and in vain."""

    def __init__(self, message: str, *, waited: bool = False) -> None:
        super().__init__(message, status_code=503)
        self.waited = waited


class NoTextError(DbError):
    """Something that was asked for, or is to be kept, holds half of a surrogate pair: no text, so it is nowhere."""

    def __init__(self, product: str, error: UnicodeEncodeError) -> None:
        super().__init__(f"{product} keeps no half of a surrogate pair: {error.object!r} is no text.", 400)


class InvalidSchemaError(DbError, ValueError):
    """A table is there, but has an invalid schema."""


class MigrationRequiredError(InvalidSchemaError):
    """A table was written by Agno 1 and has to be migrated."""


class SessionConflictError(DbError):
    """The session belongs to another user, or is of another type."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status_code=409)


class StoredHeader(NamedTuple):
    """What is stored of a session, as far as a writer must know it. `session_data` is JSON text."""

    session_type: str
    user_id: str | None
    created_at: int
    session_data: bytes | str | None


RunRow = tuple[str, bytes]  # run_id, JSON


class SpelledOut:
    """Shows the names of tables in the signature of a constructor: `help`, `inspect` and the registry ask for it.

    The five first of them may be given by place, and `id` after them where it has no place of its own.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        shown: Any = cls
        shown.__signature__ = _spelled_out(cls.__init__)


def _spelled_out(init: Any) -> inspect.Signature:
    signature = inspect.signature(init)
    own = [one for one in signature.parameters.values() if one.name != "self"]
    place = next((index for index, one in enumerate(own) if one.name == "tables"), None)
    if place is None:
        return signature.replace(parameters=own)
    named = str(own[-1].annotation).removeprefix("Unpack[").removesuffix("]")
    names = list(init.__globals__[named].__annotations__)
    first = [*names[:5], *(["id"] if "id" in names else [])]
    before = [one.replace(kind=one.POSITIONAL_OR_KEYWORD) for one in own[:place]]
    by_place = [_optional(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in first]
    by_name = [_optional(name, inspect.Parameter.KEYWORD_ONLY) for name in names if name not in first]
    return signature.replace(parameters=[*before, *by_place, *by_name])


def _optional(name: str, kind: Any) -> inspect.Parameter:
    return inspect.Parameter(name, kind, default=None, annotation="str | None")


class RowVerbs(SpelledOut, Rebuildable, ABC):
    """Names, and the verbs. A table that is not there is empty; the first write makes it.

    A verb succeeds or raises a `DbError`. A verb that writes is one transaction.
    """

    blocking = True  # whether the methods wait for a disk or a network

    def __init__(
        self,
        session_table: str | None = None,
        memory_table: str | None = None,
        metrics_table: str | None = None,
        eval_table: str | None = None,
        knowledge_table: str | None = None,
        id: str | None = None,
        *,
        components_table: str | None = None,
        approvals_table: str | None = None,
        culture_table: str | None = None,
        learnings_table: str | None = None,
        schedules_table: str | None = None,
        schedule_runs_table: str | None = None,
        traces_table: str | None = None,
        inbox_table: str | None = None,
    ) -> None:
        self.id = id or new_id()
        self.session_table_name = session_table or "agno_sessions"
        self.memory_table_name = memory_table or "agno_memories"
        self.metrics_table_name = metrics_table or "agno_metrics"
        self.eval_table_name = eval_table or "agno_eval_runs"
        self.knowledge_table_name = knowledge_table or "agno_knowledge"
        self.components_table_name = components_table or "agno_components"
        self.approvals_table_name = approvals_table or "agno_approvals"
        self.culture_table_name = culture_table or "agno_culture"
        self.learnings_table_name = learnings_table or "agno_learnings"
        self.schedules_table_name = schedules_table or "agno_schedules"
        self.schedule_runs_table_name = schedule_runs_table or "agno_schedule_runs"
        self.traces_table_name = traces_table or "agno_traces"
        self.inbox_table_name = inbox_table or "agno_inbox"

    def table_name(self, table: Table) -> str:
        """The name a table has in this database."""
        return {
            "sessions": self.session_table_name,
            "runs": f"{self.session_table_name}_runs",
            "memories": self.memory_table_name,
            "metrics": self.metrics_table_name,
            "evals": self.eval_table_name,
            "knowledge": self.knowledge_table_name,
            "components": self.components_table_name,
            "approvals": self.approvals_table_name,
            "culture": self.culture_table_name,
            "learnings": self.learnings_table_name,
            "schedules": self.schedules_table_name,
            "schedule_runs": self.schedule_runs_table_name,
            "traces": self.traces_table_name,
            "workers": f"{self.session_table_name}_workers",
            "run_events": f"{self.session_table_name}_run_events",
            "inbox": self.inbox_table_name,
        }[table.kind]

    @abstractmethod
    def get(self, table: Table, key: str) -> Row | None:
        """The row with this key."""

    @abstractmethod
    def put(self, table: Table, row: Row) -> None:
        """Insert or replace a row."""

    @abstractmethod
    def delete(self, table: Table, keys: Sequence[str] | None) -> int:
        """Delete rows (None: all), of sessions their runs too; how many there were."""

    @abstractmethod
    def find(self, table: Table, query: Query) -> tuple[list[Row], int]:
        """The rows a query asks for, and how many there are before paging."""

    def _page_behind(self, table: Table, query: Query) -> tuple[list[Row], int | None]:
        """`find` for a list; behind a place nothing is counted (None)."""
        if query.after is None:
            return self.find(table, query)
        return self.find(table, replace(query, page=None, counted=False))[0], None

    @abstractmethod
    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        """Replace a row by what `change` makes of it, with nobody writing in between. None from `change` leaves it."""

    @abstractmethod
    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        """A session's header, with the column `runs` if an older version wrote one, and its newest runs, oldest first."""

    @abstractmethod
    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        """All runs of some sessions, in their order; what an older version wrote into the header comes first."""

    def load_first_runs(self, session_ids: Sequence[str]) -> dict[str, RunRow]:
        """The first run of each of these sessions. Backends that can read it without the others do so."""
        return {key: runs[0] for key, runs in self.load_runs(session_ids).items() if runs}

    @abstractmethod
    def write_session(
        self,
        session_id: str,
        settle: Callable[[StoredHeader | None], Row | None],
        runs: Sequence[Row],
        *,
        append: bool = False,
        dropped: Collection[str] = (),
    ) -> None:
        """Write the header that `settle` makes of the stored one (None leaves it), then runs, in one transaction.

        A run replaces the one with its id, else it is added at the end. `append`: the runs are new, so do not look.
        """

    # Made of the verbs ------------------------------------------------------------------------------------------------

    def _insert_row(self, table: Table, given: Row) -> Row:
        """Store a new row. Raises DbError if there is one with its key."""
        new = new_row(table, given)

        def written(row: Row | None) -> Row:
            if row is not None:
                raise DbError(f"There is one with the id {new[table.key]!r} in {self.table_name(table)} already.", 409)
            return new

        self.update(table, new[table.key], written)
        return new

    def _change_row(
        self, table: Table, key: str, changes: Row, *, user_id: str | None = None, expected: Row | None = None
    ) -> Row | None:
        """Change a row, if it is this user's and has the values of `expected`; gives it, or None if nothing was changed.

        Raises ValueError for what is no column of the table, or is its key.
        """
        if unknown := sorted(changes.keys() - set(table.names)):
            raise ValueError(f"{self.table_name(table)} has no {unknown[0]!r}; it has {', '.join(table.names)}.")
        if table.key in changes:
            raise ValueError(
                f"{table.key!r} of what is in {self.table_name(table)} cannot be changed: store a new one."
            )

        def changed(row: Row | None) -> Row | None:
            row = of_user(row, user_id)
            if row is None or any(row[name] != value for name, value in (expected or {}).items()):
                return None
            return fitting(table, {**row, **changes, "updated_at": now_epoch()})

        return self.update(table, key, changed)

    def _delete_mine(self, table: Table, keys: Sequence[str], user_id: str | None) -> int:
        """Delete rows, of this user only when one is given; how many there were."""
        if user_id is None:
            return self.delete(table, list(keys))
        gone = 0
        for start in range(0, len(keys), _BATCH):
            where = (Where("in", (table.key,), keys[start : start + _BATCH]), *equal(user_id=user_id))
            mine, _ = self.find(table, Query(where, columns=(table.key,), counted=False))
            gone += self.delete(table, [row[table.key] for row in mine])
        return gone

    def _delete_where(self, table: Table, where: tuple[Where, ...]) -> int:
        """Delete the rows that fit, however many there are; how many there were."""
        gone = 0
        while rows := self.find(table, Query(where, limit=_BATCH, columns=(table.key,), counted=False))[0]:
            now_gone = self.delete(table, [row[table.key] for row in rows])
            gone += now_gone
            if not now_gone:  # a list may lag behind, where the product's indexes do
                break
        return gone

    def __deepcopy__(self, memo: Any) -> RowVerbs:
        return self  # the copy of an agent uses the same database

    def old_tables(self) -> Any:
        """What older versions wrote, as an `OldTables`; raises `DbError` where there is nothing to migrate."""
        raise DbError(
            f"{type(self).__name__} needs no migration: it reads and continues what Agno 2.0 wrote. Data of Agno 1 can be "
            "migrated in SQLite, PostgreSQL, MySQL and MongoDB."
        )

    def close(self) -> None:  # a backend that holds nothing open need not say so
        """Give back what the database holds open. It may be used again."""


def new_row(table: Table, given: Row) -> Row:
    """A whole row, made now unless it says otherwise."""
    now = now_epoch()
    return fitting(table, {**dict.fromkeys(table.names), "created_at": now, "updated_at": now, **given})


def of_user(row: Row | None, user_id: str | None) -> Row | None:
    """The row, if it is of this user when one is given."""
    return None if row is None or (user_id is not None and row["user_id"] != user_id) else row


__all__ = [
    "CHECK_PLACE",
    "CHECK_SERVER",
    "DbError",
    "DbUnavailableError",
    "InvalidSchemaError",
    "MigrationRequiredError",
    "NoTextError",
    "RowVerbs",
    "RunRow",
    "SessionConflictError",
    "SpelledOut",
    "StoredHeader",
    "new_row",
    "of_user",
]
