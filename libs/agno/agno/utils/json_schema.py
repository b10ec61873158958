"""JSON schemas of type hints, as models read them: nothing is referenced, everything stands where it is used."""

from __future__ import annotations

import collections.abc
import copy
import dataclasses
import datetime
import inspect
import pathlib
import types
import typing
import uuid
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Union

import typing_extensions
from pydantic import BaseModel

_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    complex: {"type": "number"},
    Decimal: {"type": "number"},
    bool: {"type": "boolean"},
    bytes: {"type": "string"},
    None: {"type": "null"},
    type(None): {"type": "null"},
    list: {"type": "array", "items": {}},
    tuple: _TEXTS,
    set: _TEXTS,
    frozenset: _TEXTS,
    dict: {"type": "object", "additionalProperties": True},
    datetime.datetime: {"type": "string", "format": "date-time"},
    datetime.date: {"type": "string", "format": "date"},
    datetime.time: {"type": "string", "format": "time"},
    uuid.UUID: {"type": "string", "format": "uuid"},
    pathlib.Path: {"type": "string"},
    Any: {},
    inspect.Parameter.empty: {},
}
_ARRAYS = (collections.abc.Iterable, collections.abc.Collection, collections.abc.Iterator)
_MARKS = (typing_extensions.Required, typing_extensions.NotRequired, typing.Final, typing.ClassVar)
Above = tuple[type, ...]  # the classes a hint lies in: one that contains itself ends in a plain object


def json_schema(hint: Any) -> dict[str, Any]:
    """The JSON schema of a type hint; `{}`, which allows anything, for a type that JSON does not know."""
    return _schema(hint, ())


def _schema(hint: Any, above: Above) -> dict[str, Any]:
    try:
        if hint in _PLAIN:
            return copy.deepcopy(_PLAIN[hint])
    except TypeError:  # an unhashable hint is none of the plain ones
        pass
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _annotated(arguments, above)
    if origin in _MARKS:
        return _schema(arguments[0], above)
    if (inner := getattr(hint, "__supertype__", None) or getattr(hint, "__value__", None)) is not None:
        return _schema(inner, above) if not isinstance(hint, type) else _of_class(hint, above)
    if origin is Literal:
        return _enumeration(list(arguments))
    if origin in (Union, types.UnionType):
        return _union(arguments, above)
    if isinstance(origin, type):
        return _generic(origin, arguments, above)
    return _of_class(hint, above) if isinstance(hint, type) else {}


def _annotated(arguments: tuple[Any, ...], above: Above) -> dict[str, Any]:
    schema = _schema(arguments[0], above)
    for note in arguments[1:]:
        text = note if isinstance(note, str) else getattr(note, "description", None)
        if isinstance(text, str):
            schema["description"] = text
    return schema


def _generic(origin: type, arguments: tuple[Any, ...], above: Above) -> dict[str, Any]:
    if issubclass(origin, Mapping):
        values = _schema(arguments[1], above) if len(arguments) == 2 else {}
        return {"type": "object", "additionalProperties": values or True}
    if issubclass(origin, (Sequence, Set)) or origin in _ARRAYS:
        items = [argument for argument in arguments if argument is not Ellipsis]
        return {"type": "array", "items": _schema(items[0], above)} if items else copy.deepcopy(_TEXTS)
    return _of_class(origin, above)


def _of_class(cls: type, above: Above) -> dict[str, Any]:
    if cls in above:
        return {"type": "object"}
    if issubclass(cls, Enum):
        return _enumeration([member.value for member in cls])
    if issubclass(cls, BaseModel):
        return inlined(cls.model_json_schema())
    if dataclasses.is_dataclass(cls):
        return _of_dataclass(cls, (*above, cls))
    if typing_extensions.is_typeddict(cls):
        return _of_typed_dict(cls, (*above, cls))
    if issubclass(cls, pathlib.PurePath):
        return {"type": "string"}
    return {}


def _enumeration(values: list[Any]) -> dict[str, Any]:
    kinds = {type(value) for value in values}
    kind = _PLAIN.get(kinds.pop(), {}).get("type") if len(kinds) == 1 else None
    return {"type": kind, "enum": values} if kind else {"enum": values}


def _union(arguments: tuple[Any, ...], above: Above) -> dict[str, Any]:
    real = [argument for argument in arguments if argument is not type(None)]
    if len(real) == 1:
        return _schema(real[0], above)
    return {"anyOf": [_schema(argument, above) for argument in real]}


def _of_dataclass(cls: type, above: Above) -> dict[str, Any]:
    hints = typing_extensions.get_type_hints(cls, include_extras=True)
    properties, required = {}, []
    for field in dataclasses.fields(cls):
        properties[field.name] = _schema(hints[field.name], above)
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if not has_default and not allows_none(hints[field.name]):
            required.append(field.name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of_typed_dict(cls: type, above: Above) -> dict[str, Any]:
    hints = typing_extensions.get_type_hints(cls, include_extras=True)
    return {
        "type": "object",
        "properties": {name: _schema(hint, above) for name, hint in hints.items()},
        "required": [name for name, hint in hints.items() if _is_required(cls, name, hint)],
        "additionalProperties": False,
    }


def _is_required(cls: type, name: str, hint: Any) -> bool:
    # the mark goes first: `__required_keys__` does not see marks in annotations that are text
    mark = typing.get_origin(hint)
    if mark is typing_extensions.NotRequired or mark is typing_extensions.Required:
        return mark is typing_extensions.Required
    return name in getattr(cls, "__required_keys__", ())


def allows_none(hint: Any) -> bool:
    """True for `Optional[X]` and `X | None`."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    return hint is None or hint is type(None) or type(None) in typing.get_args(hint)


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without `$ref`; a model that contains itself ends in a plain object."""
    definitions = schema.get("$defs", {})

    def resolve(node: Any, above: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [resolve(item, above) for item in node]
        if not isinstance(node, dict):
            return node
        if isinstance(reference := node.get("$ref"), str):
            name = reference.rsplit("/", 1)[-1]
            rest = {key: value for key, value in node.items() if key not in ("$ref", "$defs")}
            if name in above or name not in definitions:
                return {"type": "object", **rest}
            return {**resolve(definitions[name], (*above, name)), **rest}
        return {key: resolve(value, above) for key, value in node.items() if key != "$defs"}

    resolved: dict[str, Any] = resolve(schema, ())
    return resolved


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema as strict providers want it: every property required, nothing else allowed."""
    result = {key: _strict_value(value) for key, value in schema.items()}
    if result.get("type") == "object" and "properties" in result:
        result["required"] = list(result["properties"])
        result["additionalProperties"] = False
    return result


def _strict_value(value: Any) -> Any:
    if isinstance(value, dict):
        return strict(value)
    if isinstance(value, list):
        return [strict(item) if isinstance(item, dict) else item for item in value]
    return value


def can_be_strict(schema: dict[str, Any]) -> bool:
    """False if the schema leaves anything open: strict providers refuse a free dict, and a value of any type."""
    if "anyOf" in schema:
        return all(can_be_strict(item) for item in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return True
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties")
        if properties is None or schema.get("additionalProperties") not in (None, False):
            return False
        return all(can_be_strict(item) for item in properties.values())
    if kind == "array":
        return can_be_strict(schema.get("items") or {})
    return kind is not None


__all__ = ["allows_none", "can_be_strict", "inlined", "json_schema", "strict"]
