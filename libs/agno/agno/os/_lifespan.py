"""What is opened when the service starts and closed when it stops."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from agno.utils.later import later
from agno.utils.log import log_exception, log_warning

if TYPE_CHECKING:
    from agno.os._runs import Runs
    from agno.os.app import AgentOS

_tracing = later("agno.tracing.setup")
_SEND_SECONDS = 10


class Lifespan:
    """The lifespan of the app: that of the user, then MCP tools, then what else has one. It ends in the opposite order."""

    def __init__(self, os: AgentOS, outer: Sequence[Callable[..., Any]]) -> None:
        self._os = os
        self._outer = outer
        self._inner: list[tuple[Callable[..., Any], Any]] = []
        self.is_open = False

    def add(self, context: Callable[..., Any], argument: Any) -> None:
        """Open `context(argument)`, too."""
        self._inner.append((context, argument))

    @asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Any]:
        state: dict[str, Any] = {}
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_send_spans)
            stack.callback(setattr, self, "is_open", False)
            for context in self._outer:
                state.update(await stack.enter_async_context(_as_context(context, app)) or {})
            for tools in _mcp_tools(self._os):
                await _connect(tools, stack)
            for context, argument in self._inner:
                await stack.enter_async_context(context(argument))
            runs = self._os.runs
            runs.open()
            stack.push_async_callback(runs.drain)
            stack.callback(_on_signals(runs))
            self.is_open = True
            yield state or None


async def _send_spans() -> None:
    """Send what waits to be sent to OpenTelemetry: a process that a signal ends does not come to do it at its exit."""
    tracing = _tracing.tracing()
    if tracing is not None and not await asyncio.to_thread(tracing.flush, _SEND_SECONDS):
        log_warning(f"The last spans could not be sent within {_SEND_SECONDS} s")


def _on_signals(runs: Runs) -> Callable[[], None]:
    """Begin to drain when the process is told to stop: the server waits for its connections before it ends the lifespan.
    Told again, it waits for runs no longer.

    Whoever handled the signal before still does. Gives what takes this back.
    """
    loop = asyncio.get_running_loop()
    before: dict[int, Callable[[int, Any], Any]] = {}
    started: list[Any] = []

    def begin() -> None:
        if started:
            runs.hurry()
        else:
            started.append(loop.create_task(runs.drain()))

    def told(number: int, frame: Any) -> None:
        loop.call_soon_threadsafe(begin)
        before[number](number, frame)

    for number in (signal.SIGTERM, signal.SIGINT):
        handler = signal.getsignal(number)
        if callable(handler):
            try:
                signal.signal(number, told)
            except ValueError:  # only the main thread hears signals
                break
            before[number] = handler

    def undo() -> None:
        for number, handler in before.items():
            if signal.getsignal(number) is told:
                signal.signal(number, handler)

    return undo


def _as_context(lifespan: Callable[..., Any], app: Any) -> Any:
    opened = lifespan(app)
    if hasattr(opened, "__aenter__"):
        return opened
    return asynccontextmanager(lifespan)(app)  # an async generator function


async def _connect(tools: Any, stack: AsyncExitStack) -> None:
    try:
        await tools.connect()
    except Exception:  # the border: a server that is down costs its tools, not the service
        log_exception(f"{tools!r} could not connect; runs that use it try again")
        return
    stack.push_async_callback(tools.close)


def _mcp_tools(os: AgentOS) -> list[Any]:
    """The MCP tools of all agents and teams, each once."""
    found: dict[int, Any] = {}
    for component in os.components.everything():
        tools = getattr(component, "tools", None)
        for tool in tools if isinstance(tools, (list, tuple)) else ():
            if type(tool).__module__.startswith("agno.tools.mcp") or _is_mcp(tool):
                found[id(tool)] = tool
    return list(found.values())


def _is_mcp(tool: Any) -> bool:
    return any(cls.__module__.startswith("agno.tools.mcp") for cls in type(tool).__mro__)


__all__ = ["Lifespan"]
