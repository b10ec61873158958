"""The one guard in front of every route of AgentOS: HTTP, WebSocket, mounted apps and interfaces alike."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from fastapi import HTTPException
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agno.os._bodies import within
from agno.os._caller import ANYBODY, SCOPE_KEY, Caller
from agno.os._errors import answer, answer_for
from agno.os._limiting import Buckets, RateLimit
from agno.os._refusing import MALFORMED, MISSING, Refusal, unauthenticated
from agno.os._scopes import Need, NeedOf, need_of
from agno.utils.secrets import keep_secret

OPEN_PATHS = frozenset({"/health"})

_NOSNIFF = (b"x-content-type-options", b"nosniff")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Identify = Callable[[Scope], Awaitable["Caller | None"]]


class Guard:
    """Finds out who asks, and refuses whoever may not.

    `key` is the one secret of the service; `identify` says who asks otherwise (by a JWT, say): it gives the `Caller`, None
    for a request without credentials, or raises `Refusal`.
    """

    def __init__(
        self,
        key: str | None = None,
        identify: Identify | None = None,
        *,
        rate_limit: RateLimit | None = None,
        largest: int | None = None,
        seconds: float = 60.0,
        origins: Collection[str] = (),
    ) -> None:
        self._key = key.encode() if key else None
        keep_secret(key)
        self._identify = identify
        self._buckets = Buckets(rate_limit) if rate_limit is not None else None
        self._largest, self._seconds = largest, seconds
        self._origins = frozenset(origins)

    @property
    def is_closed(self) -> bool:
        """True if nobody passes without credentials."""
        return self._key is not None or self._identify is not None

    # Who asks --------------------------------------------------------------------------------------------------------

    async def caller(self, scope: Scope) -> Caller:
        """Who sends this request; raises `Refusal`."""
        known: Caller | None = scope.get(SCOPE_KEY)
        if known is not None:  # a middleware of the application has found it out
            return known
        key = self._key
        if key is None and self._identify is None:
            return ANYBODY
        header = authorization(scope)
        if key is not None and header is not None and _is_bearer(header, key):
            return ANYBODY
        if self._identify is not None:
            found = await self._identify(scope)
            if found is not None:
                return found
        raise _why_not(header)

    async def caller_by_token(self, token: str) -> Caller:
        """Who a token stands for that did not come in a header; raises `Refusal`."""
        scope: Scope = {"type": "http", "headers": [(b"authorization", b"Bearer " + token.encode("utf-8", "replace"))]}
        return await self.caller(scope)

    # In front of an app ----------------------------------------------------------------------------------------------

    def before(
        self,
        app: ASGIApp,
        *,
        open: bool = False,
        late: bool = False,
        need: NeedOf = need_of,
        methods: Collection[str] = (),
        challenge: str | None = None,
    ) -> ASGIApp:
        """The app behind this guard.

        `open`: everybody passes, because the app needs no identity or checks signatures itself. `late`: a WebSocket that
        may say who it is in its first message, so that a missing header is no refusal. `need`: what a request does. `methods`: those
        of the path, which the answer to another one names. `challenge`: what tells who has no right token how to get one.
        """

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            kind = scope["type"]
            if kind == "http":
                send = _not_sniffed(send)
            if kind == "http" or kind == "websocket":
                try:
                    if not open:
                        await self._admit(scope, late, need)
                    if kind == "http" and self._largest is not None:
                        receive = _limited(scope, receive, self._largest, self._seconds)
                except Refusal as refusal:
                    if refusal.status == 401 and challenge is not None:
                        refusal.headers = {"WWW-Authenticate": challenge}
                    return await _refuse(refusal, scope, receive, send)
            await _protected(app, scope, receive, send, methods)

        return guarded

    async def _admit(self, scope: Scope, late: bool, need: NeedOf) -> None:
        self._check_origin(scope)
        try:
            if late and self.is_closed and SCOPE_KEY not in scope and authorization(scope) is None:
                return  # nobody yet: the socket asks
            caller = await self.caller(scope)
        except Refusal:
            if self._buckets is not None:  # guessing is limited, too
                self._buckets.take(_address(scope))
            raise
        scope[SCOPE_KEY] = caller
        if self._buckets is not None:
            self._buckets.take(caller.user_id or _address(scope))
        if caller.scopes is not None:
            _check(caller, need(scope))

    def _check_origin(self, scope: Scope) -> None:
        """Refuse what a web page of somebody else lets a browser send: forms and sockets need no leave of CORS."""
        origin = host = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                return  # no browser adds it by itself
            if name == b"origin":
                origin = value.decode("latin-1")
            elif name == b"host":
                host = value.decode("latin-1")
        if origin is None or scope.get("method") in _SAFE or not self._origins.isdisjoint((origin, "*")):
            return
        if origin.partition("://")[2] != host:
            raise Refusal(403, f"Web pages of {origin!r} may not do this; name them in cors_allowed_origins")


def _check(caller: Caller, need: Need | None) -> None:
    if need is None:
        return
    if need.listing and caller.may_some(need.resource, need.action):
        return
    if not caller.may(need.resource, need.action, need.component_id):
        raise Refusal(403, f"Insufficient permissions: this needs the scope {need}")


def require(caller: Caller, resource: str, action: str, component_id: str | None = None) -> None:
    """Status 403 unless the caller's scopes allow it: for what is asked for inside of a request."""
    if not caller.may(resource, action, component_id):
        raise HTTPException(
            403, f"Insufficient permissions: this needs the scope {Need(resource, action, component_id)}"
        )


