"""Tables, values and conditions of PgVector."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.types import UserDefinedType

from agno.db._codec import plain_to_json
from agno.db.sql._text import escaped, escaped_json, plain, plain_json
from agno.vectordb._conditions import Compared, Field, Has
from agno.vectordb._records import DRAFT, SOURCE, Record
from agno.vectordb.distance import Distance

OPERATORS = {Distance.cosine: "<=>", Distance.l2: "<->", Distance.max_inner_product: "<#>"}
CLASSES = {Distance.cosine: "cosine_ops", Distance.l2: "l2_ops", Distance.max_inner_product: "ip_ops"}
_INDEXED = 2000  # dimensions that an index takes; with half precision twice as many

Condition = sa.ColumnElement[bool]


class Vector(UserDefinedType[str]):
    """pgvector's type, written from text and read as text by casts: so every driver knows it."""

    cache_ok = True

    def __init__(self, dimensions: int, kind: str = "VECTOR") -> None:
        self.dimensions, self.kind = dimensions, kind

    def get_col_spec(self, **_: Any) -> str:
        return f"{self.kind}({self.dimensions})"


def table_of(name: str, schema: str | None, dimensions: int) -> sa.Table:
    """The table, with the columns that Agno 2.0 gave it."""
    text, json_type, moment = sa.Text(), JSONB(), sa.DateTime(timezone=True)
    return sa.Table(
        name,
        sa.MetaData(schema=schema),
        sa.Column("id", text, primary_key=True),
        sa.Column("name", text),
        sa.Column("meta_data", json_type, server_default=sa.text("'{}'::jsonb")),
        sa.Column("filters", json_type, server_default=sa.text("'{}'::jsonb")),  # ours: what `Compared` looks at
        sa.Column("content", text),
        sa.Column("embedding", Vector(dimensions)),
        sa.Column("usage", json_type),
        sa.Column("created_at", moment, server_default=sa.func.now()),
        sa.Column("updated_at", moment),
        sa.Column("content_hash", text),
        sa.Column("content_id", text),
    )


def indexes_of(table: sa.Table) -> list[str]:
    """Names of columns that are looked up."""
    return ["name", "content_hash", "content_id"]


# Values --------------------------------------------------------------------------------------------------------------


def upserted(table: sa.Table) -> sa.Insert:
    """Insert a record, or replace the one with its id."""

    def bound(name: str) -> sa.ColumnElement[Any]:
        kind = table.c[name].type
        text = sa.bindparam(name, type_=sa.Text())
        return text if isinstance(kind, sa.Text) else sa.cast(text, kind)

    names = ["id", "name", "meta_data", "filters", "content", "embedding", "usage", "content_hash", "content_id"]
    new = insert(table).values({name: bound(name) for name in names})
    changed: dict[str, Any] = {name: new.excluded[name] for name in names[1:]}
    return new.on_conflict_do_update(index_elements=["id"], set_={**changed, "updated_at": sa.func.now()})


def values_of(record: Record) -> dict[str, Any]:
    """A record as parameters of `upserted`."""
    return {
        "id": record.id,
        "name": _text(record.name),
        "meta_data": _json(record.meta_data),
        "filters": json.dumps({"numbers": record.numbers} if record.numbers else {}),
        "content": escaped(record.content),
        "embedding": vector_text(record.embedding or ()),
        "usage": None if record.usage is None else _json(record.usage),
        "content_hash": escaped(record.content_hash),
        "content_id": _text(record.content_id),
    }


def columns_of(table: sa.Table) -> list[Any]:
    """What a record is read from, all as text."""
    return [
        table.c.id,
        table.c.content,
        table.c.name,
        sa.cast(table.c.meta_data, sa.Text).label("meta_data"),
        sa.cast(table.c.embedding, sa.Text).label("embedding"),
        sa.cast(table.c.usage, sa.Text).label("usage"),
        table.c.content_hash,
        table.c.content_id,
    ]


def record_of(row: Any) -> Record:
    """The record of a row that was read."""
    return Record(
        id=row.id,
        content=plain(row.content or ""),
        name=None if row.name is None else plain(row.name),
        meta_data=json.loads(plain_json(row.meta_data)) if row.meta_data else {},
        embedding=json.loads(row.embedding) if row.embedding else None,
        usage=json.loads(plain_json(row.usage)) if row.usage else None,
        content_hash=plain(row.content_hash or ""),
        content_id=None if row.content_id is None else plain(row.content_id),
    )


