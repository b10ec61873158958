"""Page numbers that are printed on the pages of a file."""

from __future__ import annotations

import re

_AT_START = re.compile(r"\A\s*(\d{1,6})(?=\s|\Z)")
_AT_END = re.compile(r"(?:\A|(?<=\s))(\d{1,6})\s*\Z")
_SHIFTS = range(-2, 3)
_SHARE = 0.4  # of the pages that have the number they should have


def numbered(pages: list[str]) -> tuple[list[str], int] | None:
    """The pages without their printed numbers, and the number of the first page; None if they are not numbered.

    They are if a run of consecutive numbers that begins with -2 to 2 fits at least 40 % of the pages, and two of them.
    """
    fitting = {shift: [_fits(text, shift + i) for i, text in enumerate(pages)] for shift in _SHIFTS}
    best = max(_SHIFTS, key=lambda shift: sum(map(bool, fitting[shift])))
    found = fitting[best]
    count = sum(map(bool, found))
    if count < 2 or count < _SHARE * len(pages):
        return None
    return [_without(text, match) for text, match in zip(pages, found, strict=True)], best


def _fits(text: str, number: int) -> re.Match[str] | None:
    matches = (_AT_START.search(text), _AT_END.search(text))
    return next((match for match in matches if match and int(match[1]) == number), None)


def _without(text: str, match: re.Match[str] | None) -> str:
    return text if match is None else (text[: match.start(1)] + text[match.end(1) :]).strip()


def wrapped(text: str, number: int, start_format: str | None, end_format: str | None) -> str:
    """A page between two marks. None is the default mark, "" none."""
    start = "<start page {page_nr}>" if start_format is None else start_format
    end = "<end page {page_nr}>" if end_format is None else end_format
    head = start.format(page_nr=number) + "\n" if start else ""
    return head + text + ("\n" + end.format(page_nr=number) if end else "")


__all__ = ["numbered", "wrapped"]
