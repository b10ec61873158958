"""Dataclasses to plain data and back, by field type. The plan of a class is made once.

`encode` drops None and never changes its argument. `decode` never changes its argument either, shares no dict or list
with it, and keeps keys it does not know (of a newer version) on the object, so that they are written again.
"""

from __future__ import annotations

import base64
import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar, Union

T = TypeVar("T")
Convert = Callable[[Any], Any]

UNKNOWN = "_unknown"

_PLAIN = frozenset({str, int, float, bool, type(None)})
_SEQUENCES = frozenset({list, tuple, set, frozenset})


def encode(value: Any) -> Any:
    """Plain data: dict, list, str, int, float, bool, None."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {key if type(key) is str else _key(key): encode(item) for key, item in value.items()}
    if kind in _SEQUENCES:
        return [encode(item) for item in value]
    return _encode_object(value)


def _key(key: Any) -> str:
    return str(key.value if isinstance(key, Enum) else key)


def _encode_object(value: Any) -> Any:
    if isinstance(value, Enum):
        return encode(value.value)
    if isinstance(value, type):
        return value.__name__
    if (to_dict := getattr(value, "to_dict", None)) is not None:
        return to_dict()
    if dataclasses.is_dataclass(value):
        return encode_fields(value)
    if (dump := getattr(value, "model_dump", None)) is not None:
        return dump(mode="json", exclude_none=True)
    return _encode_value(value)


def _encode_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {_key(key): encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [encode(item) for item in value]
    for plain in (str, int, float):  # their subclasses, like numpy.float64
        if isinstance(value, plain):
            return plain(value)
    return str(value)


def encode_fields(value: Any, always: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields of a dataclass instance that are not None (or are in `always`), and what `decode` did not know."""
    plan, fields = _plan(type(value)), value.__dict__
    known, result = plan.converters, plan.defaults.copy()
    for name, item in list(fields.items()):  # a list: a run that goes on in another thread may add to it
        if name in known:
            if item is not None:
                result[name] = item if type(item) in _PLAIN else encode(item)
            else:
                result.pop(name, None)
    for name in plan.made:
        if name not in fields and (item := getattr(value, name)) is not None:
            result[name] = encode(item)
    for name in always:
        result.setdefault(name, None)
    unknown = fields.get(UNKNOWN)
    if unknown:
        result.update({key: encode(item) for key, item in unknown.items() if key not in result})
    return result


def decode(cls: type[T], data: Mapping[str, Any]) -> T:
    """An instance of a dataclass from the plain data that `encode` made of one."""
    plan = _plan(cls)
    obj = cls.__new__(cls)
    fields = obj.__dict__
    unknown: dict[str, Any] = {}
    converters = plan.converters
    for key, value in data.items():
        if key not in converters:
            unknown[key] = copied(value)
        elif value is not None:
            convert = converters[key]
            fields[key] = copied(value) if convert is None else convert(value)
        else:
            fields[key] = None
    for name, make in plan.factories:
        if name not in fields:
            fields[name] = make()
    if unknown:
        fields[UNKNOWN] = unknown
    return obj


def revived(cls: type, name: str, value: Any) -> Any:
    """The value of one field, given as plain data or as the objects themselves."""
    convert = _plan(cls).converters[name]
    return value if convert is None or value is None else convert(value)


def copied(value: Any) -> Any:
    """A copy of plain data as deep as its dicts and lists go; other objects are shared."""
    kind = type(value)
    if kind is dict:
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if kind is list else value


class _Plan:
    """What is known about a dataclass: how each field is revived, and its defaults.

    An instance may store only what differs from its class: `defaults` are what it then says of the others, encoded; `made`
    are the fields that have to be asked for, because no plain value of the class stands for them.
    """

    def __init__(self, cls: type) -> None:
        fields = [f for f in dataclasses.fields(cls) if not f.name.startswith("_")]
        hints = _hints(cls)
        self.converters: dict[str, Convert | None] = {
            f.name: f.metadata.get("decode") or _converter(hints.get(f.name)) for f in fields
        }
        of_class = {f.name: inspect.getattr_static(cls, f.name, dataclasses.MISSING) for f in fields}
        plain = {name: value for name, value in of_class.items() if type(value) in _PLAIN or isinstance(value, Enum)}
        self.defaults = {name: encode(value) for name, value in plain.items() if value is not None}
        self.made = tuple(name for name in of_class if name not in plain)
        self.factories = [(f.name, f.default_factory) for f in fields if callable(f.default_factory)]


_plans: dict[type, _Plan] = {}


def _plan(cls: type) -> _Plan:
    plan = _plans.get(cls)
    if plan is None:
        plan = _plans[cls] = _Plan(cls)
    return plan


def _hints(cls: type) -> dict[str, Any]:
    """Type hints by field. A hint that cannot be resolved (a user's local class) leaves its field as plain data."""
    try:
        return typing.get_type_hints(cls)
    except NameError:
        base = cls.__mro__[1]
        return _hints(base) if dataclasses.is_dataclass(base) else {}


def _converter(hint: Any) -> Convert | None:
    """How to revive a value of this type; None if it is plain already."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        found = [c for arg in arguments if arg is not type(None) and (c := _converter(arg)) is not None]
        return found[0] if len(found) == 1 else None
    if origin is list and arguments:
        item = _converter(arguments[0])
        return None if item is None else (lambda values: [v if v is None else item(v) for v in values])
    if origin is dict and arguments:
        value = _converter(arguments[1])
        return None if value is None else (lambda items: {k: v if v is None else value(v) for k, v in items.items()})
    return _class_converter(hint) if isinstance(hint, type) else None


def _class_converter(cls: type) -> Convert | None:
    if issubclass(cls, Enum):
        return _enum_converter(cls)
    if cls is datetime:
        return lambda value: datetime.fromisoformat(value) if isinstance(value, str) else value
    from_dict = getattr(cls, "from_dict", None)
    if from_dict is not None:
        return lambda value: from_dict(value) if isinstance(value, Mapping) else value
    if dataclasses.is_dataclass(cls):
        return lambda value: decode(cls, value) if isinstance(value, Mapping) else value
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and issubclass(cls, pydantic.BaseModel):
        validate: Convert = cls.model_validate  # type: ignore[attr-defined]  # pydantic is not imported here
        return lambda value: validate(copied(value)) if isinstance(value, Mapping) else value
    return None


def _enum_converter(cls: type[Enum]) -> Convert:
    def revive(value: Any) -> Any:
        try:
            return cls(value)
        except ValueError:  # a member of a newer version: keep its text
            return value

    return revive


class Coded:
    """Mixin: `to_dict` and `from_dict` by field type."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data; None is left out."""
        return encode_fields(self)

    @classmethod
    def from_dict(cls: type[T], data: Mapping[str, Any]) -> T:
        """The inverse of `to_dict`. Keys of newer versions are kept."""
        return decode(cls, data)


__all__ = ["UNKNOWN", "Coded", "copied", "decode", "encode", "encode_fields", "revived"]
