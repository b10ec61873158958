"""From a JSON schema that a client sends to the class that an answer is read into."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

_PLAIN: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool, "null": None}
_DEEPEST = 8
_MOST = 200  # properties of one object


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", serialize_by_alias=True)


def class_of(schema: dict[str, Any]) -> type[BaseModel]:
    """A class for a JSON schema of an object. Keywords that it does not know are not checked; ValueError for no schema."""
    inner = schema.get("json_schema", schema).get("schema", schema) if "json_schema" in schema else schema
    return _object(inner, "Answer", 0)


def _object(schema: Any, name: str, depth: int) -> type[BaseModel]:
    properties = schema.get("properties", {}) if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or depth > _DEEPEST or len(properties) > _MOST:
        raise ValueError("output_schema is no JSON schema of an object, or a very deep or large one.")
    required = schema.get("required")
    wanted = set(map(str, required)) if isinstance(required, list) else set()
    fields: dict[str, Any] = {}
    for number, (key, value) in enumerate(properties.items()):
        kind = _type(value, f"{name}{number}", depth + 1)
        described = value.get("description") if isinstance(value, dict) else None
        facts: dict[str, Any] = {"alias": key, "description": described if isinstance(described, str) else None}
        usable = key.isidentifier() and not key.startswith("_") and not hasattr(BaseModel, key)
        field = key if usable else f"field_{number}"
        fields[field] = (
            (kind, Field(**facts)) if key in wanted else (kind | None if kind is not Any else Any, Field(None, **facts))
        )
    title = schema.get("title")
    made: type[BaseModel] = create_model(
        title if isinstance(title, str) and title.isidentifier() else name, __base__=_Open, **fields
    )
    return made


def _type(schema: Any, name: str, depth: int) -> Any:
    if not isinstance(schema, dict):
        return Any
    values = schema.get("enum")
    if isinstance(values, list) and values and all(isinstance(one, (str, int, bool)) for one in values):
        return Literal[tuple(values)]
    kind = schema.get("type")
    if kind == "object" and schema.get("properties"):
        return _object(schema, name, depth)
    if kind == "object":
        return dict[str, Any]
    if kind == "array":
        inner: Any = _type(schema.get("items"), name, depth)
        return list[inner]
    return _PLAIN.get(kind, Any) if isinstance(kind, str) else Any


__all__ = ["class_of"]
