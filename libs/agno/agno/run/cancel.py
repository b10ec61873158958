"""Cancelling runs. Each run holds a token, so looking at it costs one attribute read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Protocol

from agno.exceptions import RunCancelledException

_REMEMBERED = 10_000  # wishes to cancel runs that have not started; the oldest are forgotten


class CancelToken:
    """`cancelled` of one run."""

    __slots__ = ("cancelled", "run_id")

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.cancelled = False

    def raise_if_cancelled(self) -> None:
        if self.cancelled:
            raise RunCancelledException(f"Run {self.run_id} was cancelled")


class CancellationManager(Protocol):
    """Who knows which runs are active and which are to stop."""

    def register_run(self, run_id: str) -> CancelToken: ...
    def cancel_run(self, run_id: str) -> bool: ...
    def is_cancelled(self, run_id: str) -> bool: ...
    def cleanup_run(self, run_id: str) -> None: ...
    def raise_if_cancelled(self, run_id: str) -> None: ...
    def get_active_runs(self) -> dict[str, bool]: ...


class InMemoryCancellationManager:
    """The runs of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: dict[str, CancelToken] = {}
        self._wished: OrderedDict[str, None] = OrderedDict()

    def register_run(self, run_id: str) -> CancelToken:
        token = CancelToken(run_id)
        with self._lock:
            token.cancelled = self._wished.pop(run_id, self) is None
            self._active[run_id] = token
        return token

    def cancel_run(self, run_id: str) -> bool:
        with self._lock:
            token = self._active.get(run_id)
            if token is not None:
                token.cancelled = True
                return True
            self._wished[run_id] = None
            if len(self._wished) > _REMEMBERED:
                self._wished.popitem(last=False)
            return False

    def is_cancelled(self, run_id: str) -> bool:
        token = self._active.get(run_id)
        return token.cancelled if token is not None else run_id in self._wished

    def cleanup_run(self, run_id: str) -> None:
        with self._lock:
            self._active.pop(run_id, None)
            self._wished.pop(run_id, None)

    def raise_if_cancelled(self, run_id: str) -> None:
        if self.is_cancelled(run_id):
            raise RunCancelledException(f"Run {run_id} was cancelled")

    def get_active_runs(self) -> dict[str, bool]:
        with self._lock:
            return {run_id: token.cancelled for run_id, token in self._active.items()}


_manager: CancellationManager = InMemoryCancellationManager()


def get_cancellation_manager() -> CancellationManager:
    """The manager in force."""
    return _manager


def set_cancellation_manager(manager: CancellationManager) -> None:
    """Use another manager, for example one shared by several processes."""
    global _manager
    _manager = manager


def register_run(run_id: str) -> CancelToken:
    """Make a run known. It may have been cancelled already."""
    return _manager.register_run(run_id)


def cancel_run(run_id: str) -> bool:
    """Ask a run to stop. True if it is active; else the wish waits for its start."""
    return _manager.cancel_run(run_id)


def is_cancelled(run_id: str) -> bool:
    """True if the run was asked to stop."""
    return _manager.is_cancelled(run_id)


def cleanup_run(run_id: str) -> None:
    """Forget a run that ended."""
    _manager.cleanup_run(run_id)


def raise_if_cancelled(run_id: str) -> None:
    """Raise RunCancelledException if the run was asked to stop."""
    _manager.raise_if_cancelled(run_id)


def get_active_runs() -> dict[str, bool]:
    """Active runs, and whether they were asked to stop."""
    return _manager.get_active_runs()


__all__ = [
    "CancelToken",
    "CancellationManager",
    "InMemoryCancellationManager",
    "cancel_run",
    "cleanup_run",
    "get_active_runs",
    "get_cancellation_manager",
    "is_cancelled",
    "raise_if_cancelled",
    "register_run",
    "set_cancellation_manager",
]
