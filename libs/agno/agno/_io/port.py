"""The port through which everything that runs waits.

Engine code is written once, with `async`/`await`, and awaits nothing but these verbs. `SyncIO` never suspends, so a
sync caller steps the same code in its own thread; `AsyncIO` suspends like any asyncio code.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from agno._io.outlet import Give
from agno._io.stopping import Gate, Stop

T = TypeVar("T")
Work = Callable[[Give], Coroutine[Any, Any, None]]


class IO(Protocol):
    """Eight ways to wait."""

    is_async: bool

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call user code (a tool, hook, database method) of either colour and give its result.

        Under `AsyncIO` a blocking function runs in a worker thread with a copy of the context. Who is cancelled goes on
        at once while the function runs to its end unheard. A method of an object may say otherwise: with
        `blocking = False` it is called directly; with `blocking = True` (a database) a cancellation waits for its end,
        so that it does not write behind the back of what follows.
        """
        ...

    async def pick(
        self,
        sync_method: Callable[..., T],
        async_method: Callable[..., Awaitable[T]],
        /,
        *args: Any,
        **kwargs: Any,
    ) -> T:
        """Call the method of the matching colour."""
        ...

    def stream(
        self,
        sync_method: Callable[..., Iterator[T]],
        async_method: Callable[..., AsyncIterator[T]],
        /,
        *args: Any,
        **kwargs: Any,
    ) -> AsyncGenerator[T, None]:
        """Iterate what the method of the matching colour gives; closing this closes that.

        An iterator of the other colour is accepted too, and lives in one thread, or one task, from its first step to
        its close.
        """
        ...

    async def merge(self, works: Sequence[Work], give: Give) -> None:
        """Do works at the same time and give their items on as they come.

        The first error cancels the others, waits for them, and travels. A thread cannot be cancelled: it ends at the
        next item that it gives.
        """
        ...

    def unless(
        self, stop: Stop, work: Callable[[IO, Give], Coroutine[Any, Any, None]], give: Give
    ) -> Coroutine[Any, Any, None]:
        """Do work through the port that it is handed; when `stop` says so, leave it where it waits, and raise.

        What is awaited is cancelled. A function in a worker thread runs to its end unheard; under `SyncIO` one that runs
        in the caller's thread is waited for.
        """
        ...

    def stoppable(self, stop: Stop) -> Gate:
        """`unless` for a block: `with io.stoppable(stop) as gate:`. Set `gate.open` to False before an item is given out, and
        call `gate.reopen()` after it. The gate is None where the work cannot be left.
        """
        ...

    async def gather(self, *coroutines: Coroutine[Any, Any, T]) -> list[T]:
        """Results in the order given; concurrent under `AsyncIO`. The first error cancels the rest and travels."""
        ...

    async def within(self, seconds: float, work: Work, give: Give) -> None:
        """Do work and give its items on. Raises TimeoutError if it takes longer; what goes on in a thread is not heard."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait. Tests inject an `IO` whose clock they move."""
        ...

    def now(self) -> float:
        """Monotonic seconds, for durations."""
        ...
