"""JSON schemas and tools as OpenAI takes them."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from agno.models._sdk import function_specs, json_schema_of

Schema = dict[str, Any]

# keywords that constrained output knows; limits it does not know are told to the model in the description
_KEPT = (
    "type", "title", "description", "enum", "const", "pattern", "multipleOf", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems",
)  # fmt: skip
_STRUCTURE = frozenset({"$ref", "$defs", "definitions", "properties", "anyOf", "oneOf", "allOf", "items",
                        "additionalProperties", "required", "discriminator", "default", "format"})  # fmt: skip
_FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})


class _Loose(Exception):
    """A schema that constrained output cannot follow."""


def strict_schema(schema: Schema) -> Schema | None:
    """A schema as constrained output takes it, or None if there is none: a map with free keys, a tuple, any value."""
    if "$ref" in schema and "$defs" in schema:  # a class that refers to itself; the outermost schema must be an object
        schema = {**schema["$defs"][schema["$ref"].rpartition("/")[2]], "$defs": schema["$defs"]}
    try:
        return _strict(schema)
    except _Loose:
        return None


def _strict(schema: Any) -> Schema:
    if not isinstance(schema, dict):
        raise _Loose
    result = {key: schema[key] for key in _KEPT if key in schema}
    told = {key: value for key, value in schema.items() if key not in result and key not in _STRUCTURE}
    for key in ("$defs", "definitions"):
        if key in schema:
            result[key] = {name: _strict(value) for name, value in schema[key].items()}
    if "format" in schema:
        (result if schema["format"] in _FORMATS else told)["format"] = schema["format"]
    if told.keys() & {"prefixItems", "patternProperties", "not", "if"}:
        raise _Loose
    _add_structure(schema, result)
    if told:
        limits = ", ".join(f"{key}: {json.dumps(value)}" for key, value in told.items())
        result["description"] = f"{result.get('description', '')} ({limits})".strip()
    if result.keys() <= {"title", "description"}:
        raise _Loose  # any value
    return result


def _add_structure(schema: Schema, result: Schema) -> None:
    if "$ref" in schema:
        if result:  # a reference stands alone
            result["anyOf"] = [{"$ref": schema["$ref"]}]
        else:
            result["$ref"] = schema["$ref"]
    if len(schema.get("allOf", ())) > 1:
        raise _Loose
    variants = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if variants:
        result["anyOf"] = [_strict(variant) for variant in variants]
    if schema.get("type") == "array" or "items" in schema:
        result["items"] = _strict(schema.get("items"))
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties")
        if schema.get("additionalProperties") or (properties is None and "additionalProperties" not in schema):
            raise _Loose
        result["properties"] = {name: _strict(value) for name, value in (properties or {}).items()}
        result["required"] = list(result["properties"])
        result["additionalProperties"] = False


@lru_cache(maxsize=256)
def _described(schema: type[BaseModel]) -> Schema:
    plain = json_schema_of(schema)
    strict = strict_schema(plain)
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", schema.__name__).strip("_")[:64] or "answer"
    return {"name": name, "schema": plain if strict is None else strict, "strict": strict is not None}


def described(response_format: Any) -> Schema | None:
    """Name, schema and strictness of the asked answer; None for JSON without a schema. It is shared: do not change it."""
    if isinstance(response_format, type):
        return _described(response_format)
    if response_format.get("type") != "json_schema":
        return None
    nested: Schema | None = response_format.get("json_schema")
    return nested or {key: value for key, value in response_format.items() if key != "type"}


# Tools ---------------------------------------------------------------------------------------------------------------


def _function(function: Schema) -> Schema:
    """The function; it is strict only if its parameters can be."""
    if not function.get("strict"):
        return function
    parameters = strict_schema(function.get("parameters") or {"type": "object", "properties": {}})
    if parameters is None:
        return {**function, "strict": False}
    return {**function, "parameters": parameters}


def chat_tools(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tools as chat completions take them."""
    return [
        tool if function is None else {"type": "function", "function": _function(function)}
        for function, tool in function_specs(tools)
    ]


def response_tools(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tools as the responses API takes them: flat, and strict unless told otherwise."""
    return [
        dict(tool) if function is None else {"type": "function", "strict": False, **_function(function)}
        for function, tool in function_specs(tools)
    ]


def choice_param(choice: str | dict[str, Any], *, flat: bool) -> Any:
    """The choice as the API takes it; a name means that tool. `flat` is the form of the responses API."""
    if isinstance(choice, str):
        if choice in ("auto", "none", "required"):
            return choice
        if choice == "any":
            return "required"
        choice = {"type": "function", "function": {"name": choice}}
    if choice.get("type") != "function":
        return choice
    name = (choice.get("function") or choice)["name"]
    return {"type": "function", "name": name} if flat else {"type": "function", "function": {"name": name}}


__all__ = ["chat_tools", "choice_param", "described", "response_tools", "strict_schema"]
