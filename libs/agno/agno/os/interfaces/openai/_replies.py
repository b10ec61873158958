"""Answers of the routes, and errors in OpenAI's form."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import BaseModel

from agno.os._caller import Caller
from agno.os._errors import Json
from agno.os.interfaces._refusals import told


class OpenAIError(BaseModel):
    """What was wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class OpenAIErrorResponse(BaseModel):
    """An error, as OpenAI's API gives it."""

    error: OpenAIError


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the document says of errors with these statuses."""
    return {status: {"model": OpenAIErrorResponse, "description": "In OpenAI's form"} for status in statuses}


def may_run(caller: Caller, component: Any) -> bool:
    """Whether the caller's scopes allow it."""
    return caller.may(f"{component.session_type}s", "run", component.id)


def json(body: Any, status: int = 200) -> Json:
    """A body as JSON."""
    return Json(msgspec.json.encode(body), status_code=status)


def error_body(message: str, kind: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error(status: int, message: str, kind: str, code: str | None = None, param: str | None = None) -> Json:
    """An error."""
    return json(error_body(message, kind, code, param), status)


def no_model(model: str) -> Json:
    """There is no such component for this caller."""
    message = f"The model {model!r} does not exist or you do not have access to it."
    return error(404, message, "invalid_request_error", "model_not_found", "model")


def error_of(failed: Exception) -> Json:
    """The error for an exception. Must be called while it is handled, for the log's traceback."""
    found = told(failed)
    kind = "server_error" if found.status >= 500 else "invalid_request_error"
    answer = error(found.status, found.sentence, kind, None, found.where)
    answer.headers.update(found.headers)
    return answer


__all__ = [
    "OpenAIError",
    "OpenAIErrorResponse",
    "error",
    "error_body",
    "error_of",
    "errors",
    "json",
    "may_run",
    "no_model",
]
