"""The tables and their columns, as data: every backend reads its schema from here.

Times are epoch seconds, dates ISO text. Rows are dicts of plain values; the values of JSON columns are not encoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column. `length` is for products whose text columns need one.

    `common`: a great part of the rows has the same value, so its index, which Agno 2.0 made, is no way to find them.
    `later`: tables of Agno 2.0 lack it, so it may be null, and it is added to a table that is there without it.
    """

    name: str
    kind: Literal["text", "int", "json", "date", "bool"] = "text"
    required: bool = False
    indexed: bool = False
    common: bool = False
    length: int | None = None
    later: bool = False

    @property
    def is_id(self) -> bool:
        """Whether it says which row, run, session, user or component is meant."""
        return self.kind == "text" and (self.name == "id" or self.name.endswith("_id"))


@dataclass(frozen=True)
class Table:
    """A table. `kind` picks the name the user gave it; `unread` columns are there, but no part of a row."""

    kind: str
    key: str
    columns: tuple[Column, ...]
    unread: tuple[Column, ...] = ()
    unique: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns of a row."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def json_names(self) -> frozenset[str]:
        """Columns that hold JSON."""
        return frozenset(column.name for column in self.columns if column.kind == "json")

    @cached_property
    def filled(self) -> frozenset[str]:
        """Columns that are never null."""
        return frozenset(column.name for column in self.columns if column.required)

    @cached_property
    def checked(self) -> tuple[tuple[str, bool, bool, bool], ...]:
        """Columns that cannot hold just anything: name, and whether they are required, whole numbers, ids."""
        found = ((one.name, one.required, one.kind == "int", one.is_id) for one in self.columns)
        return tuple(one for one in found if any(one[1:]))

    @cached_property
    def sortable(self) -> frozenset[str]:
        """Columns that `sort_by` may name."""
        return frozenset(self.names) - self.json_names


def _texts(*names: str, length: int | None = None) -> tuple[Column, ...]:
    return tuple(Column(name, length=length) for name in names)


def _counts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "int", required=True) for name in names)


_ID = 128
_TYPE = 50
_NAME = 255
_CREATED = Column("created_at", "int", required=True, indexed=True)
_UPDATED = Column("updated_at", "int")

SESSIONS = Table(
    "sessions",
    "session_id",
    (
        Column("session_id", required=True, length=_ID),
        Column("session_type", required=True, indexed=True, common=True, length=20),
        Column("agent_id", indexed=True, length=_ID),
        Column("team_id", indexed=True, length=_ID),
        Column("workflow_id", indexed=True, length=_ID),
        Column("user_id", indexed=True, length=_ID),
        *(Column(f"{name}_data", "json") for name in ("session", "agent", "team", "workflow")),
        Column("metadata", "json"),
        Column("summary", "json"),
        _CREATED,
        _UPDATED,
    ),
    # Agno 2.0 kept the runs here. We read them, and write new runs to their own table.
    unread=(Column("runs", "json"),),
)

RUNS = Table(
    "runs",
    "run_id",
    (
        Column("session_id", required=True, indexed=True, length=_ID),
        Column("run_id", required=True, length=_ID),
        Column("parent_run_id", length=_ID),
        Column("status", required=True, length=20),
        Column("created_at", "int"),
        Column("payload", required=True),
    ),
)

MEMORIES = Table(
    "memories",
    "memory_id",
    (
        Column("memory_id", required=True, length=_ID),
        Column("memory", "json", required=True),
        Column("input"),
        *_texts("agent_id", "team_id", length=_ID),
        Column("user_id", indexed=True, length=_ID),
        Column("topics", "json"),
        Column("updated_at", "int", indexed=True),
        Column("created_at", "int", later=True),
        Column("feedback", later=True),
        Column("run_id", length=_ID, later=True),
        Column("session_id", length=_ID, later=True),
    ),
)

EVALS = Table(
    "evals",
    "run_id",
    (
        Column("run_id", required=True, length=_ID),
        Column("eval_type", required=True, length=_TYPE),
        Column("eval_data", "json", required=True),
        Column("eval_input", "json", required=True),
        Column("name", length=_NAME),
        *_texts("agent_id", "team_id", "workflow_id", "model_id", length=_ID),
        Column("model_provider", length=_TYPE),
        Column("evaluated_component_name", length=_NAME),
        _CREATED,
        _UPDATED,
    ),
)

KNOWLEDGE = Table(
    "knowledge",
    "id",
    (
        Column("id", required=True, length=_ID),
        Column("name", required=True, length=_NAME),
        Column("description", required=True),
        Column("metadata", "json"),
        Column("type", length=_TYPE),
        Column("size", "int"),
        Column("linked_to", length=_NAME),
        Column("access_count", "int"),
        Column("status", length=_TYPE),
        Column("status_message"),
        Column("created_at", "int"),
        _UPDATED,
        Column("external_id", length=_NAME),
    ),
)

