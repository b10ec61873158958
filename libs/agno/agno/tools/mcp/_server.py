"""One MCP server: its connections, its tools, and calls of them that never raise."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from agno.exceptions import AgentRunException, RemoteServerUnavailableError
from agno.run.context import RunContext
from agno.tools.function import ToolResult
from agno.tools.mcp._owner import Owner
from agno.tools.mcp._results import failure, tool_result
from agno.tools.mcp._transport import is_connection_lost, list_tools, open_session, reason
from agno.tools.mcp.params import ServerParams, SSEClientParams, StreamableHTTPClientParams, label_of
from agno.utils.log import log_warning
from agno.utils.parameters import accepted, names_of

HeaderProvider = Callable[..., Any]
Headers = tuple[tuple[str, str], ...]
_GRACE = 2.0  # seconds beyond the SDK's own timeout, for a transport that does not even take the request
_ENDING = 12.0  # seconds: a process is asked to end, then told to, then killed
_MOST_CONNECTIONS = 64  # of a header provider that gives other headers every time


class Server:
    """A server that may be connected, asked for its tools, and closed, from any event loop.

    With a header provider there is a connection per set of headers, because a session belongs to whom it was opened
    for. Otherwise there is one.
    """

    def __init__(
        self,
        params: ServerParams | None,
        *,
        session: Any = None,
        prefix: str | None = None,
        timeout: float = 10,
        header_provider: HeaderProvider | None = None,
    ) -> None:
        self.params = params
        self.session = session
        self.prefix = f"{prefix}_" if prefix else ""
        self.timeout = float(timeout)
        self.header_provider = header_provider
        self.label = label_of(params) if params is not None else "of the given session"
        self._wants_context = header_provider is not None and names_of(header_provider) != frozenset()
        self._lock = threading.Lock()
        self._owners: OrderedDict[Headers, Owner] = OrderedDict()

    @property
    def url(self) -> str | None:
        """The address, if it has one."""
        return getattr(self.params, "url", None)

    @property
    def _closing(self) -> float:
        return _ENDING if self.url is None else min(self.timeout, _ENDING)

    @property
    def is_alive(self) -> bool:
        """True while a connection can be asked something."""
        return any(owner.is_alive for owner in list(self._owners.values()))

    async def tools(self, run_context: RunContext | None = None) -> list[Any]:
        """Connect unless that was done, and list the tools. Raises RemoteServerUnavailableError saying why not."""
        owner: Owner | None = None
        try:
            headers = await self._headers(run_context)
            owner = await self._owner(headers)
            return await owner.call(list_tools, self.timeout + _GRACE)
        except Exception as error:  # the SDK and its transports raise all kinds; they travel as one of ours
            if owner is not None:
                await owner.close()
            raise RemoteServerUnavailableError(
                f"MCP server {self.label} cannot be used: {reason(error)}.", self.url, error
            ) from error

    async def call(self, name: str, arguments: dict[str, Any], run_context: RunContext | None = None) -> ToolResult:
        """Call a tool. Whatever goes wrong is told in the result: the model reads it and the run goes on."""
        owner: Owner | None = None

        async def ask(session: Any) -> Any:
            return await session.call_tool(name, arguments, read_timeout_seconds=self.timeout)

        try:
            if self.header_provider is None:
                owner = self._owners.get(())
                if owner is None:
                    return failure(f"MCP tool {name!r} was not called: server {self.label} is not connected.")
            else:
                owner = await self._owner(await self._headers(run_context))
            return tool_result(name, await owner.call(ask, self.timeout + _GRACE))
        except AgentRunException:
            raise  # a header provider talks to the loop
        except Exception as error:  # the border of a tool call
            if owner is not None and is_connection_lost(error):
                owner.stop()
            log_warning(f"MCP tool {name!r} of server {self.label} failed: {error!r}")
            return failure(f"MCP tool {name!r} failed, server {self.label}: {reason(error)}")

    async def close(self) -> None:
        """Close all connections."""
        with self._lock:
            owners = list(self._owners.values())
            self._owners.clear()
        await asyncio.gather(*(owner.close() for owner in owners))

    # Connections -----------------------------------------------------------------------------------------------------

    async def _owner(self, headers: Headers) -> Owner:
        with self._lock:
            owner = self._owners.get(headers)
            if owner is None or owner.is_over:
                owner = self._owners[headers] = Owner(self.label, self._opener(headers), self._closing)
            self._owners.move_to_end(headers)
            surplus = self._surplus()
        for old in surplus:
            old.stop()
        await owner.opened(self.timeout + _GRACE)
        return owner

    def _surplus(self) -> list[Owner]:
        idle = [headers for headers, owner in self._owners.items() if not owner.is_busy]
        gone = idle[: max(0, len(self._owners) - _MOST_CONNECTIONS)]
        return [self._owners.pop(headers) for headers in gone]

    def _opener(self, headers: Headers) -> Callable[[AsyncExitStack], Any]:
        params = self.params
        if params is None:
            return self._enter_given_session
        if headers and isinstance(params, (SSEClientParams, StreamableHTTPClientParams)):
            params = dataclasses.replace(params, headers={**(params.headers or {}), **dict(headers)})
        chosen = params

        async def enter(stack: AsyncExitStack) -> Any:
            return await open_session(stack, chosen, self.timeout)

        return enter

    async def _enter_given_session(self, stack: AsyncExitStack) -> Any:
        """A session that the user opened and closes; only the handshake is made if it is missing."""
        session = getattr(self.session, "session", self.session)  # a Client, or its session
        if getattr(session, "protocol_version", None) is None:
            await session.initialize()
        return self.session

    async def _headers(self, run_context: RunContext | None) -> Headers:
        """What the header provider gives for a run. One that wants the run is not asked when there is none."""
        provider = self.header_provider
        if provider is None or (self._wants_context and run_context is None):
            return ()
        given = accepted(provider, {"run_context": run_context})
        headers = provider(**given) if given or not self._wants_context else provider(run_context)
        if inspect.isawaitable(headers):
            headers = await headers
        return tuple(sorted((str(key), str(value)) for key, value in (headers or {}).items()))


__all__ = ["HeaderProvider", "Server"]
