"""Helpers on dataclasses."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from agno.utils.codec import encode_fields


def dataclass_to_dict(
    dataclass_object: Any, exclude: Container[str] | None = None, exclude_none: bool = False
) -> dict[str, Any]:
    """The fields of a dataclass as plain data."""
    names = frozenset(dataclass_object.__dataclass_fields__)
    data = encode_fields(dataclass_object, always=frozenset() if exclude_none else names)
    return {name: value for name, value in data.items() if name not in (exclude or ())}


__all__ = ["dataclass_to_dict"]