def _is_bearer(header: str, key: bytes) -> bool:
    """True for the key; takes the same time for all others."""
    scheme, _, token = header.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode("utf-8", "replace"), key)


def _why_not(header: str | None) -> Refusal:
    if header is None:
        return unauthenticated(MISSING)
    scheme, _, token = header.partition(" ")
    return unauthenticated() if scheme.lower() == "bearer" and token.strip() else unauthenticated(MALFORMED)


def authorization(scope: Scope) -> str | None:
    """The `Authorization` header."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            text: str = value.decode("latin-1")
            return text
    return None


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return f"address {client[0]}" if client else "address unknown"


# Bodies --------------------------------------------------------------------------------------------------------------


class OneLength:
    """Middleware that refuses a request which gives the length of its body in two ways, and closes the connection.

    A proxy in front may have believed the other one, and then what follows is not the next request (RFC 9112, 6.3). It
    stands before all routes, those that are not there included.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            lengths = [name for name, _ in scope["headers"] if name in (b"content-length", b"transfer-encoding")]
            if len(lengths) > 1:
                two = Refusal(400, "The request gives the length of its body in two ways", {"Connection": "close"})
                return await _refuse(two, scope, receive, send)
        await self._app(scope, receive, send)


def _limited(scope: Scope, receive: Receive, largest: int, seconds: float) -> Receive:
    """Refuse a body that says it is too large; count one that does not say. One that is slow is not waited for."""
    chunked = False
    for name, value in scope["headers"]:
        if name == b"content-length":
            if value.isdigit() and int(value) > largest:
                raise Refusal(413, f"The request is larger than the {largest} bytes that are taken")
            return _in_time(receive, seconds) if value != b"0" else receive
        chunked = chunked or name == b"transfer-encoding"
    return _counted(_in_time(receive, seconds), largest) if chunked else receive


def _in_time(receive: Receive, seconds: float) -> Receive:
    end, arrived = 0.0, False

    async def timed() -> Message:
        nonlocal end, arrived
        if arrived:  # what comes now is that the client goes
            return await receive()
        now = asyncio.get_running_loop().time()
        end = end or now + seconds
        try:
            async with within(max(0.0, end - now)):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "The body of the request did not arrive in time.") from None
        arrived = not message.get("more_body", False)
        return message

    return timed


def _counted(receive: Receive, largest: int) -> Receive:
    size = 0

    async def counting() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > largest:
            raise HTTPException(413, f"The request is larger than the {largest} bytes that are taken")
        return message

    return counting


# Answers -------------------------------------------------------------------------------------------------------------


def _not_sniffed(send: Send) -> Send:
    """No browser takes an answer for anything but what its type says."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), _NOSNIFF]}
        await send(message)

    return sending


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await answer(refusal.status, refusal.detail, refusal.headers)(scope, receive, send)
        return
    await send({"type": "websocket.close", "code": 4401 if refusal.status == 401 else 1008, "reason": refusal.detail})


async def _protected(app: ASGIApp, scope: Scope, receive: Receive, send: Send, methods: Collection[str]) -> None:
    """Answer for what the app lets out; once its answer began, there is only the log."""
    started = False

    async def watched(message: Any) -> None:
        nonlocal started
        started = True
        await send(message)

    try:
        await app(scope, receive, watched)
    except AnyHTTPException as error:
        if error.status_code == 405 and methods:
            raise HTTPException(405, "Method Not Allowed", {"Allow": ", ".join(sorted(methods))}) from None
        raise
    except Exception as error:  # the border: whatever a route did wrong, the caller gets an answer
        response = answer_for(error)
        if scope["type"] == "http" and not started:
            await response(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1011})
        else:
            raise


__all__ = ["OPEN_PATHS", "Guard", "Identify", "OneLength", "authorization", "require"]
