"""Tables, values and conditions of PgVector."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
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
_INLINE = 8160  # bytes of a row from which on PostgreSQL moves its longest values elsewhere; the most that it takes

# written into the statement: without knowing it PostgreSQL plans for a tenth of the table
LIMIT = sa.bindparam("limit", type_=sa.Integer(), literal_execute=True)

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
        # else vectors lie elsewhere from 2 KB on, and an exact search fetches each of them from there
        postgresql_with={"toast_tuple_target": _INLINE},
    )


def indexes_of(table: sa.Table) -> list[str]:
    """Names of columns that are looked up."""
    return ["name", "content_hash", "content_id"]


# Values --------------------------------------------------------------------------------------------------------------


_STORED = ("id", "name", "meta_data", "filters", "content", "embedding", "usage", "content_hash", "content_id")


def upserted(table: sa.Table) -> sa.Insert:
    """Insert records, or replace those with their ids. Each parameter is a column: one statement for many rows."""
    texts = [sa.cast(sa.bindparam(name, type_=sa.ARRAY(sa.Text)), sa.ARRAY(sa.Text)) for name in _STORED]
    given = sa.func.unnest(*texts).table_valued(*_STORED).render_derived()

    def typed(name: str) -> sa.ColumnElement[Any]:
        kind = table.c[name].type
        return given.c[name] if isinstance(kind, sa.Text) else sa.cast(given.c[name], kind)

    new = insert(table).from_select(list(_STORED), sa.select(*map(typed, _STORED)))
    changed: dict[str, Any] = {name: new.excluded[name] for name in _STORED[1:]}
    return new.on_conflict_do_update(index_elements=["id"], set_={**changed, "updated_at": sa.func.now()})


def values_of(records: Sequence[Record]) -> dict[str, list[str | None]]:
    """Records as parameters of `upserted`."""
    rows = zip(*map(_value, records), strict=True)
    return dict(zip(_STORED, map(list, rows), strict=True))


def _value(record: Record) -> tuple[str | None, ...]:
    return (
        record.id,
        _text(record.name),
        _json(record.meta_data),
        json.dumps({"numbers": record.numbers}) if record.numbers else "{}",
        escaped(record.content),
        vector_text(record.embedding or ()),
        None if record.usage is None else _json(record.usage),
        escaped(record.content_hash),
        _text(record.content_id),
    )


def best(table: sa.Table, score: sa.Label[Any], where: Sequence[Condition], largest: bool) -> sa.Select[Any]:
    """The rows whose score is the largest, or the smallest, the best first; as many as the parameter `limit` says.

    They are chosen by id and score alone: in one query PostgreSQL would unpack all columns of all rows to put them in order.
    """
    order = [score.desc(), table.c.id] if largest else [score]
    first = sa.select(table.c.id, score).where(*where).order_by(*order).limit(LIMIT).subquery()
    found = first.c[score.name]
    rows = sa.select(*columns_of(table), found).join_from(first, table, first.c.id == table.c.id)
    return rows.order_by(*([found.desc(), first.c.id] if largest else [found]))


class Written:
    """A search as the text that a driver takes: SQLAlchemy looks a statement over each time that it is executed."""

    def __init__(self, query: sa.Select[Any], limit: int, dialect: sa.Dialect) -> None:
        limited = query.params(limit=limit, embedding="")  # the vector is given each time
        compiled = limited.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.text = str(compiled)
        self._order: list[str] | None = compiled.positiontup if compiled.positional else None

    def given(self, values: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them."""
        return dict(values) if self._order is None else tuple(values[name] for name in self._order)


def columns_of(table: sa.Table) -> list[Any]:
    """What a record is read from: the vector as pgvector sends it, all else as text."""
    return [
        table.c.id,
        table.c.content,
        table.c.name,
        sa.cast(table.c.meta_data, sa.Text).label("meta_data"),
        sa.func.vector_send(table.c.embedding, type_=sa.LargeBinary()).label("embedding"),
        sa.cast(table.c.usage, sa.Text).label("usage"),
        table.c.content_hash,
        table.c.content_id,
    ]


def record_of(row: Any) -> Record:
    """The record of a row that was read, of which the first columns are those of `columns_of`."""
    id, content, name, metadata, embedding, usage, content_hash, content_id, *_ = row
    return Record(
        id,
        plain(content or ""),
        name and plain(name),
        msgspec.json.decode(plain_json(metadata)) if metadata else {},
        _vector(embedding) if embedding else None,
        msgspec.json.decode(plain_json(usage)) if usage else None,
        plain(content_hash or ""),
        content_id and plain(content_id),
    )


def vector_text(vector: Sequence[float]) -> str:
    """A vector as pgvector reads it. ValueError for numbers that are none."""
    text = msgspec.json.encode(list(map(float, vector))).decode()  # many times as quick as `repr` of each
    if "n" in text:  # null
        raise ValueError("A vector has a number that is infinite or not a number: the embedder is at fault.")
    return text


def _vector(sent: bytes) -> list[float]:
    """From two numbers of two bytes, and as many of four bytes as the rest has."""
    numbers = array("f")
    numbers.frombytes(sent[4:])
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers.tolist()


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


def distance_to(table: sa.Table, measure: Distance) -> sa.ColumnElement[float]:
    """How far a row is from the parameter `embedding`; the smallest is the nearest, also of inner products, which are negative.

    The parameter is in a query of its own: else PostgreSQL reads its text again for each row, once the statement is prepared.
    """
    dimensions: int = table.c.embedding.type.dimensions  # type: ignore[attr-defined]  # it is a Vector
    kind = indexed_type(dimensions)
    column = table.c.embedding if kind is None or kind.kind == "VECTOR" else sa.cast(table.c.embedding, kind)
    given = sa.cast(sa.bindparam("embedding", type_=sa.Text()), kind or Vector(dimensions))
    return column.op(OPERATORS[measure], return_type=sa.Double())(sa.select(given).scalar_subquery())


def indexed_type(dimensions: int) -> Vector | None:
    """The type whose vectors of this length can be indexed; None if there is none."""
    if dimensions <= _INDEXED:
        return Vector(dimensions)
    return Vector(dimensions, "HALFVEC") if dimensions <= 2 * _INDEXED else None


__all__ = [
    "CLASSES",
    "LIMIT",
    "Conditions",
    "Vector",
    "Written",
    "best",
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
