"""Opening a session with the MCP SDK: the only module that knows its clients."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from typing import Any

import anyio

from agno.tools.mcp.params import ServerParams, SSEClientParams, StreamableHTTPClientParams

_MOST_PAGES = 100  # a server whose pages never end must not keep us


async def open_session(stack: AsyncExitStack, params: ServerParams, timeout: float) -> Any:
    """Connect and shake hands; everything opened is on `stack`.

    The handshake that all servers know comes first. Only one that refuses it is asked how it wants to be talked to:
    asking first would end servers that take nothing but a handshake as their first message.
    """
    from mcp import Client, MCPError

    try:
        return await _enter(stack, Client, params, timeout, "legacy")
    except Exception as error:
        refused = next((leaf for leaf in leaves(error) if isinstance(leaf, MCPError)), None)
        if refused is None or refused.error.code not in _not_understood():
            raise
    return await _enter(stack, Client, params, timeout, "auto")


def _not_understood() -> tuple[int, ...]:
    from mcp_types import METHOD_NOT_FOUND, UNSUPPORTED_PROTOCOL_VERSION

    return METHOD_NOT_FOUND, UNSUPPORTED_PROTOCOL_VERSION


async def _enter(stack: AsyncExitStack, client: Any, params: ServerParams, timeout: float, mode: str) -> Any:
    async with AsyncExitStack() as attempt:
        transport = await _transport(attempt, params)
        opened = await attempt.enter_async_context(client(transport, mode=mode, read_timeout_seconds=timeout))
        stack.push_async_exit(attempt.pop_all())
    return opened


async def _transport(stack: AsyncExitStack, params: ServerParams) -> Any:
    if isinstance(params, SSEClientParams):
        from mcp.client.sse import sse_client

        return sse_client(
            params.url,
            headers=params.headers,
            timeout=_seconds(params.timeout, 5.0),
            sse_read_timeout=_seconds(params.sse_read_timeout, 300.0),
        )
    if isinstance(params, StreamableHTTPClientParams):
        import httpx2
        from mcp.client.streamable_http import streamable_http_client

        timeout = httpx2.Timeout(_seconds(params.timeout, 30.0), read=_seconds(params.sse_read_timeout, 300.0))
        http = await stack.enter_async_context(httpx2.AsyncClient(headers=params.headers, timeout=timeout))
        terminate = True if params.terminate_on_close is None else params.terminate_on_close
        return streamable_http_client(params.url, http_client=http, terminate_on_close=terminate)
    from mcp import stdio_client

    return stdio_client(params, errlog=stack.enter_context(_standard_error()))


@contextmanager
def _standard_error() -> Iterator[Any]:
    """Where a server may write its diagnostics; notebooks replace sys.stderr by something no process can write to."""
    try:
        sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        with open(os.devnull, "w") as nowhere:
            yield nowhere
    else:
        yield sys.stderr


def _seconds(given: timedelta | float | None, default: float) -> float:
    if given is None:
        return default
    return given.total_seconds() if isinstance(given, timedelta) else float(given)


async def list_tools(client: Any) -> list[Any]:
    """All tools of a server, as it describes them now (the SDK's cache is passed by)."""
    from mcp_types import PaginatedRequestParams

    session = getattr(client, "session", client)
    tools: list[Any] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return tools


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors in a group of errors, or the error itself."""
    inner = getattr(error, "exceptions", None)
    if inner is None:
        yield error
        return
    for one in inner:
        yield from leaves(one)


def reason(error: BaseException) -> str:
    """An error of the SDK as one sentence: what really happened, not the group it came in."""
    found = list(leaves(error))
    told = [leaf for leaf in found if not isinstance(leaf, (anyio.BrokenResourceError, anyio.ClosedResourceError))]
    first = (told or found or [error])[0]
    return str(first) or type(first).__name__


def is_connection_lost(error: BaseException) -> bool:
    """True if the session cannot be used any more; False for an answer of the server and for a call that took long."""
    from mcp import MCPError
    from mcp_types import CONNECTION_CLOSED

    for leaf in leaves(error):
        if isinstance(leaf, MCPError):
            # the second is how the SDK says that the server forgot an HTTP session
            if leaf.error.code == CONNECTION_CLOSED or leaf.error.message == "Session terminated":
                return True
        elif isinstance(leaf, (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError)):
            return not isinstance(leaf, TimeoutError)
    return False


__all__ = ["is_connection_lost", "leaves", "list_tools", "open_session", "reason"]
