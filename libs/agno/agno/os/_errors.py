"""From exceptions to answers: what is the caller's is said in words, what is ours is a generic sentence with an id."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.responses import Response

from agno.exceptions import AgnoError, InputCheckError, OutputCheckError, RunNotContinuableError, RunNotFoundError
from agno.utils.ids import new_id
from agno.utils.log import log_exception


class Json(Response):
    """Bytes that are JSON already."""

    media_type = "application/json"


def answer(status: int, detail: Any, headers: dict[str, str] | None = None, **more: Any) -> Json:
    """An error as a response: `{"detail": ...}`."""
    body = msgspec.json.encode({"detail": detail, **more}, enc_hook=str)
    return Json(body, status_code=status, headers=headers)


def answer_for(error: Exception) -> Json:
    """The response for an exception that a route let out."""
    if isinstance(error, RunNotFoundError):
        return answer(404, str(error))
    if isinstance(error, RunNotContinuableError):
        return answer(409, str(error))
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":  # it came with the request
        return answer(422, "The request holds half of a character (a lone surrogate), which is no text.")
    if isinstance(error, (InputCheckError, OutputCheckError)):
        trigger = getattr(error.check_trigger, "value", error.check_trigger)
        return answer(400, str(error), error_code=trigger)
    status = error.status_code if isinstance(error, AgnoError) else getattr(error, "status_code", 500)
    status = status if isinstance(status, int) and 400 <= status < 600 else 500
    error_id = new_id()
    log_exception(f"error_id={error_id} | a request failed: {type(error).__name__}", exc_info=error)
    return answer(status, f"{_phrase(status)}. The log has more under this id.", error_id=error_id)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


__all__ = ["Json", "answer", "answer_for"]
