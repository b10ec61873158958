"""The keys that filters may ask about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agno.filters import FilterExpr


def checked(filters: Any, known: set[str]) -> tuple[Any, list[str]]:
    """Those of a dict whose keys are known, and the keys that are not. Expressions are not taken apart."""
    if not filters:
        return {}, []
    if isinstance(filters, FilterExpr) or not isinstance(filters, Mapping):
        return filters, []
    valid = {key: value for key, value in filters.items() if is_known(key, known)}
    return valid, [key for key in filters if key not in valid]


def is_known(key: str, known: set[str]) -> bool:
    """A key with dots is a path: it may begin where the metadata lies, and go on into nested metadata."""
    if key in known:
        return True
    parts = str(key).split(".")
    return len(parts) > 1 and (parts[-1] in known or parts[0] in known)


def keys_in(rows: Iterable[Mapping[str, Any] | None]) -> set[str]:
    """The keys of metadata."""
    return {key for metadata in rows for key in metadata or ()}


__all__ = ["checked", "is_known", "keys_in"]
