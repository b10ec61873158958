"""Filters in the few words that every store has to know, and what they are compared with.

Metadata is any JSON, and no two products can look into it the same way. So each record has *terms*, one text for every
value in its metadata, and *numbers*, by key; a store keeps both and needs to ask two things only: whether a term is in a
list, and how a number compares. Whatever stands in a key or a value is inside of a term, and cannot become a query.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from enum import Enum
from functools import cached_property, lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Protocol, TypeVar

from agno.filters import AND, EQ, GT, GTE, IN, LT, LTE, NEQ, NOT, OR, FilterExpr, as_expression
from agno.utils.string import whole

T = TypeVar("T")

_LONGEST_TERM = 200
_LARGEST = 10**300  # an integer may be larger than any float
_SCALARS = frozenset({str, int, float, bool, type(None)})
_PREFIX = "meta_data."  # some write where the metadata lies in front of the key


# Conditions ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Has:
    """The metadata has this value at this key, or in the list at this key."""

    key: str
    value: Any  # a scalar, or an empty list or dict

    @cached_property
    def term(self) -> str:
        """What stands for it among the terms of a record."""
        return term(self.key, self.value)


@dataclass(frozen=True)
class Compared:
    """The number or the date at a key compares like this: `op` is one of `>`, `>=`, `<`, `<=`."""

    field: str  # among the numbers of a record
    op: str
    value: float


@dataclass(frozen=True)
class Field:
    """A field of the record is one of these texts. `source` is the beginning of its content hash."""

    name: str  # id, name, content_id, content_hash, source
    values: tuple[str, ...]


@dataclass(frozen=True)
class All:
    """All hold."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Any_:
    """One holds."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Not:
    """It does not hold."""

    part: Node


Node = Has | Compared | Field | All | Any_ | Not
EVERYTHING = All()


def conditions(filters: Any) -> Node:
    """Filters of a user as conditions. Raises TypeError or ValueError for what is none."""
    expression = as_expression(filters)
    return EVERYTHING if expression is None else _node(expression)


def together(*nodes: Node | None) -> Node:
    """All of them; None counts for nothing."""
    parts = [part for node in nodes if node is not None for part in (node.parts if isinstance(node, All) else (node,))]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def field_is(name: str, *values: str | None) -> Node:
    """A condition on a field of the record."""
    return Field(name, tuple(whole(value) for value in values if value is not None))


_OPS = {"GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def _node(expression: FilterExpr) -> Node:
    if isinstance(expression, EQ):
        return _equal(_key(expression.key), jsonable(expression.value))
    if isinstance(expression, NEQ):
        return Not(_equal(_key(expression.key), jsonable(expression.value)))
    if isinstance(expression, IN):
        return Any_(tuple(_equal(_key(expression.key), jsonable(value)) for value in expression.values))
    if isinstance(expression, (GT, GTE, LT, LTE)):
        return _comparison(expression)
    if isinstance(expression, AND):
        return All(tuple(map(_node, expression.expressions)))
    if isinstance(expression, OR):
        return Any_(tuple(map(_node, expression.expressions)))
    if isinstance(expression, NOT):
        return Not(_node(expression.expression))
    raise TypeError(f"{expression!r} is no condition that a vector database knows.")


def _equal(key: str, value: Any) -> Node:
    if isinstance(value, dict) and value:
        return All(tuple(_equal(f"{key}.{inner}", item) for inner, item in value.items()))
    if isinstance(value, list) and value:
        return All(tuple(_equal(key, item) for item in value))
    return Has(key, value)


def _comparison(expression: Any) -> Node:
    found = _number(jsonable(expression.value))
    if found is None:
        raise ValueError(
            f"{expression.op}({expression.key!r}, {expression.value!r}) compares with no number and no ISO date such as "
            "'2025-12-31'. For equal texts use EQ or IN."
        )
    kind, value = found
    return Compared(_number_field(kind, _key(expression.key)), _OPS[expression.op], value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"A filter asks for the key {key!r}, a {type(key).__name__}. Keys of metadata are texts.")
    return whole(key[len(_PREFIX) :] if key.startswith(_PREFIX) else key)


# What they are compared with -----------------------------------------------------------------------------------------


def terms_of(metadata: Mapping[str, Any]) -> list[str]:
    """A text for every value in metadata of plain JSON, each once."""
    return list(dict.fromkeys(term(key, value) for key, value in _leaves("", metadata, True)))


def numbers_of(metadata: Mapping[str, Any]) -> dict[str, float]:
    """The numbers and dates in metadata, by the names that `Compared` uses. Of lists none: they have no order."""
    found = {}
    for key, value in _leaves("", metadata, False):
        if value.__class__ is str and value[4:5] != "-":  # most texts are no dates, and seen so here
            continue
        if (number := _number(value)) is not None:
            found[_number_field(number[0], key)] = number[1]
    return found


def term(key: str, value: Any) -> str:
    """ASCII without surprises. A long one is shortened to its hash."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # what json.dumps([key, value]) gives, without its preparations
    kind = value.__class__
    said = _quoted(value) if kind is str else str(value) if kind is int else json.dumps(value)
    text = f"[{_quoted(key)}, {said}]"
    return text if len(text) <= _LONGEST_TERM else "#" + hashlib.sha256(text.encode()).hexdigest()


