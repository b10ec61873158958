"""The bindings of A2A, of which the SDK reads and writes the messages: JSON-RPC and HTTP+JSON, versions 1.x and 0.3."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from a2a.server.context import ServerCallContext
from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.server.routes.common import ServerCallContextBuilder
from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher
from a2a.server.routes.rest_routes import (  # type: ignore[attr-defined]  # where they are made they import each other
    REST03Adapter,
    RestDispatcher,
)
from a2a.utils.error_handlers import build_rest_error_payload
from a2a.utils.errors import A2AError, InvalidRequestError
from fastapi import Request
from google.protobuf.json_format import ParseError
from sse_starlette.event import ensure_bytes
from starlette.responses import JSONResponse, Response, StreamingResponse

from agno.os._sse import HEARTBEAT
from agno.os.interfaces.a2a._handler import CALL

VERSION = "a2a-version"
_UNREADABLE = "The body is no valid JSON, or it is nested too deeply."
_NEWER = (
    "The message has parts, as in version 1.0 of the protocol, but the request does not say so, and is read as version 0.3. "
    "Send the header A2A-Version: 1.0."
)

REST = (
    ("POST", "/message:send", "on_message_send", "Send a message, and wait for the task"),
    ("POST", "/message:stream", "on_message_send_stream", "Send a message, and read what happens"),
    ("GET", "/tasks", "list_tasks", "The tasks of the caller"),
    ("POST", "/tasks/{id}:cancel", "on_cancel_task", "Cancel a task"),
    ("GET", "/tasks/{id}:subscribe", "on_subscribe_to_task", "Read what happens to a task"),
    ("POST", "/tasks/{id}:subscribe", "on_subscribe_to_task", "Read what happens to a task"),
    ("GET", "/tasks/{id}", "on_get_task", "A task as it is now"),  # behind those that end in a verb
    ("POST", "/tasks/{id}/pushNotificationConfigs", "set_push_notification", "Not supported"),
    ("GET", "/tasks/{id}/pushNotificationConfigs", "list_push_notifications", "Not supported"),
    ("GET", "/tasks/{id}/pushNotificationConfigs/{push_id}", "get_push_notification", "Not supported"),
    ("DELETE", "/tasks/{id}/pushNotificationConfigs/{push_id}", "delete_push_notification", "Not supported"),
    ("GET", "/extendedAgentCard", "handle_authenticated_agent_card", "The card with tools, members and steps"),
    ("GET", "/card", "", "The same, for version 0.3"),
)
"""Method, path under `/v1`, method of the SDK for version 1.x, and what it is."""

_CLOSING: set[asyncio.Future[None]] = set()  # streams that their clients left


class Wire:
    """Takes requests for a handler apart, and writes its answers."""

    def __init__(self, handler: RequestHandler) -> None:
        builder = _Context()
        self._rpc = JsonRpcDispatcher(handler, builder, enable_v0_3_compat=True)
        self._new, self._old = RestDispatcher(handler, builder), REST03Adapter(handler, builder).routes()

    async def rpc(self, request: Request) -> Response:
        """A call of JSON-RPC, of either version: the name of its method tells."""
        if _is_unreadable(await request.body()):
            failure = {"code": -32700, "message": _UNREADABLE}
            return JSONResponse({"jsonrpc": "2.0", "id": None, "error": failure})
        return await _sent(request, await self._rpc.handle_requests(request))

    async def rest(self, request: Request, method: str, path: str, name: str) -> Response:
        """A request of HTTP+JSON, of the version that its header names; the path is that under `/v1`."""
        if method == "POST" and (body := await request.body()) and _is_unreadable(body):
            return _failed(InvalidRequestError(message=_UNREADABLE))
        old = self._old.get((f"/v1{path}", method))
        if old is not None and (not name or version_of(request).startswith("0.")):
            if "parts" in inner(json_object(await request.body()), "message"):
                return _failed(InvalidRequestError(message=_NEWER))
            return await _sent(request, await old(request))
        return await _sent(request, await getattr(self._new, name)(request))


async def _sent(request: Request, response: Response) -> Response:
    """The answer; a stream as one of this service, whose shutdown lets runs come to their end."""
    if not hasattr(response, "body_iterator"):
        return response
    items = aiter(response.body_iterator)
    try:
        first = await anext(items, None)
    except (A2AError, ParseError) as error:
        return _failed(error)
    beating = _beating(first, items, request.scope[CALL].runs.limits.heartbeat)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(beating, media_type="text/event-stream", headers=headers)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; an empty one for all else, of which the SDK says what is wrong."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_unreadable(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):  # the latter for what is nested too deeply
        return True
    return False


def inner(data: dict[str, Any], name: str) -> dict[str, Any]:
    """An object in an object; an empty one if it is not there."""
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _failed(error: Exception) -> Response:
    body = build_rest_error_payload(error)
    return JSONResponse(body, status_code=body["error"]["code"])


def version_of(request: Request) -> str:
    """The version of the protocol that a request is of: 0.3 unless it says another one."""
    return request.headers.get(VERSION) or request.query_params.get("A2A-Version") or "0.3"


class _Context(ServerCallContextBuilder):
    def build(self, request: Request) -> ServerCallContext:
        headers = {**request.headers, VERSION: version_of(request)}
        return ServerCallContext(state={"headers": headers, CALL: request.scope[CALL]})


async def _beating(first: Any, items: AsyncGenerator[Any, None], seconds: float) -> AsyncGenerator[bytes, None]:
    """Server-sent events of the items, and a comment whenever there is none for so long."""
    waiting: asyncio.Future[Any] | None = None
    try:
        if first is not None:
            yield ensure_bytes(first, "\r\n")
        while True:
            waiting = waiting or asyncio.ensure_future(_next(items))
            done, _ = await asyncio.wait({waiting}, timeout=seconds)
            if not done:
                yield HEARTBEAT
                continue
            item, waiting = waiting.result(), None
            if item is None:
                return
            yield ensure_bytes(item, "\r\n")
    finally:  # in a task of its own, for this one may be cancelled at every step
        closing = asyncio.ensure_future(_close(items, waiting))
        _CLOSING.add(closing)
        closing.add_done_callback(_CLOSING.discard)


async def _next(items: AsyncGenerator[Any, None]) -> Any:
    return await anext(items, None)


async def _close(items: AsyncGenerator[Any, None], waiting: asyncio.Future[Any] | None) -> None:
    if waiting is not None:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await items.aclose()


__all__ = ["REST", "Wire", "inner", "json_object", "version_of"]
