"""Interfaces with several components: whoever may run none of them reaches none of their routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import HTTPException, Request

from agno.os._caller import caller_of


def runs_some(served: Sequence[Any]) -> Callable[[Request], None]:
    """A dependency of routes: status 403 for a caller whose scopes allow to run nothing of what is served."""

    def permitted(request: Request) -> None:
        caller = caller_of(request)
        if not any(caller.may(f"{one.session_type}s", "run", one.id) for one in served):
            raise HTTPException(403, "Insufficient permissions")

    return permitted


__all__ = ["runs_some"]
