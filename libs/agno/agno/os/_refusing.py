"""Requests that may not pass, and the words for them."""

from __future__ import annotations

MISSING = "Authorization header required"
MALFORMED = "Invalid authorization header format. Expected 'Bearer <token>'"
WRONG = "Invalid authentication token"
CHALLENGE = {"WWW-Authenticate": "Bearer"}


class Refusal(Exception):
    """A request that may not pass."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def unauthenticated(detail: str = WRONG) -> Refusal:
    """Status 401."""
    return Refusal(401, detail, CHALLENGE)


__all__ = ["CHALLENGE", "MALFORMED", "MISSING", "WRONG", "Refusal", "unauthenticated"]
