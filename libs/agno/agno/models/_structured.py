"""Asking a model for an object: the format it knows best, the words where it knows none, and reading what came."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
from pydantic import TypeAdapter, ValidationError

from agno._io import IO
from agno.models._loop import Exchange, converse
from agno.models.base import Model
from agno.models.message import Message

_FENCE = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL | re.IGNORECASE)
_DECORATED_KEY = re.compile(r'[*_`]+("?[\w ]+"?)[*_`]+(?=\s*:)')


async def ask_for(io: IO, model: Model, schema: Any, messages: list[Message], spent: list[Message]) -> Any:
    """An instance of `schema`, or None if the answer cannot be read. What the model said is added to `spent`.

    `messages` begin with the system message; a model that is asked in JSON mode finds the fields described there.
    """
    asked = format_for(model, schema)
    if asked == {"type": "json_object"}:
        system = messages[0]
        prompt = f"{system.get_content_string()}\n\n{json_prompt(schema)}"
        messages = [system.model_copy(update={"content": prompt}), *messages[1:]]
    exchange = Exchange(io=io, model=model, messages=messages, response_format=asked)
    start = len(messages)
    try:
        await converse(exchange)
    finally:
        spent.extend(messages[start:])
    response = exchange.response
    return response.parsed if isinstance(response.parsed, schema) else parse(str(response.content or ""), schema)


def format_for(model: Model, schema: Any) -> Any:
    """How this model is asked for a schema."""
    if model.supports_native_structured_outputs:
        return schema
    if model.supports_json_schema_outputs:
        return json_schema_format(schema)
    return {"type": "json_object"}


def json_schema_format(schema: Any) -> dict[str, Any]:
    """The `response_format` of providers that take a JSON schema."""
    return {"type": "json_schema", "json_schema": {"name": schema.__name__, "schema": schema.model_json_schema()}}


def json_prompt(schema: Any) -> str:
    """Ask for JSON with the fields of a pydantic class; of a `RootModel`, for JSON of its schema."""
    described = schema.model_json_schema()
    if (reference := described.get("$ref")) is not None:  # a class that contains itself stands among its definitions
        described = {**described["$defs"][reference.rsplit("/", 1)[-1]], "$defs": described["$defs"]}
    if "properties" not in described:
        return (
            f"Answer with JSON of this schema:\n<json_schema>\n{_indented(described)}\n</json_schema>\n\n{_BARE_JSON}"
        )
    properties = {
        name: {key: value for key, value in facts.items() if key != "title"}
        for name, facts in described["properties"].items()
    }
    names = msgspec.json.encode(list(properties)).decode()
    if "$defs" in described:
        properties["$defs"] = described["$defs"]
    return (
        "Answer with a JSON object that has these fields:\n"
        f"<json_fields>\n{names}\n</json_fields>\n\n"
        "The properties of each field:\n"
        f"<json_field_properties>\n{_indented(properties)}\n</json_field_properties>\n\n"
        f"Start your answer with `{{` and end it with `}}`. {_BARE_JSON}"
    )


_BARE_JSON = "It is read by a JSON parser, so give nothing else."


def _indented(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def parse(text: str, schema: Any) -> Any:
    """An instance of `schema` from text that may hold more than JSON; None if there is none in it."""
    adapter = TypeAdapter(schema)
    for candidate in _candidates(text):
        try:
            return adapter.validate_json(candidate)
        except ValidationError:
            pass
        try:
            return adapter.validate_python(json.loads(candidate, strict=False))
        except (ValidationError, ValueError, RecursionError):
            pass
    objects = embedded_objects(text)
    for value in (merged(objects), *objects) if objects else ():
        try:
            return adapter.validate_python(value)
        except ValidationError:
            pass
    return None


def _candidates(text: str) -> list[str]:
    stripped = text.strip()
    found = [stripped, *(fence.strip() for fence in _FENCE.findall(stripped))]
    return found + [clean for raw in found if (clean := _clean_keys(raw)) != raw]


def _clean_keys(text: str) -> str:
    """`**"name"**:` and `` `name`: `` become `"name":`."""
    return _DECORATED_KEY.sub(lambda m: m.group(1) if m.group(1).startswith('"') else f'"{m.group(1)}"', text)


def embedded_objects(text: str) -> list[dict[str, Any]]:
    """Every JSON object that stands in the text."""
    decoder = json.JSONDecoder(strict=False)
    text = _clean_keys(text)
    objects: list[dict[str, Any]] = []
    position = text.find("{")
    while position >= 0:
        try:
            value, end = decoder.raw_decode(text, position)
        except ValueError:
            end = position + 1
        except RecursionError:  # nested without end: nothing in it is meant
            break
        else:
            if isinstance(value, dict):
                objects.append(value)
        position = text.find("{", end)
    return objects


def merged(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Several objects as one: lists are joined, of scalars the last wins."""
    result: dict[str, Any] = {}
    for item in objects:
        for key, value in item.items():
            if isinstance(value, list) and isinstance(result.get(key), list):
                result[key] = [*result[key], *value]
            else:
                result[key] = value
    return result


__all__ = ["ask_for", "embedded_objects", "format_for", "json_prompt", "json_schema_format", "merged", "parse"]
