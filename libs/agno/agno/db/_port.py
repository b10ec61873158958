"""What a backend implements: verbs on rows, and two on the runs of sessions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from agno.db.query import Query
from agno.db.tables import Row, Table
from agno.exceptions import AgnoError
from agno.utils.ids import new_id
from agno.utils.rebuild import Rebuildable


class DbError(AgnoError):
    """The database could not do what it was asked; the message says what to do."""


class DbUnavailableError(DbError):
    """The database cannot be reached, is locked, full or read-only."""

    def __init__(self, message: str) -> None:
        super().__init__(message, status_code=503)


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


class RowVerbs(Rebuildable, ABC):
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

    @abstractmethod
    def update(self, table: Table, key: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        """Replace a row by what `change` makes of it, with nobody writing in between. None from `change` leaves it."""

    @abstractmethod
    def load_session(self, session_id: str, runs: int | None) -> tuple[Row, list[RunRow]] | None:
        """A session's header, with the column `runs` if an older version wrote one, and its newest runs, oldest first."""

    @abstractmethod
    def load_runs(self, session_ids: Sequence[str]) -> dict[str, list[RunRow]]:
        """All runs of some sessions, in their order; what an older version wrote into the header comes first."""

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

    def __deepcopy__(self, memo: Any) -> RowVerbs:
        return self  # the copy of an agent uses the same database

    def close(self) -> None:  # a backend that holds nothing open need not say so
        """Give back what the database holds open. It may be used again."""


__all__ = [
    "DbError",
    "DbUnavailableError",
    "InvalidSchemaError",
    "MigrationRequiredError",
    "RowVerbs",
    "RunRow",
    "SessionConflictError",
    "StoredHeader",
]
