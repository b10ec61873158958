"""What belongs to nobody in particular: evaluations, metrics, the contents of knowledge. It is for operators."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.requests import Request

from agno.os._caller import caller_of


def operators_only(request: Request, resource: str, action: str) -> None:
    """Status 403 for a caller who is one user, unless a scope of that user allows it by name.

    These rows have no owner, so users cannot be kept apart by them.
    """
    caller = caller_of(request)
    if caller.user_id is None or (caller.scopes is not None and caller.may(resource, action)):
        return
    raise HTTPException(403, f"This is for operators: a user needs the scope {resource}:{action} for it.")


__all__ = ["operators_only"]
