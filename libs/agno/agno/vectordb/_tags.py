"""Short names of letters and digits for texts, for products in whose queries a text would have to be escaped."""

from __future__ import annotations

import hashlib

from agno.vectordb._conditions import Compared, Field, Has, Node, Not
from agno.vectordb._records import Record

TAGGED = ("id", "name", "content_hash", "source", "content_id")
ALWAYS, NEVER = "always", "never"  # a tag of every record, and of none
_LONGEST_NAME = 200


def tag(text: str | None) -> str:
    """32 hexadecimal digits that stand for a text."""
    return "none" if text is None else hashlib.sha256(text.encode()).hexdigest()[:32]


def tags_of(record: Record) -> dict[str, str]:
    """What the fields of a record are looked up by: `is_name`, ..."""
    return {f"is_{name}": tag(getattr(record, name)) for name in TAGGED}


def terms_of(record: Record) -> list[str]:
    """The tags of what is in the metadata, and of the names of its numbers."""
    return [ALWAYS, *map(tag, record.terms), *map(tag, record.numbers)]


def tag_of(condition: Has) -> str:
    """The tag that a record must have."""
    return tag(condition.term)


def asked(condition: Field) -> tuple[str, list[str]]:
    """The name of a looked-up field and the tags of which it must be one."""
    return f"is_{condition.name}", [tag(value) for value in condition.values]


def number_name(field: str) -> str:
    """The name of a number, short enough for a column or a property."""
    return field if len(field) <= _LONGEST_NAME else f"{field[:2]}x_{tag(field)}"


def numbers_of(record: Record) -> dict[str, float]:
    """The numbers of a record by these names."""
    return {number_name(field): value for field, value in record.numbers.items()}


def compared_in(where: Node) -> set[str]:
    """The numbers that conditions compare, by their names in a product."""
    if isinstance(where, Compared):
        return {number_name(where.field)}
    parts = (where.part,) if isinstance(where, Not) else getattr(where, "parts", ())
    return set().union(*map(compared_in, parts))


__all__ = [
    "ALWAYS",
    "NEVER",
    "TAGGED",
    "asked",
    "compared_in",
    "number_name",
    "numbers_of",
    "tag",
    "tag_of",
    "tags_of",
    "terms_of",
]
