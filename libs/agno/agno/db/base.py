"""The database port: sessions as a small header row plus append-only run rows.

A backend implements the row verbs; the methods users and the engine call are written once above them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from agno.exceptions import AgnoError
from agno.session import AgentSession
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id

Row = dict[str, Any]


class DbError(AgnoError):
    """The database could not do what it was asked; the message says what to do."""


class DbUnavailableError(DbError):
    """The database cannot be reached."""


class InvalidSchemaError(DbError, ValueError):
    """A table is there, but has an invalid schema."""


class SessionType(str, Enum):
    """Whose session it is."""

    AGENT = "agent"
    TEAM = "team"
    WORKFLOW = "workflow"


@dataclass
class Query:
    """Which header rows: filters combine with AND, `limit` and `page` count after them."""

    session_type: str | None = None
    user_id: str | None = None
    component_id: str | None = None
    session_name: str | None = None
    start_timestamp: int | None = None
    end_timestamp: int | None = None
    limit: int | None = None
    page: int | None = None
    sort_by: str | None = None
    sort_order: str | None = None


# the columns of a session's header row; the JSON ones hold encoded text
PLAIN_COLUMNS = (
    "session_id",
    "session_type",
    "agent_id",
    "team_id",
    "workflow_id",
    "user_id",
    "created_at",
    "updated_at",
)
JSON_COLUMNS = ("session_data", "agent_data", "team_data", "workflow_data", "metadata", "summary")
COLUMNS = PLAIN_COLUMNS + JSON_COLUMNS


class BaseDb(ABC):
    """A database. `blocking` says whether its methods wait for a disk or a network."""

    blocking = True

    def __init__(
        self,
        session_table: str | None = None,
        memory_table: str | None = None,
        metrics_table: str | None = None,
        eval_table: str | None = None,
        knowledge_table: str | None = None,
        id: str | None = None,
    ) -> None:
        self.id = id or new_id()
        self.session_table_name = session_table or "agno_sessions"
        self.memory_table_name = memory_table or "agno_memories"
        self.metrics_table_name = metrics_table or "agno_metrics"
        self.eval_table_name = eval_table or "agno_eval_runs"
        self.knowledge_table_name = knowledge_table or "agno_knowledge"

    # What a backend implements ---------------------------------------------------------------------------------------

    @abstractmethod
    def read_rows(self, session_id: str, runs: int | None) -> tuple[Row, list[bytes]] | None:
        """A header row, and the newest `runs` run payloads (None: all), oldest first. None if there is no such row."""

    @abstractmethod
    def write_rows(self, header: Row | None, runs: list[Row], *, new_header: bool) -> None:
        """Insert or replace, in one transaction: the header (keeping `created_at` and the type) and run rows.

        `new_header` only inserts: a header that is there already stays as it is.
        """

    @abstractmethod
    def find_headers(self, query: Query) -> tuple[list[Row], int]:
        """Header rows, and how many there are before paging."""

    @abstractmethod
    def delete_headers(self, session_ids: list[str]) -> int:
        """Delete sessions with their runs; how many there were."""

    # For the engine --------------------------------------------------------------------------------------------------

    def read_session(
        self, session_id: str, session_type: Any, user_id: str | None = None, runs: int | None = None
    ) -> Any:
        """A session with its newest runs. None if it is not there, or belongs to another user."""
        found = self.read_rows(session_id, runs)
        if found is None:
            return None
        header, payloads = found
        if user_id is not None and header.get("user_id") not in (None, user_id):
            return None
        return _session(header, payloads)

    def begin_run(self, session: Any, run: Any) -> None:
        """Store a run as running, with the session's header if that is new."""
        self.write_rows(header_row(session), [run_row(session.session_id, run)], new_header=True)

    def finish_run(self, session: Any, run: Any) -> None:
        """Store a run's end and the session's header, in one transaction."""
        self.write_rows(header_row(session), [run_row(session.session_id, run)], new_header=False)

    # For users -------------------------------------------------------------------------------------------------------

    def get_session(
        self, session_id: str, session_type: Any = None, user_id: str | None = None, deserialize: bool = True
    ) -> Any:
        """A session with all its runs, or as a dict; None if it is not there, or belongs to another user."""
        session = self.read_session(session_id, session_type, user_id)
        if session is None or deserialize:
            return session
        return {**session.to_dict(), "session_type": _type_name(session_type) or "agent"}

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
    ) -> Any:
        """Sessions that fit all filters; with `deserialize=False` dicts, and the number before paging."""
        query = Query(
            _type_name(session_type), user_id, component_id, session_name, start_timestamp, end_timestamp,
            limit, page, sort_by, sort_order,
        )  # fmt: skip
        headers, total = self.find_headers(query)
        sessions = [self.read_session(header["session_id"], session_type) for header in headers]
        found = [session for session in sessions if session is not None]
        if deserialize:
            return found
        kind = _type_name(session_type) or "agent"
        return [{**session.to_dict(), "session_type": kind} for session in found], total

    def upsert_session(self, session: Any, deserialize: bool = True) -> Any:
        """Store a session with all its runs."""
        if session.created_at is None:
            session.created_at = now_epoch()
        session.updated_at = now_epoch() if self.read_rows(session.session_id, 0) else session.created_at
        rows = [run_row(session.session_id, run) for run in session.runs or ()]
        self.write_rows(header_row(session), rows, new_header=False)
        return session if deserialize else session.to_dict()

    def rename_session(self, session_id: str, session_type: Any, session_name: str, deserialize: bool = True) -> Any:
        """Set the name; None if the session is not there."""
        session = self.read_session(session_id, session_type, runs=0)
        if session is None:
            return None
        session.name = session_name
        session.updated_at = now_epoch()
        self.write_rows(header_row(session), [], new_header=False)
        return self.get_session(session_id, session_type, deserialize=deserialize)

    def delete_session(self, session_id: str) -> bool:
        """Delete a session with its runs; True if it was there."""
        return self.delete_headers([session_id]) > 0

    def delete_sessions(self, session_ids: list[str]) -> None:
        """Delete sessions with their runs."""
        self.delete_headers(list(session_ids))


