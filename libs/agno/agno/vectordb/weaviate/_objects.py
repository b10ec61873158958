"""Records as objects of Weaviate, and conditions as its filters."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection
from typing import Any

from agno.vectordb._conditions import EVERYTHING, Compared, Field, Has, Node, opposite, said
from agno.vectordb._flat import flat, read
from agno.vectordb._records import Record
from agno.vectordb._tags import ALWAYS, NEVER, asked, number_name, numbers_of, tag, tag_of, tags_of, terms_of

KEPT = ("content", "name", "meta_data", "usage", "content_hash", "content_id")
_TAGS = ("is_id", "is_name", "is_content_hash", "is_source", "is_content_id")
_NUMBERS = ("n_", "d_")
Saying = Callable[[bool], Any]  # True asks for the negation
_METHODS = {">": "greater_than", ">=": "greater_or_equal", "<": "less_than", "<=": "less_or_equal"}


def schema_of(name: str, index: str, distance: str) -> dict[str, Any]:
    """The definition of a collection. Only the content is searched for words."""
    kept = [_text(one, searchable=one == "content", filterable=False) for one in KEPT]
    tags = [_text("terms", array=True), *map(_text, _TAGS)]
    return {
        "class": name,
        "vectorizer": "none",
        "vectorIndexType": index,
        "vectorIndexConfig": {"distance": distance},
        "properties": kept + tags,
    }


def _text(name: str, searchable: bool = False, filterable: bool = True, array: bool = False) -> dict[str, Any]:
    tokens = "word" if searchable else "field"
    found = {"name": name, "dataType": ["text[]" if array else "text"], "tokenization": tokens}
    return {**found, "indexSearchable": searchable, "indexFilterable": filterable}


def numbers_in(config: Any) -> set[str]:
    """The numbers that a collection can compare, of its configuration."""
    return {one.name for one in config.properties if one.name.startswith(_NUMBERS)}


def properties_of(record: Record) -> dict[str, Any]:
    """What is kept beside the vector."""
    row = flat(record)
    kept = {name: row[name] for name in KEPT if row[name] is not None}
    return {**kept, **tags_of(record), "terms": terms_of(record), **numbers_of(record)}


def record_of(found: Any) -> Record:
    """The record of an object."""
    vector = found.vector.get("default") if isinstance(found.vector, dict) else found.vector
    return read({**found.properties, "id": found.uuid, "embedding": vector})


def filter_of(where: Node, numbers: Collection[str]) -> Any:
    """Conditions as a filter; None for everything. Of numbers that the collection does not know nothing holds."""
    return None if where == EVERYTHING else said(where, Conditions(numbers))(False)


class Conditions:
    """Conditions as functions that give the filter, or its negation: Weaviate negates equality only."""

    def __init__(self, numbers: Collection[str]) -> None:
        self.numbers = numbers
        self.by = importlib.import_module("weaviate.classes.query").Filter

    def all(self, parts: list[Saying]) -> Saying:
        return lambda negated: self._joined(parts, negated, not negated)

    def any(self, parts: list[Saying]) -> Saying:
        return lambda negated: self._joined(parts, negated, negated)

    def no(self, part: Saying) -> Saying:
        return lambda negated: part(not negated)

    def has(self, condition: Has) -> Saying:
        return lambda negated: self._term(tag_of(condition), negated)

    def compared(self, condition: Compared) -> Saying:
        other = Compared(condition.field, opposite(condition.op), condition.value)

        def comparison(negated: bool) -> Any:
            if not negated:
                return self._comparison(condition)
            return self.by.any_of([self._term(tag(condition.field), True), self._comparison(other)])

        return comparison

    def field(self, condition: Field) -> Saying:
        name, tags = asked(condition)

        def one_of(negated: bool) -> Any:
            if not tags:
                return self._term(NEVER, negated)
            if negated:
                return self.by.all_of([self.by.by_property(name).not_equal(one) for one in tags])
            return self.by.by_property(name).contains_any(tags)

        return one_of

    def _joined(self, parts: list[Saying], negated: bool, are_all: bool) -> Any:
        if not parts:
            return self._term(ALWAYS if are_all else NEVER)
        return (self.by.all_of if are_all else self.by.any_of)([part(negated) for part in parts])

    def _comparison(self, condition: Compared) -> Any:
        name = number_name(condition.field)
        if name not in self.numbers:
            return self._term(NEVER)
        return getattr(self.by.by_property(name), _METHODS[condition.op])(float(condition.value))

    def _term(self, term: str, negated: bool = False) -> Any:
        terms = self.by.by_property("terms")
        return terms.not_equal(term) if negated else terms.equal(term)


__all__ = ["KEPT", "filter_of", "numbers_in", "properties_of", "record_of", "schema_of"]
