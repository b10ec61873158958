"""What MCPTools and MultiMCPTools share: connecting servers and offering their tools."""

from __future__ import annotations

import asyncio
import copy
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from typing_extensions import Self

from agno.exceptions import RemoteServerUnavailableError
from agno.run.context import RunContext
from agno.tools.function import Function, ToolResult
from agno.tools.mcp._server import Server
from agno.tools.mcp.params import need_mcp
from agno.tools.toolkit import Toolkit
from agno.utils.log import log_warning

_BY_NAME = (
    "requires_confirmation_tools",
    "external_execution_required_tools",
    "stop_after_tool_call_tools",
    "show_result_tools",
)


class MCPToolkit(Toolkit):
    """A toolkit whose tools live on servers.

    `connect` and `close` are for those who keep it open; a run that finds it unconnected uses `hold` and `release`,
    which count, so that concurrent runs share a connection and the last one closes it.
    """

    requires_connect = True

    def __init__(
        self,
        servers: list[Server],
        *,
        refresh_connection: bool,
        required: bool,
        allow_partial_failure: bool,
        **toolkit: Any,
    ) -> None:
        need_mcp(type(self).__name__)
        toolkit.setdefault("name", type(self).__name__)
        super().__init__(**toolkit)
        self.refresh_connection = refresh_connection
        self.required = required
        self.allow_partial_failure = allow_partial_failure
        self._servers = servers
        self._lock = threading.Lock()
        self._holders = 0
        self._kept_open = False

    # Life ------------------------------------------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:  # type: ignore[override]  # a server may be gone without anybody calling close()
        """True while at least one server can be called."""
        return any(server.is_alive for server in self._servers)

    @property
    def initialized(self) -> bool:
        """True while connected."""
        return self.is_connected

    async def connect(self) -> None:
        """Connect and list the tools. It stays open until `close`."""
        self._kept_open = True
        try:
            await self._initialize(None)
        except BaseException:
            self._kept_open = False
            await self._close_unless_used()
            raise

    async def close(self) -> None:
        """Close the connections; servers that were started end."""
        self._kept_open = False
        await asyncio.gather(*(server.close() for server in self._servers))

    async def hold(self, run_context: RunContext | None = None) -> None:
        """Be connected at least until `release`, for a run. Tools are listed again if `refresh_connection`."""
        with self._lock:
            self._holders += 1
        try:
            if self.refresh_connection or not all(server.is_alive for server in self._servers):
                await self._initialize(run_context)
        except BaseException:
            await self.release()
            raise

    async def release(self) -> None:
        """The run is over. The last one closes what it did not find open."""
        with self._lock:
            self._holders -= 1
        await self._close_unless_used()

    async def _close_unless_used(self) -> None:
        if self._holders == 0 and not self._kept_open:
            await self.close()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Tools -----------------------------------------------------------------------------------------------------------

    async def initialize(self) -> None:
        """Connect where that is missing, and list the tools anew."""
        try:
            await self._initialize(None)
        except BaseException:
            await self._close_unless_used()
            raise

    async def _initialize(self, run_context: RunContext | None) -> None:
        found = await asyncio.gather(*(server.tools(run_context) for server in self._servers), return_exceptions=True)
        failed = [item for item in found if isinstance(item, BaseException)]
        self._judge(failed)
        listed = [
            (server, tool)
            for server, tools in zip(self._servers, found, strict=True)
            if not isinstance(tools, BaseException)
            for tool in tools
        ]
        self._check_filters(listed, complete=not failed)
        self.functions = self._offered(listed)

    def _judge(self, failed: list[BaseException]) -> None:
        """Failed servers are an error, or a warning if that was allowed."""
        for error in failed:
            if not isinstance(error, RemoteServerUnavailableError):
                raise error
        some_work = self.allow_partial_failure and len(failed) < len(self._servers)
        if failed and self.required and not some_work:
            raise failed[0]
        for error in failed:
            log_warning(f"{self.name}: {error} Its tools are not offered.")

    def _offered(self, listed: list[tuple[Server, Any]]) -> OrderedDict[str, Function]:
        functions: OrderedDict[str, Function] = OrderedDict()
        for server, tool in listed:
            name = server.prefix + tool.name
            if not self._is_chosen(server, tool.name):
                continue
            if name in functions:
                log_warning(f"{self.name}: a second server has a tool {name!r}; it is left out (see tool_name_prefix)")
                continue
            functions[name] = self._offer(server, tool, name)
        return functions

    def _offer(self, server: Server, tool: Any, name: str) -> Function:
        function = self._function(_as_function(self, server, tool), name)
        if server.prefix:  # lists may name a tool as the server does
            named = {setting for setting in _BY_NAME if tool.name in getattr(self, setting)}
            function.requires_confirmation = function.requires_confirmation or _BY_NAME[0] in named or None
            function.external_execution = function.external_execution or _BY_NAME[1] in named or None
            function.stop_after_tool_call = function.stop_after_tool_call or _BY_NAME[2] in named
            function.show_result = function.show_result or bool(named & {_BY_NAME[2], _BY_NAME[3]})
        return function

    def _is_chosen(self, server: Server, name: str) -> bool:
        names = {name, server.prefix + name}
        if self.include_tools is not None and not names & set(self.include_tools):
            return False
        return not names & set(self.exclude_tools or ())

    def _check_filters(self, listed: list[tuple[Server, Any]], *, complete: bool) -> None:
        """Names that no server knows: an error in a filter, a warning elsewhere or while a server is missing."""
        known = {name for server, tool in listed for name in (tool.name, server.prefix + tool.name)}
        names = ", ".join(server.prefix + tool.name for server, tool in listed) or "none"
        for setting in ("include_tools", "exclude_tools", *_BY_NAME):
            for name in getattr(self, setting) or ():
                if name in known:
                    continue
                text = f"{setting}= of {self.name!r} names {name!r}; its tools are {names}."
                if complete and setting in ("include_tools", "exclude_tools"):
                    raise ValueError(text)
                log_warning(text)


def _as_function(toolkit: Toolkit, server: Server, tool: Any) -> Function:
    return Function(
        name=server.prefix + tool.name,
        description=tool.description or tool.title or "",
        parameters=_object_schema(tool.input_schema),
        entrypoint=_entrypoint(server, tool.name),
        # with a header provider the engine must hand in the run, which it does for functions that it processes
        skip_entrypoint_processing=server.header_provider is None,
        cache_results=toolkit.cache_results,
        cache_dir=toolkit.cache_dir,
        cache_ttl=toolkit.cache_ttl,
    )


def _object_schema(schema: dict[str, Any] | None) -> dict[str, Any]:
    """A copy in which nothing is missing that providers insist on."""
    return {"type": "object", "properties": {}, **copy.deepcopy(schema or {})}


def _entrypoint(server: Server, name: str) -> Callable[..., Any]:
    async def call(**arguments: Any) -> ToolResult:
        return await server.call(name, arguments)

    # the name is one that no tool's parameter has; the annotation tells the engine what to put there
    async def call_for_run(_agno_run_context: RunContext | None = None, **arguments: Any) -> ToolResult:
        return await server.call(name, arguments, _agno_run_context)

    return call if server.header_provider is None else call_for_run


__all__ = ["MCPToolkit"]
