"""JSON schemas of functions, from their type hints and docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Union

from docstring_parser import parse as parse_docstring
from pydantic import BaseModel

from agno.run.context import RunContext

# filled in by the framework; never shown to the model, never taken from it
INJECTED = frozenset(
    {"agent", "team", "workflow", "session_state", "dependencies", "run_context", "images", "videos", "audios",
     "files", "fc", "self", "knowledge_filters"}
)  # fmt: skip

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    complex: {"type": "number"},
    Decimal: {"type": "number"},
    bool: {"type": "boolean"},
    bytes: {"type": "string"},
    type(None): {"type": "null"},
    list: {"type": "array", "items": {}},
    tuple: {"type": "array", "items": {}},
    set: {"type": "array", "items": {}},
    frozenset: {"type": "array", "items": {}},
    dict: {"type": "object", "additionalProperties": True},
    Any: {},
    inspect.Parameter.empty: {},
}
_ARRAYS = (list, tuple, set, frozenset, Sequence)


def json_schema(hint: Any) -> dict[str, Any]:
    """The JSON schema of a type hint."""
    if isinstance(hint, typing.TypeVar):
        return {}
    try:
        if hint in _PLAIN:
            return dict(_PLAIN[hint])
    except TypeError:  # an unhashable hint is none of the plain ones
        pass
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return json_schema(arguments[0])
    if origin is Literal:
        return _enumeration(list(arguments))
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin in _ARRAYS or (origin is not None and isinstance(origin, type) and issubclass(origin, Sequence)):
        items = [a for a in arguments if a is not Ellipsis]
        return {"type": "array", "items": json_schema(items[0]) if items else {}}
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": json_schema(arguments[1]) or True}
    return _of_class(hint) if isinstance(hint, type) else {}


def _of_class(cls: type) -> dict[str, Any]:
    if issubclass(cls, Enum):
        return _enumeration([member.value for member in cls])
    if issubclass(cls, BaseModel):
        return inlined(cls.model_json_schema())
    if dataclasses.is_dataclass(cls):
        return _of_dataclass(cls)
    if typing.is_typeddict(cls):
        hints = typing.get_type_hints(cls)
        required = sorted(getattr(cls, "__required_keys__", ()))
        return {
            "type": "object",
            "properties": {name: json_schema(kind) for name, kind in hints.items()},
            "required": required,
            "additionalProperties": False,
        }
    return {}


def _enumeration(values: list[Any]) -> dict[str, Any]:
    kinds = {type(value) for value in values}
    kind = _PLAIN.get(kinds.pop(), {}).get("type") if len(kinds) == 1 else None
    return {"type": kind, "enum": values} if kind else {"enum": values}


def _union(arguments: tuple[Any, ...]) -> dict[str, Any]:
    real = [a for a in arguments if a is not type(None)]
    if len(real) == 1:
        return json_schema(real[0])
    return {"anyOf": [json_schema(a) for a in real]}


def _of_dataclass(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    properties, required = {}, []
    for field in dataclasses.fields(cls):
        properties[field.name] = json_schema(hints[field.name])
        optional = type(None) in typing.get_args(hints[field.name])
        has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        if not optional and not has_default:
            required.append(field.name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without `$ref`; a model that contains itself ends in a plain object."""
    definitions = schema.get("$defs", {})

    def resolve(node: Any, above: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [resolve(item, above) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            name = node["$ref"].rsplit("/", 1)[-1]
            rest = {key: value for key, value in node.items() if key != "$ref"}
            if name in above or name not in definitions:
                return {"type": "object", **rest}
            return {**resolve(definitions[name], (*above, name)), **rest}
        return {key: resolve(value, above) for key, value in node.items() if key != "$defs"}

    resolved: dict[str, Any] = resolve(schema, ())
    return resolved


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema as strict providers want it: every property required, nothing else allowed."""
    if not isinstance(schema, dict):
        return schema
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


@dataclasses.dataclass(frozen=True)
class Described:
    """What is known of a callable: looked up once."""

    description: str
    parameters: dict[str, Any]
    injected: dict[str, str]  # parameter name -> what it gets
    hints: dict[str, Any]
    accepts_any: bool


def describe(fn: Callable[..., Any]) -> Described:
    """Schema, description and injected parameters of a function."""
    signature = inspect.signature(fn)
    hints = type_hints(fn)
    text = inspect.getdoc(fn)
    doc = parse_docstring(text) if text else None
    notes = {p.arg_name: p.description for p in doc.params} if doc is not None else {}
    properties: dict[str, Any] = {}
    required: list[str] = []
    injected: dict[str, str] = {}
    accepts_any = False
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            accepts_any |= parameter.kind is parameter.VAR_KEYWORD
            continue
        hint = hints.get(name, parameter.annotation)
        if name in INJECTED or _wants_context(hint):
            injected[name] = "run_context" if _wants_context(hint) else name
            continue
        schema = json_schema(hint)
        if notes.get(name):
            schema["description"] = notes[name]
        properties[name] = schema
        if parameter.default is parameter.empty:
            required.append(name)
    described = "\n\n".join(part for part in (doc.short_description, doc.long_description) if part) if doc else ""
    return Described(
        described, {"type": "object", "properties": properties, "required": required}, injected, hints, accepts_any
    )


def type_hints(fn: Callable[..., Any]) -> dict[str, Any]:
    """Resolved annotations; those that cannot be resolved are left out."""
    target = inspect.unwrap(fn)
    while hasattr(target, "func"):
        target = target.func
    try:
        return typing.get_type_hints(target, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return {k: v for k, v in getattr(target, "__annotations__", {}).items() if not isinstance(v, str)}


def _wants_context(hint: Any) -> bool:
    return hint is RunContext or RunContext in typing.get_args(hint)


__all__ = ["INJECTED", "Described", "describe", "inlined", "json_schema", "strict", "type_hints"]
