"""Conditions on the metadata of documents: `AND(EQ("tenant", "a"), GT("year", 2020))`.

Documents whose metadata lacks the key fit no condition on it, so they fit its `NOT`. A list in the metadata fits if one
of its values does. A key with dots is also looked up as a path into nested metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


class FilterExpr:
    """A condition. `a & b`, `a | b` and `~a` are AND, OR and NOT."""

    op: ClassVar[str] = ""

    def __and__(self, other: FilterExpr) -> AND:
        return AND(self, other)

    def __or__(self, other: FilterExpr) -> OR:
        return OR(self, other)

    def __invert__(self) -> NOT:
        return NOT(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON: `{"op": "EQ", "key": ..., "value": ...}`."""
        raise NotImplementedError

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> FilterExpr:
        """The inverse of `to_dict`. Raises ValueError, saying what is wrong."""
        return _from_dict(data)


@dataclass(frozen=True)
class _Comparison(FilterExpr):
    key: str
    value: Any

    def to_dict(self) -> dict[str, Any]:
        return {"op": self.op, "key": self.key, "value": self.value}


@dataclass(frozen=True)
class EQ(_Comparison):
    """The value is this one. None is a value: the key is there, and holds null."""

    op = "EQ"


@dataclass(frozen=True)
class NEQ(_Comparison):
    """The same as `NOT(EQ(key, value))`."""

    op = "NEQ"


@dataclass(frozen=True)
class GT(_Comparison):
    """Greater than a number, or later than a date."""

    op = "GT"


@dataclass(frozen=True)
class GTE(_Comparison):
    """At least a number, or not before a date."""

    op = "GTE"


@dataclass(frozen=True)
class LT(_Comparison):
    """Less than a number, or before a date."""

    op = "LT"


@dataclass(frozen=True)
class LTE(_Comparison):
    """At most a number, or not after a date."""

    op = "LTE"


@dataclass(frozen=True)
class IN(FilterExpr):
    """The value is one of these; with none of them, nothing fits."""

    op = "IN"
    key: str
    values: Iterable[Any]

    def __post_init__(self) -> None:
        if isinstance(self.values, (str, bytes, Mapping)) or not isinstance(self.values, Iterable):
            raise TypeError(f"IN({self.key!r}, ...) takes a list of values, not {self.values!r}. For one value use EQ.")
        object.__setattr__(self, "values", list(self.values))

    def to_dict(self) -> dict[str, Any]:
        return {"op": self.op, "key": self.key, "values": list(self.values)}


class _Junction(FilterExpr):
    def __init__(self, *expressions: FilterExpr) -> None:
        wrong = next((e for e in expressions if not isinstance(e, FilterExpr)), None)
        if wrong is not None:
            raise TypeError(f"{self.op} takes filter expressions such as EQ(key, value), not {wrong!r}.")
        self.expressions = expressions

    def to_dict(self) -> dict[str, Any]:
        return {"op": self.op, "conditions": [expression.to_dict() for expression in self.expressions]}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.expressions == self.expressions

    def __hash__(self) -> int:
        return hash((self.op, self.expressions))

    def __repr__(self) -> str:
        return f"{self.op}({', '.join(map(repr, self.expressions))})"


class AND(_Junction):
    """All of them hold; without any, everything fits."""

    op = "AND"


class OR(_Junction):
    """One of them holds; without any, nothing fits."""

    op = "OR"


@dataclass(frozen=True)
class NOT(FilterExpr):
    """The condition does not hold."""

    op = "NOT"
    expression: FilterExpr

    def __post_init__(self) -> None:
        if not isinstance(self.expression, FilterExpr):
            raise TypeError(f"NOT takes a filter expression such as EQ(key, value), not {self.expression!r}.")

    def to_dict(self) -> dict[str, Any]:
        return {"op": self.op, "condition": self.expression.to_dict()}


Filters = dict[str, Any] | list[FilterExpr] | FilterExpr


def as_expression(filters: Any) -> FilterExpr | None:
    """Filters as one expression: of a dict all pairs must be equal, of a list all must hold. None without any."""
    if filters is None:
        return None
    if isinstance(filters, FilterExpr):
        return filters
    if isinstance(filters, Mapping):
        pairs = [EQ(key, value) for key, value in filters.items()]
        return None if not pairs else pairs[0] if len(pairs) == 1 else AND(*pairs)
    if isinstance(filters, (list, tuple)):
        each = [one for item in filters if (one := as_expression(item)) is not None]
        return None if not each else each[0] if len(each) == 1 else AND(*each)
    raise TypeError(
        f"filters is {filters!r}, a {type(filters).__name__}. Give a dict such as {{'tenant': 'a'}}, an expression of "
        "agno.filters, or a list of them."
    )


def both(first: Any, second: Any) -> Any:
    """Filters that ask for what both ask for. Two dicts stay one dict where they do not contradict each other."""
    if not first or not second:
        return first or second or None
    if isinstance(first, dict) and isinstance(second, dict) and {**first, **second} == {**second, **first}:
        return {**first, **second}
    one, other = as_expression(first), as_expression(second)
    return [expression for expression in (one, other) if expression is not None]


def overlaid(base: Any, top: Any) -> Any:
    """The filters of a component, and those of a call over them: of two dicts the call wins per key, else both hold."""
    if isinstance(base or {}, dict) and isinstance(top or {}, dict):
        return {**(base or {}), **(top or {})} or None
    return both(base, top)


def keys_of(expression: FilterExpr) -> list[str]:
    """The keys that a condition asks about, each once."""
    if isinstance(expression, _Junction):
        return list(dict.fromkeys(key for one in expression.expressions for key in keys_of(one)))
    if isinstance(expression, NOT):
        return keys_of(expression.expression)
    return [getattr(expression, "key")]  # noqa: B009  # every other expression has one


_COMPARISONS = {kind.op: kind for kind in (EQ, NEQ, GT, GTE, LT, LTE)}
_JUNCTIONS = {kind.op: kind for kind in (AND, OR)}


def _from_dict(data: Mapping[str, Any]) -> FilterExpr:
    op = data.get("op") if isinstance(data, Mapping) else None
    try:
        if op in _COMPARISONS:
            return _COMPARISONS[op](data["key"], data["value"])
        if op in _JUNCTIONS:
            return _JUNCTIONS[op](*map(_from_dict, data["conditions"]))
        if op == "IN":
            return IN(data["key"], data["values"])
        if op == "NOT":
            return NOT(_from_dict(data["condition"]))
    except KeyError as missing:
        raise ValueError(f"A filter {op} needs {missing}; it is {dict(data)!r}.") from None
    known = ", ".join([*_COMPARISONS, "IN", *_JUNCTIONS, "NOT"])
    raise ValueError(f"No filter: {data!r}. It needs an `op`, one of {known}.")


__all__ = [
    "AND",
    "EQ",
    "GT",
    "GTE",
    "IN",
    "LT",
    "LTE",
    "NEQ",
    "NOT",
    "OR",
    "FilterExpr",
    "Filters",
    "as_expression",
    "both",
    "keys_of",
    "overlaid",
]
