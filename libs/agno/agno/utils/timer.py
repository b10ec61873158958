"""A stopwatch."""

from __future__ import annotations

from time import perf_counter
from typing import Any


class Timer:
    """Measures seconds. `elapsed` stands still after `stop()`."""

    def __init__(self) -> None:
        self.start_time: float | None = None
        self.end_time: float | None = None
        self.elapsed_time: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds from the start to the stop, or until now."""
        if self.elapsed_time is not None:
            return self.elapsed_time
        return perf_counter() - self.start_time if self.start_time is not None else 0.0

    def start(self) -> float:
        """Begin to measure. Returns the clock's reading, in seconds."""
        self.start_time, self.end_time, self.elapsed_time = perf_counter(), None, None
        return self.start_time

    def stop(self) -> float:
        """Stop measuring. Returns the clock's reading, in seconds."""
        self.end_time = perf_counter()
        self.elapsed_time = self.end_time - self.start_time if self.start_time is not None else 0.0
        return self.end_time

    def __enter__(self) -> Timer:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def to_dict(self) -> dict[str, Any]:
        """Readings of the clock at start and stop, and the seconds between them."""
        return {"start_time": self.start_time, "end_time": self.end_time, "elapsed": self.elapsed}
