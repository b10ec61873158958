"""What is said of a run that failed: a generic sentence with an id, under which the log has the rest."""

from __future__ import annotations

from typing import Any

from agno.utils.ids import new_id
from agno.utils.log import log_error, log_exception


def failure(error: BaseException) -> tuple[str, str]:
    """A sentence that may be shown to anybody, and the id under which the log has the rest."""
    error_id = new_id()
    log_exception(f"error_id={error_id} | a run failed: {type(error).__name__}", exc_info=error)
    return _sentence(error_id), error_id


def failed(run_id: Any, inside: str, error_id: str | None = None) -> tuple[str, str]:
    """The same for a run that says itself, in the text `inside`, why it failed; that goes to the log."""
    error_id = error_id or new_id()
    log_error(f"error_id={error_id} | run {run_id} failed: {inside}")
    return _sentence(error_id), error_id


def public_error(event: Any) -> str:
    """The sentence about an output or an event that says that a run failed."""
    inside = getattr(event, "content", None) or getattr(event, "error", None)
    return failed(event.run_id, str(inside), getattr(event, "error_id", None))[0]


def _sentence(error_id: str) -> str:
    return f"The run failed. The log has more under error id {error_id}."


__all__ = ["failed", "failure", "public_error"]
