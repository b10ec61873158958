"""What can stand in a list of steps, told apart without importing it."""

from __future__ import annotations

from typing import Any


def kind_of_executor(value: Any) -> str | None:
    """`agent`, `team`, `workflow` or `executor` (a function), by what the value can do; None for anything else."""
    if isinstance(value, type):
        return None
    kind = getattr(value, "session_type", None)
    if kind in ("agent", "team", "workflow"):
        return str(kind)
    if hasattr(value, "arun") and hasattr(value, "run"):  # for example an agent that runs elsewhere
        return "team" if hasattr(value, "members") else "agent"
    return "executor" if callable(value) else None


__all__ = ["kind_of_executor"]
