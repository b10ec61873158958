"""Marks on hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def hook(fn: F | None = None, *, run_in_background: bool = False) -> Any:
    """Mark a hook. `run_in_background=True` lets a server run it after the response; it then gets copies."""

    def mark(function: F) -> F:
        function.run_in_background = run_in_background  # type: ignore[attr-defined]  # a mark on the function
        return function

    return mark(fn) if fn is not None else mark


__all__ = ["hook"]
