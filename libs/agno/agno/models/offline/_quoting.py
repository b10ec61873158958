"""Finds in a passage the part that answers best, and quotes it with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from agno.utils._common_words import COMMON_WORDS

_WORD = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LINES = re.compile(r"(?P<path>.+):(?P<first>\d+)(?:-(?P<last>\d+))?$")
_SENTENCE = re.compile(r"(?<=[.!?])[\"”')\]]?\s+(?=\S)")
_ITEM = re.compile(r"\s*([-*+•]|\d+[.)])\s+|\s*\|")
_HEADING = re.compile(r"#{1,6}\s")
_FENCE = re.compile(r"\s*(```|~~~)")
_CODE = re.compile(
    r"\.(py|pyi|js|ts|tsx|jsx|go|rs|c|h|cc|cpp|hpp|java|kt|rb|php|sh|toml|ya?ml|json|ini|cfg|sql|css)$", re.I
)
_DEFINES = re.compile(r"\s*(?:async def|def|class|function|func|fn|struct|interface|type|const)\b")
_IMPORTS = re.compile(r"\s*(?:import\b|from \S+ import\b|__all__|#include)")
_MOST = 480  # characters of a quotation, about
_SPOKEN = 320  # … of sentences out of a longer paragraph
_CODE_LINES = 8


def words(text: str) -> set[str]:
    """The telling words of a text, without their endings; `OfflineModel` is also two words."""
    whole = _WORD.findall(text)
    parts = [part for word in whole if _HUMP.search(word) for part in _HUMP.split(word)]
    return {_stem(word) for word in map(str.lower, (*whole, *parts)) if word not in COMMON_WORDS}


def _stem(word: str) -> str:
    for ending in ("ation", "ing", "ies", "ied", "es", "ed", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


@dataclass
class Unit:
    """Lines that belong together: a paragraph, an item of a list, a heading, a block of code."""

    kind: str  # "text", "item", "heading" or "code"
    first: int  # number of its first line within the passage, from 0
    lines: list[str]

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass
class Quote:
    """Lines of a passage, from `first` to `last`; `text` may be less than these lines hold."""

    text: str
    first: int
    last: int
    code: bool = False


def quoted(text: str, source: str, wanted: set[str]) -> str:
    """The part of a passage that shares most words with what is wanted, under its place."""
    code = _CODE.search(_path(source))
    quote = _of_code(text.split("\n"), wanted) if code else _of_prose(_units(text.split("\n")), wanted)
    place = _narrowed(source, text.count("\n"), quote)
    if quote.code:
        language = code[1].lower() if code else ""
        return f"{place}\n```{language}\n{quote.text}\n```"
    return "\n".join([place, *(f"> {line}".rstrip() for line in quote.text.split("\n"))])


def _path(source: str) -> str:
    found = _LINES.match(source)
    return found["path"] if found else source


def _narrowed(source: str, breaks: int, quote: Quote) -> str:
    """The place of the quotation, where the place of the passage is counted in lines, one by one."""
    found = _LINES.match(source)
    if not found or int(found["last"] or found["first"]) - int(found["first"]) != breaks:
        return source
    first, last = int(found["first"]) + quote.first, int(found["first"]) + quote.last
    return f"{found['path']}:{first}" if first == last else f"{found['path']}:{first}-{last}"


# Code -----------------------------------------------------------------------------------------------------------------


def _of_code(lines: list[str], wanted: set[str]) -> Quote:
    found = [words(line) & wanted for line in lines]
    first = max(
        range(len(lines)), key=lambda i: (len(set().union(*found[i : i + _CODE_LINES])), _opens(lines[i], found[i]), -i)
    )
    last = min(first + _CODE_LINES, len(lines)) - 1
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last].strip():
        last -= 1
    margin = min((len(line) - len(line.lstrip()) for line in lines[first : last + 1] if line.strip()), default=0)
    shown = "\n".join(line[margin : margin + _MOST] for line in lines[first : last + 1])
    return Quote(shown.replace("```", "'''"), first, last, code=True)


def _opens(line: str, found: set[str]) -> float:
    """How good a line is as the first one of a quotation: a definition of what is wanted, or at least about it."""
    return len(found) + 2.0 * bool(found and _DEFINES.match(line)) - 3.0 * bool(_IMPORTS.match(line))


# Prose ----------------------------------------------------------------------------------------------------------------


def _units(lines: list[str]) -> list[Unit]:
    units: list[Unit] = []
    fenced = False
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if fence and not fenced:
            units.append(Unit("code", number, [line]))
            fenced = True
        elif fenced:
            units[-1].lines.append(line)
            fenced = not fence
        elif line.strip():
            _add_line(units, number, line)
    return units


def _add_line(units: list[Unit], number: int, line: str) -> None:
    kind = "heading" if _HEADING.match(line) else "item" if _ITEM.match(line) else "text"
    goes_on = bool(units) and units[-1].last == number - 1 and units[-1].kind in ("text", "item")
    if kind == "text" and goes_on:
        units[-1].lines.append(line)
    else:
        units.append(Unit(kind, number, [line]))


def _of_prose(units: list[Unit], wanted: set[str]) -> Quote:
    said = [unit for unit in units if unit.kind != "heading"] or units
    if not said:
        return Quote("", 0, 0)
    best = max(said, key=lambda unit: (_weight(unit, wanted), -unit.first))
    position = units.index(best)
    if best.kind == "code":
        before = units[position - 1] if position and units[position - 1].kind == "text" else None
        return _joined([before, best] if before and len(before.text) < _MOST else [best])
    if best.kind == "text" and len(best.text) > _SPOKEN:
        return _sentences(best, wanted)
    introduces = best.text.rstrip().endswith(":")
    chosen, size = [best], len(best.text)
    for following in units[position + 1 :]:
        size += len(following.text)
        beside = not introduces and not words(following.text) & wanted
        if beside or following.kind == "heading" or size > (3 * _MOST if introduces else _MOST):
            break
        chosen.append(following)
        if introduces and following.kind != "item":
            break
    while len(chosen) > 1 and chosen[-1].text.rstrip().endswith(":"):
        chosen.pop()  # it introduces what is no longer quoted
    return _joined(chosen)


def _weight(unit: Unit, wanted: set[str]) -> float:
    """How many of the wanted words it has; of two equals the one that says it in words, and shorter."""
    found = len(words(unit.text) & wanted)
    return found - 0.6 * (unit.kind == "code") - min(len(unit.text), 2000) / 10_000


def _joined(units: list[Unit]) -> Quote:
    lines: list[str] = []
    for unit in units:
        lines += [""] * (unit.first - units[0].first - len(lines))
        lines += unit.lines
    return Quote("\n".join(line[: 3 * _MOST] for line in lines), units[0].first, units[-1].last)


def _sentences(unit: Unit, wanted: set[str]) -> Quote:
    """The sentences around the best one."""
    text = unit.text
    cuts = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
    spans = list(pairwise(cuts))
    scores = [len(words(text[a:b]) & wanted) for a, b in spans]
    first = last = max(range(len(spans)), key=lambda i: (scores[i], -i))
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= _SPOKEN:
        last += 1
    start, end = spans[first][0], spans[last][1]
    part = text[start:end].strip()
    part = part if len(part) <= 2 * _MOST else f"{part[: 2 * _MOST].rsplit(None, 1)[0]} …"
    line = unit.first + text[:start].count("\n")
    return Quote(part, line, line + part.count("\n"))


__all__ = ["quoted", "words"]