METRICS = Table(
    "metrics",
    "id",
    (
        Column("id", required=True, length=_ID),
        *_counts("agent_runs_count", "team_runs_count", "workflow_runs_count"),
        *_counts("agent_sessions_count", "team_sessions_count", "workflow_sessions_count", "users_count"),
        Column("token_metrics", "json", required=True),
        Column("model_metrics", "json", required=True),
        Column("date", "date", required=True, indexed=True),
        Column("aggregation_period", required=True, length=20),
        Column("created_at", "int", required=True),
        _UPDATED,
        Column("completed", "bool", required=True),
    ),
    unique=("date", "aggregation_period"),
)

COMPONENTS = Table(
    "components",
    "id",
    (
        Column("id", required=True, length=_NAME),  # type/component, of a version type/component@version
        Column("component_type", required=True, indexed=True, length=_TYPE),
        Column("component_id", required=True, indexed=True, length=_ID),
        Column("version", "int"),  # of the component itself: the one in use
        Column("latest", "int"),  # of the component itself: the last number that was given
        Column("stage", length=20),
        Column("label", length=_NAME),
        Column("notes"),
        Column("name", length=_NAME),
        Column("description"),
        Column("config", "json"),
        Column("metadata", "json"),
        _CREATED,
        _UPDATED,
    ),
)

APPROVALS = Table(
    "approvals",
    "id",
    (
        Column("id", required=True, length=_ID),
        Column("approval_type", required=True, length=20),
        Column("pause_type", length=_TYPE),
        Column("status", required=True, indexed=True, length=20),
        Column("run_id", required=True, indexed=True, length=_ID),
        *_texts("session_id", "user_id", "agent_id", "team_id", "workflow_id", "tool_call_id", length=_ID),
        Column("source_type", length=20),
        Column("source_name", length=_NAME),
        Column("tool_name", length=_NAME),
        Column("tool_args", "json"),
        Column("resolved_by", length=_NAME),
        Column("resolved_at", "int"),
        Column("resolution_data", "json"),
        Column("expires_at", "int"),
        _CREATED,
        _UPDATED,
    ),
)

CULTURE = Table(
    "culture",
    "id",
    (
        Column("id", required=True, length=_ID),
        Column("name", indexed=True, length=_NAME),
        Column("summary"),
        Column("content"),
        Column("categories", "json"),
        Column("notes", "json"),
        Column("metadata", "json"),
        Column("input"),
        *_texts("agent_id", "team_id", length=_ID),
        _CREATED,
        _UPDATED,
    ),
)

LEARNINGS = Table(
    "learnings",
    "learning_id",
    (
        Column("learning_id", required=True, length=_NAME),
        Column("learning_type", required=True, indexed=True, length=_TYPE),
        Column("namespace", indexed=True, length=_ID),
        Column("user_id", indexed=True, length=_ID),
        Column("session_id", indexed=True, length=_ID),
        *_texts("agent_id", "team_id", "entity_id", length=_ID),
        Column("entity_type", length=_TYPE),
        Column("content", "json", required=True),
        Column("metadata", "json"),
        _CREATED,
        _UPDATED,
    ),
)

SCHEDULES = Table(
    "schedules",
    "id",
    (
        Column("id", required=True, length=_ID),
        Column("name", required=True, length=_NAME),
        Column("description"),
        Column("enabled", "bool", required=True),
        Column("component_type", required=True, length=_TYPE),
        Column("component_id", required=True, indexed=True, length=_ID),
        Column("cron_expr", length=_NAME),  # null of what runs once
        Column("timezone", length=_TYPE),
        Column("run_at", "int"),  # of what runs once
        Column("next_run_at", "int", indexed=True),  # null while disabled, and when there is nothing more to come
        Column("input", "json"),
        Column("run_options", "json"),
        Column("user_id", indexed=True, length=_ID),
        Column("timeout_seconds", "int"),
        Column("max_retries", "int"),
        Column("retry_delay_seconds", "int"),
        _CREATED,
        _UPDATED,
    ),
)

SCHEDULE_RUNS = Table(
    "schedule_runs",
    "id",
    (
        Column("id", required=True, length=_NAME),  # of what was due: schedule@seconds, so that it is there once only
        Column("schedule_id", required=True, indexed=True, length=_ID),
        Column("phase", required=True, indexed=True, length=20),  # open or closed
        Column("status", required=True, length=20),
        Column("source", required=True, length=20),  # schedule or manual
        Column("due_at", "int", required=True),
        Column("worker", length=_ID),
        Column("lease_until", "int"),
        *_counts("attempt", "takeovers"),
        Column("run_id", length=_ID),
        Column("session_id", length=_ID),
        Column("user_id", indexed=True, length=_ID),
        Column("error"),
        Column("started_at", "int"),
        Column("finished_at", "int"),
        _CREATED,
        _UPDATED,
    ),
)

