"""What can go wrong while content is read."""

from __future__ import annotations

from agno.exceptions import AgnoError


class ReaderError(AgnoError):
    """A content cannot be read: it is broken, empty, too large, not what its name says, or cannot be reached.

    The message is one sentence that names the content and says why.
    """

    def __init__(self, message: str, status_code: int = 422) -> None:
        super().__init__(message, status_code)


__all__ = ["ReaderError"]
