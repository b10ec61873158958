"""Marks on hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "run_in_background"


def hook(fn: F | None = None, *, run_in_background: bool = False) -> Any:
    """Mark a pre- or post-hook: `@hook`, or `@hook(run_in_background=True)`.

    A background hook gets deep copies of what it asks for. It runs after the response where somebody can run it then:
    under AgentOS, or in a server that passes its `background_tasks` to the run, as FastAPI makes them. Elsewhere it runs in
    its place.
    """

    def mark(function: F) -> F:
        setattr(function, _MARK, run_in_background)
        return function

    return mark(fn) if fn is not None else mark


def runs_in_background(fn: Any) -> bool:
    """True for a hook that is marked to run after the response."""
    return bool(getattr(fn, _MARK, False))


__all__ = ["hook", "runs_in_background"]
