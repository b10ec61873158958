"""Tables and their indexes, and rows as items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agno.db._codec import to_json
from agno.db._documents import SEQ, document_of
from agno.db.query import Where
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
    TRACES,
    WORKERS,
    Row,
    Table,
)

Item = dict[str, Any]

# by table: which column, and by what its items are sorted; the one that leaves the fewest items comes first
INDEXES: dict[str, Sequence[tuple[str, str | None]]] = {
    SESSIONS.kind: [
        *((column, "created_at") for column in ("user_id", "agent_id", "team_id", "workflow_id", "session_type"))
    ],
    MEMORIES.kind: [(column, "updated_at") for column in ("user_id", "agent_id", "team_id")],
    EVALS.kind: [(column, "created_at") for column in ("agent_id", "team_id", "workflow_id", "eval_type")],
    KNOWLEDGE.kind: [("type", "created_at"), ("status", "created_at"), ("linked_to", None)],
    METRICS.kind: [("date", "aggregation_period"), ("created_at", None)],
    COMPONENTS.kind: [("component_id", None), ("component_type", "created_at")],
    APPROVALS.kind: [("run_id", "created_at"), ("status", "created_at")],
    CULTURE.kind: [("name", "created_at")],
    LEARNINGS.kind: [("user_id", "created_at"), ("entity_id", "created_at"), ("learning_type", "created_at")],
    SCHEDULES.kind: [("component_id", "created_at"), ("user_id", "created_at")],
    SCHEDULE_RUNS.kind: [("phase", "created_at"), ("schedule_id", "created_at"), ("user_id", "created_at")],
    TRACES.kind: [(column, "created_at") for column in ("run_id", "session_id", "user_id", "agent_id")],
    WORKERS.kind: [("owner", "created_at")],
    RUN_EVENTS.kind: [("run_id", "created_at")],
    INBOX.kind: [("phase", "created_at")],
    RUNS.kind: [],
}
PLACES = f"session_id-{SEQ}-index"  # the runs of a session in their order
REVISION = "rev"  # a number that each write of an item raises
_CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
_NUMBERS = {
    column.name
    for table in (
        *(SESSIONS, EVALS, METRICS, COMPONENTS, APPROVALS, CULTURE, LEARNINGS, SCHEDULES, SCHEDULE_RUNS, TRACES),
        *(WORKERS, RUN_EVENTS, INBOX),
    )
    for column in table.columns
    if column.kind == "int"
}


def index_name(column: str, sort: str | None) -> str:
    """The name of an index."""
    return f"{column}-{sort}-index" if sort else f"{column}-index"


def definition(table: Table, name: str) -> dict[str, Any]:
    """What a table is made from: it names the key columns and no others."""
    if table is RUNS:
        columns, keys = {"session_id", "run_id", SEQ}, [("session_id", "HASH"), ("run_id", "RANGE")]
        local = {"IndexName": PLACES, "KeySchema": _schema([("session_id", "HASH"), (SEQ, "RANGE")])}
        more: dict[str, Any] = {"LocalSecondaryIndexes": [{**local, "Projection": {"ProjectionType": "ALL"}}]}
    else:
        columns, keys = {table.key}, [(table.key, "HASH")]
        more = {"GlobalSecondaryIndexes": [_global(*index) for index in INDEXES[table.kind]]}
        columns |= {column for index in INDEXES[table.kind] for column in index if column}
    kinds = [{"AttributeName": name, "AttributeType": _kind(name)} for name in sorted(columns)]
    found = {"TableName": name, "KeySchema": _schema(keys), "AttributeDefinitions": kinds, **more}
    return {**found, "ProvisionedThroughput": _CAPACITY}


def _global(column: str, sort: str | None) -> dict[str, Any]:
    keys = [(column, "HASH"), *([(sort, "RANGE")] if sort else [])]
    index = {"IndexName": index_name(column, sort), "KeySchema": _schema(keys), "ProvisionedThroughput": _CAPACITY}
    return {**index, "Projection": {"ProjectionType": "ALL"}}


def _schema(keys: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys]


def _kind(column: str) -> str:
    return "N" if column in _NUMBERS or column in (SEQ, "updated_at") else "S"


# Values ------------------------------------------------------------------------------------------------------------------


def text(value: str) -> Item:
    """A text. A key must not be empty, so such a text gets a mark, and so does one that looks marked."""
    return {"S": "\0" + value if value == "" or value.startswith("\0") else value}


def number(value: int) -> Item:
    """A number."""
    return {"N": str(value)}


def plain(value: Item) -> Any:
    """The value of an attribute."""
    ((kind, content),) = value.items()
    if kind == "S":
        return content[1:] if content.startswith("\0") else content
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else float(content)
    return None if kind == "NULL" else content


def item_of(table: Table, row: Row) -> Item:
    """A row as an item; JSON columns are text."""
    item: Item = {}
    for name, value in document_of(row).items():
        if isinstance(value, str) and (name not in table.json_names or name == "memory"):
            item[name] = text(value)
        elif isinstance(value, bool) and name not in table.json_names:
            item[name] = {"BOOL": value}
        elif isinstance(value, int) and name not in table.json_names:
            item[name] = number(value)
        else:
            item[name] = {"S": to_json(value).decode()}
    return item


def document(item: Mapping[str, Item]) -> Row:
    """An item as a document."""
    return {name: plain(value) for name, value in item.items()}


# Questions ---------------------------------------------------------------------------------------------------------------


class Path:
    """One query of an index: a column has a value, and its items are sorted between bounds."""

    def __init__(self, column: str, value: str, sort: str | None, conditions: Sequence[Where]) -> None:
        self.index = index_name(column, sort)
        self._names, self._values = {"#k": column}, {":k": text(value)}
        self._condition = "#k = :k"
        bounds = {op: value for op, columns, value, _ in conditions if columns[0] == sort and op in ("from", "to")}
        if bounds:
            self._names["#s"] = str(sort)
            self._values |= {f":{op}": number(value) for op, value in bounds.items()}
            both = {"from": "#s >= :from", "to": "#s <= :to"}  # only one condition on a sort key is allowed
            self._condition += " AND " + ("#s BETWEEN :from AND :to" if len(bounds) == 2 else both[next(iter(bounds))])

    def arguments(self) -> dict[str, Any]:
        """What `query` takes."""
        return {
            "IndexName": self.index,
            "KeyConditionExpression": self._condition,
            "ExpressionAttributeNames": dict(self._names),
            "ExpressionAttributeValues": self._values,
        }


def paths(table: Table, conditions: Sequence[Where], there: set[str]) -> list[Path] | None:
    """The queries that give all rows that fit, and maybe more; None if no index helps."""
    wanted = {columns: (value if op == "in" else [value]) for op, columns, value, _ in conditions if op in ("is", "in")}
    for column, sort in INDEXES[table.kind]:
        if (column,) in wanted and index_name(column, sort) in there:
            return [Path(column, value, sort, conditions) for value in dict.fromkeys(wanted[column,])]
    for columns, values in wanted.items():
        indexes = [index for index in INDEXES[table.kind] if index[0] in columns and index_name(*index) in there]
        if len(indexes) == len(columns):
            return [Path(column, value, sort, conditions) for column, sort in indexes for value in values]
    by_type = index_name("session_type", "created_at")
    if table is SESSIONS and by_type in there and any(where.op in ("from", "to") for where in conditions):
        types = ("agent", "team", "workflow")
        return [Path("session_type", kind, "created_at", conditions) for kind in types]
    return None


__all__ = [
    "INDEXES",
    "PLACES",
    "REVISION",
    "Item",
    "Path",
    "definition",
    "document",
    "item_of",
    "number",
    "paths",
    "plain",
    "text",
]
