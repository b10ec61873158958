"""Cancellation managers: they know which runs are active and which are to stop. The default one is for one process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any

from agno._io import IO, asynchronous, sync
from agno.exceptions import RunCancelledException

REMEMBERED = 10_000  # requests to cancel runs that have not started; the oldest are forgotten
_POLL_SECONDS = 0.2  # how often a run asks a manager whose tokens do not change by themselves


class CancelToken:
    """Tells one run whether it is to stop. Reading `cancelled` costs one attribute access."""

    cancelled: bool
    polled = False  # True: it changes unheard, so whoever waits has to look at it now and then
    user_id: str | None = None  # whose run it is
    outer: CancelToken | None = None  # of the run around it

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.cancelled = False  # not a default of the class: those are slower to read
        self._watchers: list[Callable[[], None]] = []

    def cancel(self) -> None:
        """Let the run stop, and tell what waits in it."""
        self.cancelled = True
        for wake in tuple(self._watchers):
            wake()

    def watch(self, wake: Callable[[], None]) -> None:
        """Call `wake` when the run is to stop, from the thread that cancels it."""
        self._watchers.append(wake)

    def unwatch(self, wake: Callable[[], None]) -> None:
        """Do not call it any more."""
        self._watchers.remove(wake)

    def follow(self, outer: CancelToken) -> None:
        """Stop, too, when the run around this one is to stop."""
        self.outer = outer
        outer.watch(self.cancel)
        if outer.cancelled:
            self.cancel()

    def leave(self) -> None:
        """Follow no more."""
        if self.outer is not None:
            self.outer.unwatch(self.cancel)

    def raise_if_cancelled(self) -> None:
        """Raise RunCancelledException if the run is to stop; of those around it the outermost says so."""
        if self.cancelled:
            if self.outer is not None:
                self.outer.raise_if_cancelled()
            raise RunCancelledException(f"Run {self.run_id} was cancelled")


class _Never(CancelToken):
    def watch(self, wake: Callable[[], None]) -> None:
        """There will be nothing to tell."""

    def unwatch(self, wake: Callable[[], None]) -> None:
        """As `watch`."""


NEVER = _Never("")  # the token of what nobody can cancel


class PolledToken(CancelToken):
    """The token of a manager that keeps its marks elsewhere, for example in Redis: asks it now and then."""

    polled = True

    def __init__(self, run_id: str, manager: BaseRunCancellationManager) -> None:
        self.run_id = run_id
        self._manager = manager
        self._next = 0.0
        self._seen = False

    @property
    def cancelled(self) -> bool:  # type: ignore[override]  # read-only here: the manager owns the mark
        if not self._seen and (now := monotonic()) >= self._next:
            self._next = now + _POLL_SECONDS
            self._seen = self._manager.is_cancelled(self.run_id)
        return self._seen

    def watch(self, wake: Callable[[], None]) -> None:
        """Nobody tells this token anything; see `polled`."""

    def unwatch(self, wake: Callable[[], None]) -> None:
        """As `watch`."""


class LinkedToken(CancelToken):
    """The token of a run inside another run where it cannot follow that one: a manager has the mark of one of them."""

    def __init__(self, own: CancelToken, outer: CancelToken) -> None:
        self.run_id = own.run_id
        self._own, self._outer = own, outer

    @property
    def cancelled(self) -> bool:  # type: ignore[override]  # read-only here: the tokens own the marks
        return self._own.cancelled or self._outer.cancelled

    @property
    def polled(self) -> bool:  # type: ignore[override]  # read-only here: the tokens know
        return self._own.polled or self._outer.polled

    def watch(self, wake: Callable[[], None]) -> None:
        self._own.watch(wake)
        self._outer.watch(wake)

    def unwatch(self, wake: Callable[[], None]) -> None:
        self._own.unwatch(wake)
        self._outer.unwatch(wake)

    def raise_if_cancelled(self) -> None:
        self._outer.raise_if_cancelled()
        self._own.raise_if_cancelled()


class BaseRunCancellationManager(ABC):
    """Base of managers. The async methods call the sync ones; override them where that would wait for a network."""

    @abstractmethod
    def register_run(self, run_id: str) -> CancelToken | None:
        """Register a run that begins. Where this returns None, `is_cancelled` is polled instead of a token."""

    @abstractmethod
    def cancel_run(self, run_id: str) -> bool:
        """Ask a run to stop. Returns True if it is active; else the request is kept until the run starts."""

    @abstractmethod
    def is_cancelled(self, run_id: str) -> bool:
        """True if the run was asked to stop."""

    @abstractmethod
    def cleanup_run(self, run_id: str) -> None:
        """Forget a run that ended."""

    @abstractmethod
    def get_active_runs(self) -> dict[str, bool]:
        """Active runs, and whether they were asked to stop."""

    def raise_if_cancelled(self, run_id: str) -> None:
        """Raise RunCancelledException if the run was asked to stop."""
        if self.is_cancelled(run_id):
            raise RunCancelledException(f"Run {run_id} was cancelled")

    async def aregister_run(self, run_id: str) -> CancelToken | None:
        return self.register_run(run_id)

    async def acancel_run(self, run_id: str) -> bool:
        return self.cancel_run(run_id)

    async def ais_cancelled(self, run_id: str) -> bool:
        return self.is_cancelled(run_id)

    async def acleanup_run(self, run_id: str) -> None:
        self.cleanup_run(run_id)

    async def araise_if_cancelled(self, run_id: str) -> None:
        self.raise_if_cancelled(run_id)

    async def aget_active_runs(self) -> dict[str, bool]:
        return self.get_active_runs()


class InMemoryRunCancellationManager(BaseRunCancellationManager):
    """The runs of this process. Each step is one atomic operation on a dict, so there is no lock."""

    def __init__(self) -> None:
        self._active: dict[str, CancelToken] = {}
        self._wished: OrderedDict[str, None] = OrderedDict()

    def register_run(self, run_id: str) -> CancelToken:
        token = self._active[run_id] = CancelToken(run_id)
        # looked up after the run is active: a wish that comes from now on finds the token
        if self._wished and self._wished.pop(run_id, self) is None:
            token.cancel()
        return token

    def cancel_run(self, run_id: str) -> bool:
        if self._mark(run_id):
            return True
        self._wished[run_id] = None
        if len(self._wished) > REMEMBERED:
            self._wished.popitem(last=False)
        return self._mark(run_id)  # it may have started between the first look and the wish

    def _mark(self, run_id: str) -> bool:
        token = self._active.get(run_id)
        if token is None:
            return False
        token.cancel()
        return True

    def is_cancelled(self, run_id: str) -> bool:
        token = self._active.get(run_id)
        return token.cancelled if token is not None else run_id in self._wished

    def cleanup_run(self, run_id: str) -> None:
        self._active.pop(run_id, None)
        if self._wished:
            self._wished.pop(run_id, None)

    def is_active(self, run_id: str) -> bool:
        """True if the run was begun and has not ended."""
        return run_id in self._active

    def get_active_runs(self) -> dict[str, bool]:
        return {run_id: token.cancelled for run_id, token in self._active.copy().items()}


class RedisRunCancellationManager(BaseRunCancellationManager):
    """For several processes that share a Redis: each can cancel the runs of the others.

    `redis_client` is a client of the package redis; the server must be Redis 6.2 or newer. Entries expire after
    `ttl_seconds`, so that those of a process that died are removed; a run must not take longer than that.
    """

    def __init__(
        self, redis_client: Any, key_prefix: str = "agno:run:cancellation:", ttl_seconds: int = 86_400
    ) -> None:
        self.redis_client = redis_client
        self.key_prefix = key_prefix
        self.ttl_seconds = ttl_seconds

    async def _swap(self, io: IO, run_id: str, word: str, *, only_if_there: bool = False) -> str | None:
        """Set the word that stands for a run; gives the one that stood there."""
        key, seconds = f"{self.key_prefix}{run_id}", self.ttl_seconds
        if only_if_there:
            await io.call(self.redis_client.set, key, word, ex=seconds, xx=True)
            return word
        return _word(await io.call(self.redis_client.set, key, word, ex=seconds, get=True))

    async def _register(self, io: IO, run_id: str) -> CancelToken | None:
        """Register a run that begins; one that was cancelled before stays cancelled."""
        if await self._swap(io, run_id, "active") in ("wished", "cancelled"):
            await self._swap(io, run_id, "cancelled")
        return None

    async def _cancel(self, io: IO, run_id: str) -> bool:
        """Ask a run to stop. Returns True if it is active; else the request is kept until the run starts."""
        if await self._swap(io, run_id, "wished") not in ("active", "cancelled"):
            return False
        await self._swap(io, run_id, "cancelled", only_if_there=True)  # not there: it ended in between
        return True

    async def _is_cancelled(self, io: IO, run_id: str) -> bool:
        """True if the run was asked to stop."""
        return _word(await io.call(self.redis_client.get, f"{self.key_prefix}{run_id}")) in ("wished", "cancelled")

    async def _cleanup(self, io: IO, run_id: str) -> None:
        """Forget a run that ended."""
        await io.call(self.redis_client.delete, f"{self.key_prefix}{run_id}")

    async def _active(self, io: IO) -> dict[str, bool]:
        """Active runs of all processes, and whether they were asked to stop."""
        found: dict[str, bool] = await io.call(self._read_active)
        return found

    def _read_active(self) -> dict[str, bool]:
        keys = list(self.redis_client.scan_iter(match=f"{self.key_prefix}*"))
        words = map(_word, self.redis_client.mget(keys) if keys else ())
        known = {str(_word(key)).removeprefix(self.key_prefix): word for key, word in zip(keys, words, strict=True)}
        return {run_id: word == "cancelled" for run_id, word in known.items() if word in ("active", "cancelled")}

    async def araise_if_cancelled(self, run_id: str) -> None:
        if await self.ais_cancelled(run_id):
            raise RunCancelledException(f"Run {run_id} was cancelled")

    register_run: Any = sync(_register)
    aregister_run: Any = asynchronous(_register)
    cancel_run: Any = sync(_cancel)
    acancel_run: Any = asynchronous(_cancel)
    is_cancelled: Any = sync(_is_cancelled)
    ais_cancelled: Any = asynchronous(_is_cancelled)
    cleanup_run: Any = sync(_cleanup)
    acleanup_run: Any = asynchronous(_cleanup)
    get_active_runs: Any = sync(_active)
    aget_active_runs: Any = asynchronous(_active)


def _word(value: Any) -> str | None:
    return value.decode() if isinstance(value, bytes) else value


__all__ = [
    "NEVER",
    "REMEMBERED",
    "BaseRunCancellationManager",
    "CancelToken",
    "InMemoryRunCancellationManager",
    "LinkedToken",
    "PolledToken",
    "RedisRunCancellationManager",
]