def header_row(session: Any) -> Row:
    """The header of a session as a row."""
    data = session.header()
    row: Row = {name: data.get(name) for name in PLAIN_COLUMNS}
    row["session_type"] = _type_of(session)
    for name in JSON_COLUMNS:
        value = data.get(name)
        row[name] = None if value is None else msgspec.json.encode(value, enc_hook=str).decode()
    return row


def run_row(session_id: str, run: Any) -> Row:
    """A run as a row; the payload is JSON."""
    return {
        "session_id": session_id,
        "run_id": run.run_id,
        "status": run.status.value,
        "created_at": run.created_at,
        "payload": msgspec.json.encode(run.to_dict(), enc_hook=str),
    }


def _session(header: Mapping[str, Any], payloads: list[bytes]) -> Any:
    data = {name: header.get(name) for name in PLAIN_COLUMNS if name not in ("session_type", "team_id")}
    data["team_id"] = header.get("team_id")
    for name in ("session_data", "agent_data", "metadata", "summary"):
        text = header.get(name)
        data[name] = msgspec.json.decode(text) if text else None
    data["runs"] = [msgspec.json.decode(payload) for payload in payloads]
    return AgentSession.from_dict(data)


def _type_of(session: Any) -> str:
    name = type(session).__name__
    return "team" if name.startswith("Team") else "workflow" if name.startswith("Workflow") else "agent"


def _type_name(session_type: Any) -> str | None:
    name: str | None = getattr(session_type, "value", session_type)
    return name


COMPONENT_COLUMNS = {"agent": "agent_id", "team": "team_id", "workflow": "workflow_id"}

__all__ = [
    "COLUMNS",
    "COMPONENT_COLUMNS",
    "BaseDb",
    "DbError",
    "DbUnavailableError",
    "InvalidSchemaError",
    "Query",
    "Row",
    "SessionType",
    "header_row",
    "run_row",
]
