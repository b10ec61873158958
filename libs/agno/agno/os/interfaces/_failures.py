"""What a client may read of a failure: that there was one, of what kind, and the id under which the log has the rest."""

from __future__ import annotations

import logging
from typing import Any

from agno.utils.ids import new_id

logger = logging.getLogger("agno")


def public_error(event: Any) -> str:
    """The sentence for the client about an event that says that a run failed; what it says itself goes to the log."""
    error_id = getattr(event, "error_id", None) or new_id()
    inside = getattr(event, "content", None) or getattr(event, "error", None)
    logger.error("run_id=%s failed (error_id=%s): %s", event.run_id, error_id, inside)
    return _sentence(getattr(event, "error_type", None), error_id)


def public_exception(error: BaseException) -> str:
    """The sentence for the client about an exception; must be called while it is handled, for the log's traceback."""
    error_id = new_id()
    logger.exception("A request failed (error_id=%s)", error_id)
    return _sentence(type(error).__name__, error_id)


def _sentence(kind: str | None, error_id: str) -> str:
    return f"The run failed{f' ({kind})' if kind else ''}. The server's log has more under error id {error_id}."


__all__ = ["public_error", "public_exception"]
