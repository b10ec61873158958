"""Dataclasses to plain data and back, by field type. The plan of a class is made once.

`encode` drops None and never changes its argument. `decode` never changes its argument either, and keeps keys it does
not know (of a newer version) on the object, so that they are written again.
"""

from __future__ import annotations

import base64
import dataclasses
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
_decoders: dict[type, dict[str, Convert | None]] = {}


def encode(value: Any) -> Any:
    """Plain data: dict, list, str, int, float, bool, None."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {key if type(key) is str else str(key): encode(item) for key, item in value.items()}
    if kind in _SEQUENCES:
        return [encode(item) for item in value]
    return _encode_object(value)


_PLAIN = frozenset({str, int, float, bool, type(None)})
_SEQUENCES = frozenset({list, tuple, set, frozenset})


def _encode_object(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    to_dict = getattr(value, "to_dict", None)
    if to_dict is not None and not isinstance(value, type):
        return to_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return encode_fields(value)
    dump = getattr(value, "model_dump", None)
    if dump is not None and not isinstance(value, type):
        return dump(mode="json", exclude_none=True)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    return str(value)


def encode_fields(value: Any, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields of a dataclass instance that are not None, encoded, and what `decode` did not know."""
    result: dict[str, Any] = {}
    for name in _field_names(type(value)):
        if name not in skip and (item := getattr(value, name)) is not None:
            result[name] = encode(item)
    unknown = value.__dict__.get(UNKNOWN)
    if unknown:
        result.update({key: item for key, item in unknown.items() if key not in result})
    return result


_names: dict[type, tuple[str, ...]] = {}


def _field_names(cls: type) -> tuple[str, ...]:
    names = _names.get(cls)
    if names is None:
        names = _names[cls] = tuple(f.name for f in dataclasses.fields(cls) if not f.name.startswith("_"))  # type: ignore[arg-type]
    return names


def decode(cls: type[T], data: Mapping[str, Any]) -> T:
    """An instance from what `encode` gave."""
    plan = _decoders.get(cls)
    if plan is None:
        plan = _decoders[cls] = _plan(cls)
    obj = cls.__new__(cls)
    fields = obj.__dict__
    unknown: dict[str, Any] = {}
    for key, value in data.items():
        if key not in plan:
            unknown[key] = value
        else:
            convert = plan[key]
            fields[key] = value if convert is None or value is None else convert(value)
    for name, make in _factories(cls).items():
        if name not in fields:
            fields[name] = make()
    if unknown:
        fields[UNKNOWN] = unknown
    return obj


_made: dict[type, dict[str, Callable[[], Any]]] = {}


def _factories(cls: type) -> dict[str, Callable[[], Any]]:
    found = _made.get(cls)
    if found is None:
        found = _made[cls] = {
            f.name: f.default_factory
            for f in dataclasses.fields(cls)  # type: ignore[arg-type]  # a dataclass type
            if f.default_factory is not dataclasses.MISSING and not f.name.startswith("_")
        }
    return found


def _plan(cls: type) -> dict[str, Convert | None]:
    hints = typing.get_type_hints(cls)
    plan: dict[str, Convert | None] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # a dataclass type
        if field.name.startswith("_"):
            continue
        plan[field.name] = field.metadata.get("decode") or _converter(hints[field.name])
    return plan


def _converter(hint: Any) -> Convert | None:
    """How to revive a value of this type; None if it is plain already."""
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        found = [c for arg in typing.get_args(hint) if arg is not type(None) and (c := _converter(arg)) is not None]
        return found[0] if len(found) == 1 else None
    if origin in (list, typing.Sequence) or getattr(origin, "__name__", "") == "Sequence":
        item = _converter(typing.get_args(hint)[0]) if typing.get_args(hint) else None
        return None if item is None else (lambda values: [_revived(item, v) for v in values])
    if origin is dict:
        arguments = typing.get_args(hint)
        value = _converter(arguments[1]) if len(arguments) == 2 else None
        return None if value is None else (lambda items: {k: _revived(value, v) for k, v in items.items()})
    if isinstance(hint, type):
        return _class_converter(hint)
    return None


def _revived(convert: Convert, value: Any) -> Any:
    return value if value is None else convert(value)


def _class_converter(cls: type) -> Convert | None:
    if issubclass(cls, Enum):
        return cls
    if cls is datetime:
        return lambda value: datetime.fromisoformat(value) if isinstance(value, str) else value
    from_dict = getattr(cls, "from_dict", None)
    if from_dict is not None:
        return lambda value: from_dict(value) if isinstance(value, Mapping) else value
    if dataclasses.is_dataclass(cls):
        return lambda value: decode(cls, value) if isinstance(value, Mapping) else value
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and issubclass(cls, pydantic.BaseModel):
        return lambda value: cls.model_validate(value) if isinstance(value, Mapping) else value  # type: ignore[attr-defined]
    return None


class Coded:
    """Mixin: `to_dict` and `from_dict` by field type."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data; None is left out."""
        return encode_fields(self)

    @classmethod
    def from_dict(cls: type[T], data: Mapping[str, Any]) -> T:
        """The inverse of `to_dict`. Keys of newer versions are kept."""
        return decode(cls, data)


__all__ = ["UNKNOWN", "Coded", "decode", "encode", "encode_fields"]
