"""Who asks, by a JSON web token: for AgentOS, and for any ASGI app in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from agno.os._caller import SCOPE_KEY
from agno.os._errors import answer
from agno.os._refusing import MISSING, Refusal, unauthenticated
from agno.os._tokens import JWTSettings, Tokens

_OPEN = ("/", "/health", "/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect")


class JWTMiddleware:
    """Checks the token of each request, and tells AgentOS who asks: `app.add_middleware(JWTMiddleware, secret_key=...)`.

    The settings are those of `JWTSettings`. A request to one of `excluded_route_paths` needs no token (by default /,
    /health and the documentation). With `validate=False` a request without a token passes on, too.
    """

    def __init__(self, app: ASGIApp, *, excluded_route_paths: Sequence[str] | None = None, **settings: Any) -> None:
        self.app = app
        self._tokens = Tokens(JWTSettings(**settings))
        self._open = frozenset(_OPEN if excluded_route_paths is None else excluded_route_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] in self._open or _is_preflight(scope):
            return await self.app(scope, receive, send)
        try:
            caller = await self._tokens.identify(scope)
            if caller is None and self._tokens.settings.validate:
                raise unauthenticated(MISSING)
        except Refusal as refusal:
            return await _refuse(refusal, scope, receive, send)
        if caller is not None:
            scope[SCOPE_KEY] = caller
            scope.setdefault("state", {}).update(
                user_id=caller.user_id, session_id=caller.session_id, claims=caller.claims, authenticated=True
            )
        await self.app(scope, receive, send)


def _is_preflight(scope: Scope) -> bool:
    return scope.get("method") == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await answer(refusal.status, refusal.detail, refusal.headers)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 4401, "reason": refusal.detail})


__all__ = ["JWTMiddleware"]
