"""The statements that make indexes, and the settings that make searches use them well."""

from __future__ import annotations

import math
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import dialect as postgres

from agno.vectordb.distance import Distance
from agno.vectordb.pgvector._sql import CLASSES, indexed_type
from agno.vectordb.pgvector.index import HNSW, Ivfflat

Index = HNSW | Ivfflat

_quote: Callable[[str], str] = postgres().identifier_preparer.quote  # type: ignore[no-untyped-call]  # SQLAlchemy's own
_SEARCHED = 40  # pgvector's own hnsw.ef_search
_MOST_SEARCHED = 1000  # pgvector's upper limit of hnsw.ef_search


def vector_index(table: sa.Table, index: Index, measure: Distance, rows: int) -> str:
    """Make the vector index. Raises ValueError for vectors that are too long for one."""
    dimensions: int = table.c.embedding.type.dimensions  # type: ignore[attr-defined]  # it is a Vector
    kind = indexed_type(dimensions)
    if kind is None:
        raise ValueError(
            f"Vectors of {dimensions} numbers are too long for an index of pgvector; searches compare with all."
        )
    half = kind.kind == "HALFVEC"
    column = f"(embedding::{kind.get_col_spec().lower()})" if half else "embedding"
    method, options = _method(index, rows)
    name = index.name or f"{table.name}_{method}_index"
    family = f"{'halfvec' if half else 'vector'}_{CLASSES[measure]}"
    return f"CREATE INDEX IF NOT EXISTS {_quote(name[:63])} ON {_place(table)} USING {method} ({column} {family}) WITH ({options})"


def _method(index: Index, rows: int) -> tuple[str, str]:
    if isinstance(index, HNSW):
        return "hnsw", f"m = {int(index.m)}, ef_construction = {int(index.ef_construction)}"
    lists = index.lists
    if index.dynamic_lists:  # what pgvector's documentation recommends
        lists = max(1, rows // 1000 if rows < 1_000_000 else math.isqrt(rows))
    return "ivfflat", f"lists = {int(lists)}"


def text_index(table: sa.Table, language: str) -> str:
    """Make the text index, with the very expression that searches use."""
    name, quoted = f"{table.name}_content_gin_index", language.replace("'", "''")
    text = f"to_tsvector('{quoted}'::regconfig, content)"
    return f"CREATE INDEX IF NOT EXISTS {_quote(name[:63])} ON {_place(table)} USING gin ({text})"


def settings_of(index: Index, limit: int, filtered: bool) -> str | None:
    """For this transaction: look at enough candidates, and go on while a filter refuses them (pgvector 0.8 and newer).

    None where pgvector does what is wanted by itself.
    """
    if isinstance(index, HNSW):
        name, value, order = (
            "hnsw.ef_search",
            min(max(index.ef_search, limit, _SEARCHED), _MOST_SEARCHED),
            "strict_order",
        )
        if value == _SEARCHED and not filtered:
            return None
    else:
        name, value, order = "ivfflat.probes", max(1, index.probes), "relaxed_order"
    method = name.partition(".")[0]
    return (
        # the constant makes PostgreSQL load pgvector now: before that, it knows none of its settings
        f"SELECT '[1]'::vector IS NULL, set_config('{name}', '{int(value)}', true), "
        f"CASE WHEN current_setting('{method}.iterative_scan', true) IS NOT NULL "
        f"THEN set_config('{method}.iterative_scan', '{order}', true) END"
    )


def _place(table: sa.Table) -> str:
    return f"{_quote(table.schema)}.{_quote(table.name)}" if table.schema else str(_quote(table.name))


__all__ = ["Index", "settings_of", "text_index", "vector_index"]
