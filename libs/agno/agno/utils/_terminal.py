"""Where text for people goes: a console that no character stops, and no text takes over."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

# what terminals obey: it moves the cursor, sets the title, fills the clipboard. Models and web pages may say it
_ORDERS = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]")


def without_orders(text: str) -> str:
    """The text without control characters but newlines and tabs: what a terminal shows, and does not obey."""
    return _ORDERS.sub("", text)


class _Lenient:
    """A file of text that writes `?` for what its encoding does not have, where Python would raise."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        try:
            written: int = self._file.write(text)
        except UnicodeEncodeError:  # a bullet where the locale is C, or half of a surrogate pair anywhere
            encoding = self._file.encoding or "utf-8"
            written = self._file.write(text.encode(encoding, "replace").decode(encoding))
        return written


class _Harmless(Console):
    """A console whose terminal does what the program says, and not what the texts say that it shows."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        segments = super().render(renderable, options)
        return map(_harmless, segments) if self.is_terminal else segments


def _harmless(segment: Segment) -> Segment:
    if segment.control or not _ORDERS.search(segment.text):
        return segment
    return Segment(without_orders(segment.text), segment.style)


def standard_console() -> Console:
    """A console on standard output, as it is now."""
    return _Harmless(file=_Lenient(sys.stdout))  # type: ignore[arg-type]  # it is one by its attributes


__all__ = ["standard_console", "without_orders"]
