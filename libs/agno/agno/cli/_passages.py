"""Text in pieces of a few hundred characters, each with the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FULL = 700  # characters: a passage ends at the next blank line
_LONGEST = 1_400  # … or at once
_MARKDOWN = (".md", ".markdown", ".mdx")
_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")


@dataclass(frozen=True)
class Line:
    """A line of a file; `level` is 1 to 6 for a heading."""

    number: int
    text: str
    level: int = 0


@dataclass(frozen=True)
class Passage:
    """A piece of a file, and where it stands: `docs/a.md:12-18` or `report.pdf, page 3`."""

    path: str
    place: str
    text: str
    section: str = ""  # the headings above it

    @property
    def source(self) -> str:
        return f"{self.path}{self.place}"


def of_lines(path: str, lines: list[Line], *, numbered: bool = True) -> list[Passage]:
    """Lines as passages: a heading begins one, and a blank line ends one that is long enough.

    `numbered` says that the lines are the file's own, one by one; their passages keep the blank ones.
    """
    markdown = path.lower().endswith(_MARKDOWN)
    passages: list[Passage] = []
    for section, block in _sections(list(_with_levels(lines)) if markdown else lines):
        for part in _cut(block, numbered):
            passages += _passage(path, part, section)
    return passages


def of_page(path: str, number: int, text: str) -> list[Passage]:
    """A page as passages."""
    lines = [Line(number, line) for line in text.splitlines()]
    texts = ["\n".join(line.text for line in part).strip() for part in _cut(lines, True)]
    return [Passage(path, f", page {number}", text) for text in texts if text]


def _with_levels(lines: list[Line]) -> Iterator[Line]:
    """Markdown's headings, but not comments in its code."""
    fenced = False
    for line in lines:
        if _FENCE.match(line.text):
            fenced = not fenced
        heading = None if fenced else _HEADING.match(line.text)
        yield Line(line.number, line.text, len(heading[1])) if heading else line


def _sections(lines: list[Line]) -> Iterator[tuple[str, list[Line]]]:
    """Lines under their headings, as `Title > Chapter`. Headings with nothing under them begin the next section."""
    above: dict[int, str] = {}
    block: list[Line] = []
    for line in lines:
        if line.level:
            if any(line.text.strip() and not line.level for line in block):
                yield " > ".join(above.values()), block
                block = []
            above = {level: text for level, text in above.items() if level < line.level}
            above[line.level] = line.text.strip("# ")
        block.append(line)
    yield " > ".join(above.values()), block


def _cut(lines: list[Line], numbered: bool) -> Iterator[list[Line]]:
    block: list[Line] = []
    size, fenced = 0, False
    for line in _short(lines):
        if block and (size > _LONGEST or (size > _FULL and not fenced and (not numbered or not line.text.strip()))):
            yield block
            block, size = [], 0
        fenced = fenced != bool(_FENCE.match(line.text))
        block.append(line)
        size += len(line.text)
    yield block


def _short(lines: list[Line]) -> Iterator[Line]:
    """Lines without end, as in minified code, in pieces of the same number."""
    for line in lines:
        if len(line.text) <= _LONGEST:
            yield line
        else:
            for start in range(0, len(line.text), _LONGEST):
                yield Line(line.number, line.text[start : start + _LONGEST], line.level)


def _passage(path: str, block: list[Line], section: str) -> list[Passage]:
    said = [index for index, line in enumerate(block) if line.text.strip()]
    if not said:
        return []
    block = block[said[0] : said[-1] + 1]
    first, last = block[0].number, block[-1].number
    place = f":{first}" if first == last else f":{first}-{last}"
    return [Passage(path, place, "\n".join(line.text for line in block), section)]


__all__ = ["Line", "Passage", "of_lines", "of_page"]
