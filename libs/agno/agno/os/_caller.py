"""Who asks: the identity that the guard found out, kept with the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCOPE_KEY = "agno.caller"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    `user_id` is None for whoever is not one user: the owner of the key, or anybody where no key is set. Such a caller
    may name any user; a caller with a `user_id` only ever sees, changes and runs what is that user's own.
    `scopes` is None where scopes are not in use, and everything is allowed then.
    """

    user_id: str | None = None
    scopes: frozenset[str] | None = None
    session_id: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)

    def acts_as(self, user_id: str | None) -> str | None:
        """The user a request is carried out for: the caller's own id wins over what a body or a query names."""
        return self.user_id if self.user_id is not None else user_id


ANYBODY = Caller()


def caller_of(connection: Any) -> Caller:
    """The caller of a request or a websocket (of Starlette), as the guard left it in its scope."""
    caller: Caller = connection.scope.get(SCOPE_KEY, ANYBODY)
    return caller


__all__ = ["ANYBODY", "SCOPE_KEY", "Caller", "caller_of"]
