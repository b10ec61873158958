"""Records as documents of Couchbase, and conditions in both of its languages: SQL++ and queries of its search."""

from __future__ import annotations

from typing import Any

from agno.vectordb._conditions import Compared, Field, Has, Node, said
from agno.vectordb._flat import Clauses, flat, read
from agno.vectordb._records import Record
from agno.vectordb._tags import ALWAYS, TAGGED, asked, number_name, numbers_of, tag_of, tags_of, terms_of
from agno.vectordb.distance import Distance

_KEPT = ("content", "name", "meta_data", "embedding", "usage", "content_hash", "content_id")
_MEASURES = {Distance.cosine: "cosine", Distance.l2: "l2_norm", Distance.max_inner_product: "dot_product"}


def document_of(record: Record) -> dict[str, Any]:
    """A record as a document; its id is the key."""
    row = flat(record)
    kept = {name: row[name] for name in _KEPT}
    return {**kept, **tags_of(record), "terms": terms_of(record), "numbers": numbers_of(record)}


def record_of(id: str, document: dict[str, Any]) -> Record:
    """The record of a document."""
    return read({**document, "id": id})


def index_of(keyspace: str, dimensions: int, distance: Distance) -> dict[str, Any]:
    """The parameters of an index of vectors, words, tags and numbers. Numbers are indexed by whatever names they have."""
    vector = {"type": "vector", "dims": dimensions, "similarity": _MEASURES[distance], "index": True}
    vector |= {"vector_index_optimized_for": "recall"}
    words = {"type": "text", "analyzer": "standard", "index": True}
    tags = {name: {"type": "text", "analyzer": "keyword", "index": True} for name in ["terms", *_tag_names()]}
    fields = {"content": words, "embedding": vector, **tags}
    properties: dict[str, Any] = {
        name: {"enabled": True, "dynamic": False, "fields": [{"name": name, **kind}]} for name, kind in fields.items()
    }
    properties["numbers"] = {"enabled": True, "dynamic": True}
    return {
        "doc_config": {"mode": "scope.collection.type_field", "type_field": "type"},
        "mapping": {
            "default_analyzer": "standard",
            "default_mapping": {"enabled": False, "dynamic": False},
            "types": {keyspace: {"enabled": True, "dynamic": False, "properties": properties}},
        },
        "store": {"indexType": "scorch", "segmentVersion": 16},
    }


def _tag_names() -> list[str]:
    return [f"is_{name}" for name in TAGGED]


class Conditions(Clauses):
    """Conditions as SQL++ about `d`; `given` are its parameters."""

    @property
    def given(self) -> dict[str, Any]:
        return {f"c{number}": value for number, value in enumerate(self.values)}

    def value(self, value: Any) -> str:
        self.values.append(value)
        return f"$c{len(self.values) - 1}"

    def has(self, condition: Has) -> str:
        return f"ARRAY_CONTAINS(d.terms, {self.value(tag_of(condition))})"

    def compared(self, condition: Compared) -> str:
        value = self.value(float(condition.value))
        return f"IFMISSINGORNULL(d.numbers.`{number_name(condition.field)}` {condition.op} {value}, FALSE)"

    def field(self, condition: Field) -> str:
        name, tags = asked(condition)
        return f"(d.{name} IN {self.value(tags)})"


class Filter:
    """Conditions as queries of the search."""

    def __init__(self, package: Any) -> None:
        self.package = package  # couchbase.search

    def all(self, parts: list[Any]) -> Any:
        return self.package.ConjunctionQuery(*parts) if parts else self._term("terms", ALWAYS)

    def any(self, parts: list[Any]) -> Any:
        return self.package.DisjunctionQuery(*parts, min=1) if parts else self.package.MatchNoneQuery()

    def no(self, part: Any) -> Any:
        is_not = self.package.DisjunctionQuery(part, min=1)
        return self.package.BooleanQuery(must=self.all([self.all([])]), must_not=is_not)

    def has(self, condition: Has) -> Any:
        return self._term("terms", tag_of(condition))

    def compared(self, condition: Compared) -> Any:
        end, is_inclusive = ("min" if ">" in condition.op else "max"), "=" in condition.op
        limits = {end: float(condition.value), f"inclusive_{end}": is_inclusive}
        return self.package.NumericRangeQuery(field=f"numbers.{number_name(condition.field)}", **limits)

    def field(self, condition: Field) -> Any:
        name, tags = asked(condition)
        return self.any([self._term(name, one) for one in tags])

    def _term(self, field: str, term: str) -> Any:
        return self.package.TermQuery(term, field=field)


def filter_of(where: Node, package: Any) -> Any:
    """Conditions as a query of the search."""
    return said(where, Filter(package))


__all__ = ["Conditions", "document_of", "filter_of", "index_of", "record_of"]
