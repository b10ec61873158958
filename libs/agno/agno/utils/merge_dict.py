"""Deep merging."""

from __future__ import annotations

from typing import Any


def merge_dictionaries(a: dict[str, Any], b: dict[str, Any]) -> None:
    """Merge b into a, in place and in depth; b wins."""
    for key, value in b.items():
        mine = a.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            merge_dictionaries(mine, value)
        else:
            a[key] = value
