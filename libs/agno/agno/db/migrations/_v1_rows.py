"""Rows of the tables of Agno 1, made into rows of today."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, NamedTuple

import msgspec

from agno.db._codec import nested_from_json, plain_to_json
from agno.db.migrations._v1_runs import metrics_of, runs_of
from agno.db.tables import MEMORIES, SESSIONS, Row
from agno.utils.dttm import now_epoch
from agno.utils.ids import new_id

AGENT, TEAM, WORKFLOW, MEMORY = "agent_sessions", "team_sessions", "workflow_sessions", "memories"
KINDS = (AGENT, TEAM, WORKFLOW, MEMORY)


@dataclass(frozen=True)
class OldTable:
    """A table of Agno 1. `kind` is what is in it; `schema` is where it is, None for the place of the new tables."""

    name: str
    kind: str
    schema: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no table type {self.kind!r}. Known are {', '.join(KINDS)}.")

    @property
    def key(self) -> str:
        """The column that identifies a row."""
        return "id" if self.kind == MEMORY else "session_id"


class Session(NamedTuple):
    """A session: its header, and its runs as (row, JSON)."""

    header: Row
    runs: list[Row]


def kind_of(columns: Collection[str]) -> str | None:
    """What is in a table with these columns; None if Agno 1 did not make it."""
    there = set(columns)
    if there >= {"session_id", "session_data", "extra_data"} and "session_type" not in there:
        for kind, column in ((AGENT, "agent_id"), (TEAM, "team_id"), (WORKFLOW, "workflow_id")):
            if column in there:
                return kind
    if there >= {"id", "user_id", "memory"} and not there & {"memory_id", "session_id", "topics"}:
        return MEMORY
    return None


def session_of(kind: str, row: Mapping[str, Any]) -> Session:
    """The session in a row. Raises `ValueError` if it cannot be read."""
    row = _without_nul({name: _read(name, value) for name, value in row.items()})
    session_id = row.get("session_id")
    if not session_id:
        raise ValueError("it has no session_id")
    memory: Any = row.get("memory") if isinstance(row.get("memory"), Mapping) else {}
    runs = runs_of(session_id, row.get("runs") if row.get("runs") is not None else memory.get("runs"))
    created = _epoch(row.get("created_at")) or now_epoch()
    component = kind.removesuffix("_sessions")
    header: Row = {
        **dict.fromkeys(SESSIONS.names),
        "session_id": session_id,
        "session_type": component,
        f"{component}_id": row.get(f"{component}_id"),
        "user_id": row.get("user_id"),
        "session_data": _session_data(row.get("session_data")),
        f"{component}_data": _component_data(row, component),
        "metadata": row.get("extra_data"),
        "summary": _summary(memory, session_id, row.get("user_id")),
        "created_at": created,
        "updated_at": _epoch(row.get("updated_at")) or created,
    }
    return Session(header, [_run_row(session_id, run, created) for run in runs])


def memory_of(row: Mapping[str, Any]) -> Row:
    """The memory in a row. Raises `ValueError` if it cannot be read."""
    row = _without_nul({name: _read(name, value) for name, value in row.items()})
    inner = row.get("memory")
    inner = inner if isinstance(inner, Mapping) else {"memory": inner}
    text = inner.get("memory")
    if not isinstance(text, str):
        raise ValueError("it has no text")
    found = {**dict.fromkeys(MEMORIES.names), "user_id": row.get("user_id"), "memory": text}
    found["memory_id"] = str(row.get("id") or inner.get("memory_id") or new_id())
    for name in ("topics", "input", "agent_id", "team_id"):
        found[name] = inner.get(name)
    times = (inner.get("last_updated"), row.get("updated_at"), row.get("created_at"))
    found["updated_at"] = next((seconds for time in times if (seconds := _epoch(time)) is not None), now_epoch())
    return found


# Parts of a row ----------------------------------------------------------------------------------------------------------

_STRUCTURED = frozenset({"memory", "runs", "session_data", "extra_data", "agent_data", "team_data", "workflow_data"})


def _read(name: str, value: Any) -> Any:
    if name not in _STRUCTURED or not isinstance(value, (str, bytes)):
        return value
    try:
        return nested_from_json(value)
    except msgspec.DecodeError as error:
        return _python(name, value, error)


def _python(name: str, value: str | bytes, error: Exception) -> Any:
    """On SQLite Agno 1 wrote a memory as Python writes a dict."""
    text = value.decode() if isinstance(value, bytes) else value
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        if name == "memory" and not text.lstrip().startswith(("{", "[")):
            return text  # a plain sentence
        raise ValueError(f"its column {name} holds no JSON: {error}") from error


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, Mapping):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nul(item) for item in value]
    return value


def _session_data(data: Any) -> Any:
    if not isinstance(data, Mapping) or not isinstance(data.get("session_metrics"), Mapping):
        return data
    return {**data, "session_metrics": metrics_of(data["session_metrics"])}


def _component_data(row: Mapping[str, Any], component: str) -> Any:
    data = row.get(f"{component}_data")
    name = row.get("workflow_name") if component == "workflow" else None
    return data if name is None else {**(data or {}), "name": name}


def _summary(memory: Mapping[str, Any], session_id: str, user_id: Any) -> Row | None:
    """This session's summary only: all summaries of an agent were kept in each of its sessions, those of other users too."""
    of_users = memory.get("summaries")
    if isinstance(of_users, Mapping):
        mine = of_users.get(user_id or "default")
        found = mine.get(session_id) if isinstance(mine, Mapping) else None
    else:
        found = memory.get("summary")  # the oldest kind of memory had one
    if not isinstance(found, Mapping) or not found.get("summary"):
        return None
    summary = {
        "summary": found["summary"],
        "topics": found.get("topics"),
        "updated_at": _iso(found.get("last_updated")),
    }
    return {name: value for name, value in summary.items() if value is not None}


def _run_row(session_id: str, run: Row, created: int) -> Row:
    run.setdefault("created_at", created)
    return {
        "session_id": session_id,
        "run_id": run["run_id"],
        "parent_run_id": run.get("parent_run_id"),
        "status": run["status"],
        "created_at": _epoch(run["created_at"]),
        "payload": plain_to_json(run),
    }


# Times -------------------------------------------------------------------------------------------------------------------


def _time(value: Any) -> datetime | None:
    """Epoch seconds, ISO text, or what a driver gives; without a zone it is UTC."""
    if isinstance(value, (int, float)):
        try:
            return datetime.fromtimestamp(value, tz=timezone.utc)
        except (ValueError, OverflowError, OSError):
            return None  # such as milliseconds
    if isinstance(value, str) and value:
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo is not None else value.replace(tzinfo=timezone.utc)


def _epoch(value: Any) -> int | None:
    time = _time(value)
    return None if time is None else int(time.timestamp())


def _iso(value: Any) -> str | None:
    time = _time(value)
    return None if time is None else time.isoformat()


__all__ = ["AGENT", "KINDS", "MEMORY", "TEAM", "WORKFLOW", "OldTable", "Session", "kind_of", "memory_of", "session_of"]
