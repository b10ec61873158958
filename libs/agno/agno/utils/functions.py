"""Reading the arguments of a tool call. Nothing a model said is ever evaluated."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import msgspec

_WORDS = {"none": None, "null": None, "true": True, "false": False}


def parse_arguments(text: Any, function: Any) -> dict[str, Any]:
    """The arguments of a call as a dict. Raises ValueError, saying what was received."""
    value = _decoded(text, function.name)
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"The arguments of {function.name!r} are {text!r}; they must be a JSON object.")
    properties = function.parameters.get("properties", {})
    return {key: _cleaned(item, properties.get(key, {})) for key, item in value.items()}


def _decoded(text: Any, name: str) -> Any:
    if text is None or isinstance(text, Mapping):
        return dict(text) if text else {}
    if not isinstance(text, str):
        return text
    if not text.strip():
        return {}
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise ValueError(f"The arguments of {name!r} are no JSON object ({error}): {text[:200]!r}") from error


def _cleaned(value: Any, schema: Mapping[str, Any]) -> Any:
    """`"true"` as a value where no text is wanted becomes True, and so on for false, none and null."""
    if isinstance(value, str) and schema.get("type") != "string" and "enum" not in schema:
        return _WORDS.get(value.strip().lower(), value)
    return value


__all__ = ["parse_arguments"]
