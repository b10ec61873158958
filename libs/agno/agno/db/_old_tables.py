"""What a migration needs of a database besides the verbs: tables of Agno 1, and sessions that still hold their runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agno.db._codec import from_json
from agno.db._port import RunRow
from agno.db._sessions import old_runs, with_old_runs
from agno.db.tables import Row, Table
from agno.utils.ids import new_id


class OldTables(ABC):
    """Reads and clears what older versions wrote. Names are those of the database, keys are in their own order.

    `schema` is where the tables of Agno 1 are; None, and for products without schemas anything, is the place of the new ones.
    """

    # Tables of Agno 1 ------------------------------------------------------------------------------------------------

    @abstractmethod
    def columns(self, schema: str | None) -> dict[str, set[str]]:
        """The columns of each table there."""

    @abstractmethod
    def count(self, schema: str | None, name: str) -> int:
        """How many rows a table has."""

    @abstractmethod
    def keys(self, schema: str | None, name: str, key: str, after: Any, limit: int) -> list[Any]:
        """The next keys behind `after`, in their order; None begins."""

    @abstractmethod
    def rows(self, schema: str | None, name: str, key: str, keys: Sequence[Any]) -> list[Row]:
        """The rows with these keys, as the driver gives them."""

    @abstractmethod
    def rename(self, schema: str | None, name: str, new: str) -> None:
        """Give a table another name."""

    @abstractmethod
    def drop(self, schema: str | None, name: str) -> None:
        """Delete a table."""

    # Runs in sessions, as Agno 2.0 kept them -------------------------------------------------------------------------

    @abstractmethod
    def full_sessions(self, after: str | None, limit: int) -> list[str]:
        """The next sessions behind `after` that hold their runs."""

    @abstractmethod
    def count_full(self) -> int:
        """How many sessions hold their runs."""

    @abstractmethod
    def take_out(self, session_id: str, *, keep: bool) -> int:
        """Make rows of a session's runs, in one transaction; how many. `keep`: the old row goes to `kept_name`."""

    @abstractmethod
    def emptied_sessions(self, after: str | None, limit: int) -> list[str]:
        """The next sessions behind `after` whose runs are rows."""

    @abstractmethod
    def put_back(self, session_id: str, trimmed: Callable[[Row], Row]) -> int:
        """The inverse of `take_out`, so that Agno 2.0 finds the runs, each of them `trimmed`; how many."""

    @abstractmethod
    def kept_name(self) -> str:
        """The table of sessions as they were before their runs were taken out."""

    # Versions --------------------------------------------------------------------------------------------------------

    @abstractmethod
    def version(self, table: Table) -> str | None:
        """The version of the schema that a table has; None if it is not there."""

    @abstractmethod
    def note(self, table: Table, version: str) -> None:
        """Write down the version."""

    @abstractmethod
    def add_indexes(self, table: Table) -> None:
        """Make the indexes that an older version did not."""


def all_runs(session_id: str, old: Any, rows: Sequence[RunRow]) -> list[Row]:
    """Rows for all runs of a session that held some: those first, in their order, then the rows that are there."""
    inner = [{**run, "run_id": run.get("run_id") or new_id()} for run in old_runs(old)]
    return [row_of_run(session_id, run_id, payload) for run_id, payload in with_old_runs(inner, rows)]


def row_of_run(session_id: str, run_id: str, payload: bytes) -> Row:
    """The row of a run whose JSON is known."""
    run: Mapping[str, Any] = from_json(payload)
    return {
        "session_id": session_id,
        "run_id": run_id,
        "parent_run_id": run.get("parent_run_id"),
        "status": str(run.get("status") or ""),
        "created_at": run.get("created_at"),
        "payload": payload,
    }


__all__ = ["OldTables", "all_runs", "row_of_run"]
