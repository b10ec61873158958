"""Values as text, the way steps read them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from agno._engine.inputs import as_json


def input_text(value: Any) -> str | None:
    """Text as it is; models, dicts and lists as indented JSON; None stays None."""
    if value is None or isinstance(value, str):
        return value
    return as_json(value) if isinstance(value, (BaseModel, dict, list)) else str(value)


__all__ = ["input_text"]
