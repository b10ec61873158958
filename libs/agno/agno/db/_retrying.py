"""Writing where somebody else may write in between: again and again, since each time one of those has succeeded."""

from __future__ import annotations

import random
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")


class Conflict(Exception):
    """Somebody else wrote the same in between."""


def until_done(attempt: Callable[[], T], longest_pause: float, first_pause: float = 0.004) -> T:
    """What `attempt` gives when nobody comes between. The pauses, in seconds, become longer, and differ by chance."""
    pause = first_pause
    while True:
        try:
            return attempt()
        except Conflict:
            Event().wait(random.uniform(0, min(longest_pause, pause)))
            pause *= 2


__all__ = ["Conflict", "until_done"]
