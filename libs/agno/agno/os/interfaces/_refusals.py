"""What a client of another protocol reads when its request is not carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import HTTPException
from pydantic import ValidationError

from agno.exceptions import InputCheckError, OutputCheckError
from agno.os._failures import failure


@dataclass(frozen=True)
class Told:
    """Status and sentence. `where` is the part of the body that is not right."""

    status: int
    sentence: str
    where: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def told(error: Exception) -> Told:
    """What is told of an exception. Must be called while it is handled, for the log's traceback."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return Told(400, f"{where or 'The body'}: {first['msg']}", where or None)
    if isinstance(error, (ValueError, InputCheckError, OutputCheckError)):  # the sentence is for whoever asked
        return Told(400, str(error))
    if isinstance(error, HTTPException):
        return Told(error.status_code, str(error.detail), headers=error.headers or {})
    return Told(500, failure(error)[0])


__all__ = ["Told", "told"]
