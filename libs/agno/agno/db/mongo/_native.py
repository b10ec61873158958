"""Rows as documents, and questions as filters. A value is never read as an operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agno.db._codec import to_json
from agno.db._documents import document_of
from agno.db.query import Query, Where
from agno.db.tables import (
    APPROVALS,
    COMPONENTS,
    CULTURE,
    EVALS,
    INBOX,
    KNOWLEDGE,
    LEARNINGS,
    MEMORIES,
    METRICS,
    RUN_EVENTS,
    RUNS,
    SCHEDULE_RUNS,
    SCHEDULES,
    SESSIONS,
    TABLES,
    TRACES,
    WORKERS,
    Row,
    Table,
)

INDEXED: dict[str, Sequence[str]] = {
    SESSIONS.kind: ("session_type", "user_id", "agent_id", "team_id", "workflow_id", "created_at", "updated_at"),
    MEMORIES.kind: ("user_id", "agent_id", "team_id", "topics", "updated_at"),
    EVALS.kind: ("agent_id", "team_id", "workflow_id", "model_id", "eval_type", "created_at"),
    KNOWLEDGE.kind: ("name", "type", "status", "linked_to", "created_at", "updated_at"),
    METRICS.kind: ("date",),
    COMPONENTS.kind: ("component_type", "component_id", "created_at"),
    APPROVALS.kind: ("status", "run_id", "created_at"),
    CULTURE.kind: ("name", "created_at"),
    LEARNINGS.kind: ("learning_type", "namespace", "user_id", "session_id", "entity_id", "updated_at"),
    SCHEDULES.kind: ("component_id", "user_id", "next_run_at"),
    SCHEDULE_RUNS.kind: ("schedule_id", "phase", "user_id", "created_at"),
    TRACES.kind: ("place", "run_id", "session_id", "user_id", "created_at"),
    WORKERS.kind: ("lease_until",),
    RUN_EVENTS.kind: ("run_id", "created_at"),
    INBOX.kind: ("phase", "created_at"),
    RUNS.kind: (),
}
UNIQUE: dict[str, Sequence[tuple[str, ...]]] = {
    **{table.kind: [(table.key,)] for table in TABLES},
    METRICS.kind: [("id",), METRICS.unique],
    RUNS.kind: [("session_id", "run_id"), ("session_id", "seq")],
}
_INT64 = 2**63
_WAYS = {"from": "$gte", "to": "$lte", "behind": "$gt"}
_DEEPEST = 80  # the server takes 100


def native(table: Table, row: Row) -> Row:
    """A row as a document. JSON columns are data the server can look into, if it can hold them, else text."""
    document = document_of(row)
    for name in table.json_names & document.keys():
        if not _fits(document[name]):
            document[name] = to_json(document[name]).decode()
    return document


def _fits(value: Any, depth: int = 0) -> bool:
    if isinstance(value, dict):
        return depth < _DEEPEST and all(_plain_key(key) and _fits(item, depth + 1) for key, item in value.items())
    if isinstance(value, list):
        return depth < _DEEPEST and all(_fits(item, depth + 1) for item in value)
    return not isinstance(value, int) or -_INT64 <= value < _INT64


def _plain_key(key: str) -> bool:
    return not key.startswith("$") and "." not in key and "\0" not in key


def condition(where: Where) -> Row | None:
    """A condition as a filter; None for what the server cannot answer as we mean it."""
    op, columns, value, _ = where
    if op == "is":
        return {"$or": [{column: {"$eq": value}} for column in columns]}
    if op == "in":
        return {columns[0]: {"$in": list(value)}}
    if op == "set":
        return {columns[0]: {"$ne": None}}
    if op == "all":  # of an array, `$eq` asks whether the value is in it
        return {"$and": [{columns[0]: {"$eq": item}} for item in value]}
    if op in _WAYS:
        return {columns[0]: {_WAYS[op]: value}}
    return None


def behind(query: Query, table: Table) -> Row:
    """The filter for what comes after the place that a query begins behind. Null is smaller than anything."""
    assert query.after is not None
    value, key = query.after
    name, way = query.sort_column(table), "$lt" if query.descending else "$gt"
    tie: Row = {table.key: {way: key}}
    if name is None:
        return tie
    ways: list[Row] = [{name: {"$eq": value}, **tie}]
    if value is not None:
        ways.append({name: {way: value}})
    if query.descending == (value is not None):  # from a value down to those without one, or from these up to values
        ways.append({name: {"$eq" if query.descending else "$ne": None}})
    return {"$or": ways}


__all__ = ["INDEXED", "UNIQUE", "behind", "condition", "native"]
