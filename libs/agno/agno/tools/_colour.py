"""Tools of our own, written once as a coroutine function that waits through an `IO`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from agno._io import IO, drive
from agno.tools.function import Function


def in_colour(io: IO, work: Callable[..., Any], *, strict: bool = False) -> Function:
    """The tool of `work`, to be run in the colour of `io`."""
    if io.is_async:
        return Function.from_callable(work, strict=strict)

    @functools.wraps(work)
    def stepped(*arguments: Any, **named: Any) -> Any:
        return drive(work(*arguments, **named))

    return Function.from_callable(stepped, strict=strict)


__all__ = ["in_colour"]
