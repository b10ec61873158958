"""The names of tables in the constructors of all databases, written once.

A constructor takes them as `*tables: str | None, **more: Unpack[TableNames]` and passes both on. `agno.db._port.SpelledOut` shows
them to whoever asks for its signature.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict


class MoreTables(TypedDict, total=False):
    """Names of tables; what is None or not given has its default."""

    session_table: str | None
    memory_table: str | None
    metrics_table: str | None
    eval_table: str | None
    knowledge_table: str | None
    components_table: str | None
    approvals_table: str | None
    culture_table: str | None
    learnings_table: str | None
    schedules_table: str | None
    schedule_runs_table: str | None
    traces_table: str | None
    inbox_table: str | None


class TableNames(MoreTables, total=False):
    """Names of tables, and what AgentOS calls the database."""

    id: str | None


class CollectionNames(TypedDict, total=False):
    """Names of collections, and what AgentOS calls the database."""

    session_collection: str | None
    memory_collection: str | None
    metrics_collection: str | None
    eval_collection: str | None
    knowledge_collection: str | None
    components_collection: str | None
    approvals_collection: str | None
    culture_collection: str | None
    learnings_collection: str | None
    schedules_collection: str | None
    schedule_runs_collection: str | None
    traces_collection: str | None
    inbox_collection: str | None
    id: str | None


_BY_PLACE = ("session_table", "memory_table", "metrics_table", "eval_table", "knowledge_table", "id")


def by_name(tables: tuple[str | None, ...], names: TableNames) -> TableNames:
    """All names with what they are called."""
    return {**dict(zip(_BY_PLACE, tables, strict=False)), **names}  # type: ignore[typeddict-item]


def table_names(names: CollectionNames) -> dict[str, Any]:
    """The same with the names that tables have."""
    return {name.replace("_collection", "_table"): value for name, value in names.items()}


__all__ = ["CollectionNames", "MoreTables", "TableNames", "by_name", "table_names"]