def vector_text(vector: Sequence[float]) -> str:
    """A vector as pgvector writes it."""
    return "[" + ",".join(map(repr, map(float, vector))) + "]"


def _text(value: str | None) -> str | None:
    return None if value is None else escaped(value)


def _json(value: Any) -> str:
    return escaped_json(plain_to_json(value))


def _jsonb(value: Any) -> sa.ColumnElement[Any]:
    return sa.cast(sa.literal(_json(value), sa.Text), JSONB)


# Conditions ----------------------------------------------------------------------------------------------------------


class Conditions:
    """Conditions as SQL. Metadata is asked itself, not its terms: so it works on the tables of Agno 2.0, too."""

    def __init__(self, table: sa.Table) -> None:
        self.table = table

    def all(self, parts: list[Condition]) -> Condition:
        return sa.and_(sa.true(), *parts)

    def any(self, parts: list[Condition]) -> Condition:
        return sa.or_(sa.false(), *parts)

    def no(self, part: Condition) -> Condition:
        return sa.not_(sa.func.coalesce(part, sa.false()))

    def has(self, condition: Has) -> Condition:
        metadata = self.table.c.meta_data
        places = [[condition.key], condition.key.split(".")] if "." in condition.key else [[condition.key]]
        if isinstance(condition.value, (list, dict)):  # the empty ones, which everything contains
            paths = [sa.cast(sa.literal(_array(place), sa.Text), sa.ARRAY(sa.Text)) for place in places]
            empty = _jsonb(condition.value)
            return sa.or_(*[metadata.op("#>", return_type=JSONB())(path) == empty for path in paths])
        kinds = [_nested(place, value) for place in places for value in (condition.value, [condition.value])]
        return sa.or_(*[metadata.op("@>", return_type=sa.Boolean())(_jsonb(kind)) for kind in kinds])

    def compared(self, condition: Compared) -> Condition:
        numbers = self.table.c.filters.op("->", return_type=JSONB())("numbers")
        number = sa.cast(numbers.op("->>", return_type=sa.Text())(condition.field), sa.Double)
        return number.op(condition.op, return_type=sa.Boolean())(condition.value)

    def field(self, condition: Field) -> Condition:
        values = [escaped(value) for value in condition.values]
        if condition.name == "source":
            whose = self.table.c.content_hash
            return sa.or_(
                sa.func.left(whose, SOURCE).in_(values),
                sa.func.left(whose, SOURCE + len(DRAFT)).in_([DRAFT + value for value in values]),
            )
        return self.table.c[condition.name].in_(values)


def _nested(place: list[str], value: Any) -> Any:
    for key in reversed(place):
        value = {key: value}
    return value


def _array(place: list[str]) -> str:
    quoted = [escaped(key).replace("\\", "\\\\").replace('"', '\\"') for key in place]
    return "{" + ",".join(f'"{key}"' for key in quoted) + "}"


# Searching -----------------------------------------------------------------------------------------------------------


def distance_to(table: sa.Table, embedding: Sequence[float], measure: Distance) -> sa.ColumnElement[float]:
    """How far a row is; the smallest is the nearest, also of inner products, which are negative here."""
    dimensions: int = table.c.embedding.type.dimensions  # type: ignore[attr-defined]  # it is a Vector
    kind = indexed_type(dimensions)
    column = table.c.embedding if kind is None or kind.kind == "VECTOR" else sa.cast(table.c.embedding, kind)
    query = sa.cast(sa.literal(vector_text(embedding), sa.Text), kind or Vector(dimensions))
    return column.op(OPERATORS[measure], return_type=sa.Double())(query)


def indexed_type(dimensions: int) -> Vector | None:
    """The type whose vectors of this length can be indexed; None if there is none."""
    if dimensions <= _INDEXED:
        return Vector(dimensions)
    return Vector(dimensions, "HALFVEC") if dimensions <= 2 * _INDEXED else None


__all__ = [
    "CLASSES",
    "Conditions",
    "Vector",
    "columns_of",
    "distance_to",
    "indexed_type",
    "indexes_of",
    "record_of",
    "table_of",
    "upserted",
    "values_of",
    "vector_text",
]