def _leaves(path: str, value: Any, lists: bool) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and (value or not path):
        for key, item in value.items():
            place = f"{path}.{key}" if path else key
            if item.__class__ in _SCALARS:
                yield place, item
            else:
                yield from _leaves(place, item, lists)
    elif isinstance(value, list) and value:
        if lists:
            yield from ((path, item) for item in value if not isinstance(item, (list, dict)))
    else:
        yield path, value


def _number(value: Any) -> tuple[str, float] | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return "number", float(max(min(value, _LARGEST), -_LARGEST))
    if isinstance(value, str) and len(value) >= 10 and value[4:5] == "-" and value[7:8] == "-":
        try:
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return None
        return "date", (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    return None


@lru_cache(maxsize=1024)
def _number_field(kind: str, key: str) -> str:
    """ASCII of hexadecimal digits: it may become a name in a product."""
    return f"{kind[0]}_{key.encode().hex()}"


def jsonable(value: Any) -> Any:
    """A value as JSON can hold it: dates as ISO text, sets as lists, what is unknown as its text, NaN as null."""
    kind = value.__class__
    if kind is str:
        return whole(value)
    if kind is int or kind is bool or value is None:
        return value
    if isinstance(value, int) and not isinstance(value, Enum):
        return value
    if isinstance(value, Enum):
        return jsonable(value.value)
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (dict, Mapping)):  # the first is asked in no time
        return {whole(str(key)): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((jsonable(item) for item in value), key=repr)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else whole(str(value))


# For stores ----------------------------------------------------------------------------------------------------------


class Words(Protocol[T]):
    """The words of a product for conditions."""

    def all(self, parts: list[T]) -> T:
        """All hold; of none, everything."""
        ...

    def any(self, parts: list[T]) -> T:
        """One holds; of none, nothing."""
        ...

    def no(self, part: T) -> T:
        """It does not hold, nor is it unknown."""
        ...

    def has(self, condition: Has) -> T: ...

    def compared(self, condition: Compared) -> T: ...

    def field(self, condition: Field) -> T: ...


def said(node: Node, words: Words[T]) -> T:
    """Conditions in the words of a product."""
    if isinstance(node, Has):
        return words.has(node)
    if isinstance(node, Compared):
        return words.compared(node)
    if isinstance(node, Field):
        return words.field(node)
    if isinstance(node, Not):
        return words.no(said(node.part, words))
    parts = [said(part, words) for part in node.parts]
    return words.all(parts) if isinstance(node, All) else words.any(parts)


def inwards(node: Node, negated: bool = False) -> Node:
    """The same with `Not` in front of `Has`, `Field` and `Compared` only, for products that negate nothing else."""
    if isinstance(node, Not):
        return inwards(node.part, not negated)
    if isinstance(node, (All, Any_)):
        kind = All if isinstance(node, All) is not negated else Any_
        return kind(tuple(inwards(part, negated) for part in node.parts))
    return Not(node) if negated else node


def opposite(op: str) -> str:
    """The comparison that holds of the same numbers where `op` does not."""
    return _OPPOSITE[op]


def holds(node: Node, record: Any) -> bool:
    """Whether a record fits; this is what every store must agree with."""
    return said(node, _Truth(record))


@dataclass
class _Truth:
    record: Any

    def all(self, parts: list[bool]) -> bool:
        return all(parts)

    def any(self, parts: list[bool]) -> bool:
        return any(parts)

    def no(self, part: bool) -> bool:
        return not part

    def has(self, condition: Has) -> bool:
        return condition.term in self.record.term_set

    def compared(self, condition: Compared) -> bool:
        number = self.record.numbers.get(condition.field)
        return number is not None and _COMPARE[condition.op](number, condition.value)

    def field(self, condition: Field) -> bool:
        return getattr(self.record, condition.name) in condition.values


_COMPARE: dict[str, Any] = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}

__all__ = [
    "EVERYTHING",
    "All",
    "Any_",
    "Compared",
    "Field",
    "Has",
    "Node",
    "Not",
    "Words",
    "conditions",
    "field_is",
    "holds",
    "inwards",
    "jsonable",
    "numbers_of",
    "opposite",
    "said",
    "term",
    "terms_of",
    "together",
]
