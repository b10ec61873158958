"""What the thread of an event loop does, counted: neither a busy machine nor a fast disk changes the result."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

_STEP = asyncio.Handle._run.__code__  # the loop goes through this before each of its steps
_DRIVERS = (
    "sqlite3",
    "_sqlite3",
    "apsw",
    "duckdb",
    "_duckdb",
    "lancedb",
    "chromadb_rust_bindings",
    "surrealdb",
    "psycopg",
)
_WAITS = {
    ("time", "sleep"),
    ("_io", "open"),
    ("io", "open"),
    ("posix", "open"),
    ("posix", "scandir"),
    ("posix", "fsync"),
    ("ssl", "load_verify_locations"),  # reads the certificates of the system
}


class Watched:
    """`with Watched() as seen:` inside a coroutine. `blocking` are calls that wait for a disk, a lock or a driver;
    `longest` is how many calls the longest step made: about ten million of them take a second.
    """

    def __init__(self) -> None:
        self.blocking: list[str] = []
        self.longest, self._step = 0, 0
        self.where = ""  # the longest step was

    def __enter__(self) -> Watched:
        sys.setprofile(self._see)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        sys.setprofile(None)

    def _see(self, frame: FrameType, event: str, called: Any) -> None:
        if event == "call":
            self._step = 0 if frame.f_code is _STEP else self._step + 1
        elif event == "c_call":
            self._step += 1
            if _waits(called, frame):
                self.blocking.append(" < ".join([".".join(_named(called)), *_places(frame)]))
        if self._step > self.longest:
            self.longest, self.where = self._step, f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _waits(called: Any, frame: FrameType) -> bool:
    module, name = _named(called)
    if name == "acquire" and module == "_thread":  # of a condition or an event: somebody else has to do something first
        return frame.f_code.co_name == "wait" and not _starts_a_thread(frame)
    return (module, name) in _WAITS or module.partition(".")[0] in _DRIVERS


def _starts_a_thread(frame: FrameType) -> bool:
    """A new thread is waited for until it runs, which takes microseconds and cannot be otherwise."""
    outer: FrameType | None = frame
    for _ in range(3):
        if outer is not None and outer.f_code is threading.Thread.start.__code__:
            return True
        outer = outer.f_back if outer is not None else None
    return False


def _places(frame: FrameType | None) -> list[str]:
    found: list[str] = []
    while frame is not None and len(found) < 12:
        found.append(f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}")
        frame = frame.f_back
    return found


def _named(called: Any) -> tuple[str, str]:
    owner = getattr(called, "__self__", None)
    module = owner.__name__ if type(owner).__name__ == "module" else type(owner).__module__
    return module, called.__name__


__all__ = ["Watched"]
