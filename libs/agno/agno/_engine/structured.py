"""Structured output: which format is asked for, and reading it back out of whatever text came."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from agno._engine.context import Run
from agno._engine.prompt import wants_json_prompt
from agno.utils.log import log_warning

_FENCE = re.compile(r"```(?:json)?\s*\n?(.*?)```", re.DOTALL | re.IGNORECASE)
_DECORATED_KEY = re.compile(r'[*_`]+("?[\w ]+"?)[*_`]+(?=\s*:)')


def response_format(run: Run) -> Any:
    """What the model is asked for: the class itself, a JSON schema, JSON mode, or nothing."""
    schema, component, model = run.asked_schema, run.component, run.model
    if schema is None:
        return None
    assert model is not None
    json_mode = component.use_json_mode and not component.structured_outputs
    if model.supports_native_structured_outputs:
        if json_mode or wants_json_prompt(run):
            return None if run.tool_specs and not model.native_output_with_tools else {"type": "json_object"}
        return schema
    if model.supports_json_schema_outputs:
        return json_schema_format(schema)
    return {"type": "json_object"}


def json_schema_format(schema: Any) -> dict[str, Any]:
    """The `response_format` of providers that take a JSON schema."""
    return {"type": "json_schema", "json_schema": {"name": schema.__name__, "schema": schema.model_json_schema()}}


def adopt(run: Run, parsed: Any) -> None:
    """Make the model's answer the run's structured content, if it can be read; else the text stays."""
    schema, output = run.context.output_schema, run.output
    if schema is None:
        return
    value = parsed if isinstance(parsed, BaseModel) else None
    if value is None and isinstance(output.content, str):
        value = parse(output.content, schema)
    if value is None:
        log_warning(f"The answer is no {schema.__name__}; content stays text")
        return
    output.content = value
    output.content_type = schema.__name__


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
        except (ValidationError, ValueError):
            pass
    objects = embedded_objects(text)
    for value in (*objects, merged(objects)) if objects else ():
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


__all__ = ["adopt", "embedded_objects", "json_schema_format", "merged", "parse", "response_format"]
