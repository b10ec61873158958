"""Statements of Cassandra, records as its rows, and conditions as what its indexes can answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

from agno.vectordb._conditions import Any_, Compared, Field, Has, Node, Not
from agno.vectordb._flat import flat, read
from agno.vectordb._records import Record
from agno.vectordb._tags import NEVER, asked, tag_of, tags_of, terms_of
from agno.vectordb.distance import Distance

COLUMNS = ("id", "content", "name", "meta_data", "embedding", "usage", "content_hash", "content_id", "terms")
KEPT = COLUMNS[:-1]
LABELS = ("id", "name", "meta_data", "content_hash", "content_id")  # what conditions are about
MEASURES = {Distance.cosine: "cosine", Distance.l2: "euclidean", Distance.max_inner_product: "dot_product"}
_MOST_BRANCHES = 16  # queries for one search


class Asked(NamedTuple):
    """What the indexes can be asked for: one query for each list of terms that a row must all have.

    `is_exact` says that these find what fits, no more; else the conditions have to be looked at once more.
    """

    branches: list[frozenset[str]]
    is_exact: bool


def created(table: str, index: str, dimensions: int, distance: Distance) -> list[str]:
    """The statements that make the table and its two indexes."""
    texts = ", ".join(f"{name} text" for name in COLUMNS[1:] if name not in ("embedding", "terms"))
    columns = f"id text PRIMARY KEY, {texts}, embedding vector<float, {dimensions}>, terms set<text>"
    made, using = "CREATE CUSTOM INDEX IF NOT EXISTS", "USING 'StorageAttachedIndex'"
    options = json.dumps({"similarity_function": MEASURES[distance].upper()}).replace('"', "'")
    return [
        f"CREATE TABLE IF NOT EXISTS {table} ({columns})",
        f"{made} {index}_terms ON {table} (terms) {using}",
        f"{made} {index}_embedding ON {table} (embedding) {using} WITH OPTIONS = {options}",
    ]


def selected(table: str, columns: Sequence[str], terms: int, measure: str | None = None, near: bool = False) -> str:
    """A query by so many terms; with the similarity to a vector as `score`, and of the nearest only."""
    score = f", similarity_{measure}(embedding, ?) AS score" if measure else ""
    where = " AND ".join(["terms CONTAINS ?"] * terms)
    end = " ORDER BY embedding ANN OF ? LIMIT ?" if near else ""
    return f"SELECT {', '.join(columns)}{score} FROM {table}{' WHERE ' if where else ''}{where}{end}"


def row_of(record: Record) -> list[Any]:
    """A record in the order of `COLUMNS`."""
    row = flat(record)
    terms = {*terms_of(record), *(f"{name}={value}" for name, value in tags_of(record).items())}
    return [*(row[name] for name in KEPT), terms]


def record_of(row: Any) -> Record:
    """The record of a row; what was not selected is empty."""
    return read(row._asdict())


def asked_of(where: Node) -> Asked:
    """What of these conditions the indexes can be asked for."""
    if isinstance(where, Has):
        return Asked([frozenset({tag_of(where)})], True)
    if isinstance(where, Field):
        name, tags = asked(where)
        return _narrowed([frozenset({f"{name}={one}"}) for one in tags] or [frozenset({NEVER})], True)
    if isinstance(where, (Not, Compared)):
        return Asked([frozenset()], False)
    parts = [asked_of(part) for part in where.parts]
    if isinstance(where, Any_):
        branches = [branch for part in parts for branch in part.branches] or [frozenset({NEVER})]
        return _narrowed(branches, all(part.is_exact for part in parts))
    return _all(parts)


def _all(parts: list[Asked]) -> Asked:
    """The parts with few branches first; when there are too many together, the rest is looked at once more."""
    found = Asked([frozenset()], all(part.is_exact for part in parts))
    for part in sorted(parts, key=lambda part: len(part.branches)):
        if len(found.branches) * len(part.branches) > _MOST_BRANCHES:
            return Asked(found.branches, False)
        both = [one | other for one, other in product(found.branches, part.branches)]
        found = Asked(both, found.is_exact)
    return found


def _narrowed(branches: list[frozenset[str]], is_exact: bool) -> Asked:
    """Each once; everything, when there are too many."""
    different = list(dict.fromkeys(branches))
    return Asked(different, is_exact) if len(different) <= _MOST_BRANCHES else Asked([frozenset()], False)


__all__ = ["COLUMNS", "KEPT", "LABELS", "MEASURES", "Asked", "asked_of", "created", "record_of", "row_of", "selected"]
