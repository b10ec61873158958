"""Functions and classes as import paths, such as `shop.tools:find_order`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from agno.exceptions import ComponentRehydrationError

_CLOSED = frozenset(sys.stdlib_module_names) | {"builtins"}


def path_of(value: Any) -> str | None:
    """Where a function or class can be imported from; None if it cannot (it is local, a lambda, or something else)."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or "<" in name:
        return None
    return f"{module}:{name}"


def importable(path: str | None) -> Any:
    """What an import path leads to among the modules that are loaded; None if nothing is there."""
    module, _, name = (path or "").partition(":")
    found: Any = sys.modules.get(module)
    for part in name.split(".") if found is not None else ():
        found = getattr(found, part, None)
    return found


def imported(path: str, owner: str) -> Any:
    """What an import path leads to. The standard library is closed: a stored path must not lead to `os:system`."""
    module, _, name = path.partition(":")
    if module.partition(".")[0] in _CLOSED:
        raise ComponentRehydrationError(f"{owner} refers to {path!r}; only your own and agno's modules may be named.")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise ComponentRehydrationError(
            f"{owner} refers to {path!r}, which is not there any more ({error}). Restore it, or give it in registry=."
        ) from error
    return found


__all__ = ["importable", "imported", "path_of"]
