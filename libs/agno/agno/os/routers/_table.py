"""Routes of one resource, from a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter

from agno.os import _docs as docs

Line = tuple[str, str, Callable[..., Any], Any, int, str, str]
"""Method, path, endpoint, model of the response, its status, the name of the operation, and what it is for."""


def routes_of(tag: str, table: Sequence[Line], *errors: int) -> APIRouter:
    """A router with the routes of a table. `errors` are the statuses that each may answer with, besides those of any."""
    made = APIRouter(tags=[tag])
    for method, path, endpoint, model, status, name, summary in table:
        made.add_api_route(
            path, endpoint, methods=[method], response_model=model, status_code=status, operation_id=name,
            summary=summary, responses=docs.errors(*errors),
        )  # fmt: skip
    return made


__all__ = ["Line", "routes_of"]
