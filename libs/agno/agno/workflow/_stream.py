"""A stream that is given as it is, or awaited first: `async for e in w.arun(...)` and `async for e in await w.arun(...)`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator
from typing import Any


class EventStream:
    """An async iterator over events. Awaiting it gives it."""

    __slots__ = ("_events",)

    def __init__(self, events: AsyncGenerator[Any, None]) -> None:
        self._events = events

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._events

    def __anext__(self) -> Any:
        return self._events.__anext__()

    def __await__(self) -> Generator[Any, None, EventStream]:
        yield from ()
        return self

    async def aclose(self) -> None:
        """End the run, and wait until it is stored."""
        await self._events.aclose()


__all__ = ["EventStream"]