TRACES = Table(
    "traces",
    "trace_id",
    (
        Column("trace_id", required=True, length=_ID),
        Column("place", required=True, indexed=True, length=_ID),  # the newest comes first
        Column("name", length=_NAME),
        Column("status", required=True, length=20),
        *(Column(name, indexed=True, length=_ID) for name in ("run_id", "session_id", "user_id")),
        *_texts("agent_id", "team_id", "workflow_id", length=_ID),
        *_counts("started_us", "duration_us", "span_count", "error_count", "dropped_spans"),
        Column("error_type", length=_NAME),
        Column("usage", "json"),
        Column("linked_trace_id", length=_ID),
        Column("spans", "json"),
        _CREATED,
    ),
)

WORKERS = Table(
    "workers",
    "id",
    (
        Column("id", required=True, length=_ID),
        Column("owner", required=True, length=_ID),  # itself, or the worker that took its runs over
        Column("lease_until", "int", required=True, indexed=True),
        Column("runs", "json"),  # by run id: what is needed to go on with it
        _CREATED,
        _UPDATED,
    ),
)

RUN_EVENTS = Table(
    "run_events",
    "id",
    (
        Column("id", required=True, length=_NAME),  # run@first, so that two workers cannot write the same
        Column("run_id", required=True, indexed=True, length=_ID),
        Column("worker", required=True, length=_ID),
        Column("place", required=True, length=20),  # of the first event, as text that sorts
        Column("frames", "json"),  # [[kind, JSON], ...]
        Column("last", "bool", required=True, indexed=True),  # the run ended, or paused, with these
        _CREATED,
    ),
)

INBOX = Table(
    "inbox",
    "id",
    (
        Column("id", required=True, length=_NAME),  # channel:id of the sender, so that it is there once only
        Column("channel", required=True, length=_ID),
        Column("conversation", required=True, length=_NAME),
        Column("phase", required=True, indexed=True, length=20),  # waiting or done
        Column("payload", "json"),
        Column("worker", length=_ID),
        Column("lease_until", "int"),
        *_counts("takeovers"),
        _CREATED,
        _UPDATED,
    ),
)

TABLES = (
    *(SESSIONS, RUNS, MEMORIES, METRICS, EVALS, KNOWLEDGE, COMPONENTS, APPROVALS, CULTURE, LEARNINGS),
    *(SCHEDULES, SCHEDULE_RUNS, TRACES, WORKERS, RUN_EVENTS, INBOX),
)

# What a row must be --------------------------------------------------------------------------------------------------

_LARGEST = 2**63 - 1  # of the integers that all databases have


def fitting(table: Table, row: Row) -> Row:
    """The row, whose times may have been fractions. Refuses what some databases would keep and others not, or not give
    back: TypeError for an id that is no text, ValueError for what is missing, too large, or half a character."""
    for name, required, is_number, is_id in table.checked:
        value = row.get(name)
        if value is None:
            if required:
                raise ValueError(f"{name}= is missing: what is kept in {table.kind!r} needs one.")
        elif is_number:
            if type(value) is not int or not -_LARGEST <= value <= _LARGEST:
                row[name] = _whole(name, value)
        elif is_id and not (type(value) is str and value.isascii()):
            check_id(name, value)
    return row


def _whole(name: str, value: Any) -> int:
    try:
        number = int(value)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"{name}={value!r} is no number that can be kept.") from error
    if not -_LARGEST <= number <= _LARGEST:
        raise ValueError(f"{name}={value!r} is too large to be kept: a number has at most 63 bits.")
    return number


def check_id(name: str, value: Any) -> None:
    """Refuse an id that is no text, or holds half a character."""
    if not isinstance(value, str):
        raise TypeError(f"{name}={value!r} is of type {type(value).__name__}. It takes a text, such as '{value}'.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # it is no text, so two such ids could become one
            raise ValueError(
                f"{name}={value!r} holds half of a surrogate pair, which is no character. Leave it out."
            ) from None


__all__ = [
    "APPROVALS",
    "COMPONENTS",
    "CULTURE",
    "EVALS",
    "INBOX",
    "KNOWLEDGE",
    "LEARNINGS",
    "MEMORIES",
    "METRICS",
    "RUNS",
    "RUN_EVENTS",
    "SCHEDULES",
    "SCHEDULE_RUNS",
    "SESSIONS",
    "TABLES",
    "TRACES",
    "WORKERS",
    "Column",
    "Row",
    "Table",
    "check_id",
    "fitting",
]
