"""The one guard in front of every route of AgentOS: HTTP, WebSocket, mounted apps and interfaces alike."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from agno.os._caller import ANYBODY, SCOPE_KEY, Caller
from agno.os._errors import answer, answer_for

MISSING = "Authorization header required"
MALFORMED = "Invalid authorization header format. Expected 'Bearer <token>'"
WRONG = "Invalid authentication token"

OPEN_PATHS = frozenset({"/health"})


class Refusal(Exception):
    """A request that may not pass."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers


class Guard:
    """Finds out who asks, and refuses whoever may not.

    `key` is the one secret of the service, `identify` an identity provider in its place (a JWT, say): given the scope of
    a request it gives the `Caller`, None for a request without credentials, or raises `Refusal`.
    """

    def __init__(self, key: str | None = None, identify: Callable[[Scope], Caller | None] | None = None) -> None:
        self._key = key.encode() if key else None
        self._identify = identify

    @property
    def is_closed(self) -> bool:
        """True if nobody passes without credentials."""
        return self._key is not None or self._identify is not None

    # Who asks --------------------------------------------------------------------------------------------------------

    def caller(self, scope: Scope) -> Caller:
        """Who sends this request; raises `Refusal`."""
        known: Caller | None = scope.get(SCOPE_KEY)
        if known is not None:  # a middleware of the application has found it out
            return known
        if self._identify is not None:
            found = self._identify(scope)
            if found is not None:
                return found
            if self._key is None:
                raise Refusal(401, MISSING, _CHALLENGE)
        if self._key is not None:
            self.check(_authorization(scope))
        return ANYBODY

    def check(self, header: str | None) -> None:
        """Refuse an `Authorization` header that does not carry the key."""
        if header is None:
            raise Refusal(401, MISSING, _CHALLENGE)
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refusal(401, MALFORMED, _CHALLENGE)
        if not self.accepts(token):
            raise Refusal(401, WRONG, _CHALLENGE)

    def accepts(self, token: str) -> bool:
        """True for the key; takes the same time for all others."""
        return self._key is None or hmac.compare_digest(token.strip().encode("utf-8", "replace"), self._key)

    # In front of an app ----------------------------------------------------------------------------------------------

    def before(self, app: ASGIApp, *, open: bool = False, late: bool = False) -> ASGIApp:
        """The app behind this guard.

        `open`: everybody passes, because the app needs no identity or checks signatures itself. `late`: a WebSocket that
        may say who it is in its first message, so that a missing header is no refusal.
        """

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] not in ("http", "websocket"):
                return await app(scope, receive, send)
            try:
                if not open:
                    self._admit(scope, late)
            except Refusal as refusal:
                return await _refuse(refusal, scope, receive, send)
            await _protected(app, scope, receive, send)

        return guarded

    def _admit(self, scope: Scope, late: bool) -> None:
        if late and self.is_closed and SCOPE_KEY not in scope and _authorization(scope) is None:
            return  # nobody yet: the socket asks
        scope[SCOPE_KEY] = self.caller(scope)


_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _authorization(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            text: str = value.decode("latin-1")
            return text
    return None


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await answer(refusal.status, refusal.detail, refusal.headers)(scope, receive, send)
        return
    await send({"type": "websocket.close", "code": 4401 if refusal.status == 401 else 1008, "reason": refusal.detail})


async def _protected(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer for what the app lets out; once its answer began, there is only the log."""
    started = False

    async def watched(message: Any) -> None:
        nonlocal started
        started = True
        await send(message)

    try:
        await app(scope, receive, watched)
    except HTTPException:
        raise
    except Exception as error:  # the border: whatever a route did wrong, the caller gets an answer
        response = answer_for(error)
        if scope["type"] == "http" and not started:
            await response(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1011})
        else:
            raise


Handle = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["MALFORMED", "MISSING", "OPEN_PATHS", "WRONG", "Guard", "Refusal"]
