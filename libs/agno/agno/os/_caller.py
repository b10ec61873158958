"""Who asks: the identity that the guard found out, kept with the request, and what it may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCOPE_KEY = "agno.caller"
ADMIN = "agent_os:admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    `user_id` is None for whoever is not one user: the owner of the key, or anybody where no key is set. Such a caller
    may name any user; a caller with a `user_id` only ever sees, changes and runs what is that user's own.
    `scopes` is None where scopes are not in use, and everything is allowed then. `dependencies` and `session_state` are
    what the identity brings along for the runs of this caller.
    """

    user_id: str | None = None
    scopes: frozenset[str] | None = None
    session_id: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    dependencies: Mapping[str, Any] = field(default_factory=dict)
    session_state: Mapping[str, Any] = field(default_factory=dict)
    admin_scope: str = ADMIN

    def acts_as(self, user_id: str | None) -> str | None:
        """The user a request is carried out for: the caller's own id wins over what a body or a query names."""
        return self.user_id if self.user_id is not None else user_id

    def may(self, resource: str, action: str, component_id: str | None = None) -> bool:
        """Whether the scopes allow it, such as `may("agents", "run", "my-agent")`.

        A scope is `agents:run` for all agents, `agents:my-agent:run` for one, `agents:*` for whatever is done with them.
        """
        scopes = self.scopes
        if scopes is None or self.admin_scope in scopes:
            return True
        wanted = {f"{resource}:{action}", f"{resource}:*", f"{resource}:*:{action}"}
        if component_id is not None:
            wanted |= {f"{resource}:{component_id}:{action}", f"{resource}:{component_id}:*"}
        return not wanted.isdisjoint(scopes)

    def may_some(self, resource: str, action: str) -> bool:
        """Whether there is something of the resource that the scopes allow it for: then a list shows that much."""
        if self.may(resource, action):
            return True
        for scope in self.scopes or ():
            parts = scope.split(":")
            if len(parts) == 3 and parts[0] == resource and parts[2] in (action, "*"):
                return True
        return False


ANYBODY = Caller()


def caller_of(connection: Any) -> Caller:
    """The caller of a request or a websocket (of Starlette), as the guard left it in its scope."""
    caller: Caller = connection.scope.get(SCOPE_KEY, ANYBODY)
    return caller


__all__ = ["ADMIN", "ANYBODY", "SCOPE_KEY", "Caller", "caller_of"]
