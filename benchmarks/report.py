"""The table as text and as Markdown; where others are ahead of us comes in a section of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.intervals import LEVEL, Estimate, coverage
from benchmarks.rows import OURS
from benchmarks.summary import Figure, Line, lines


def text(found: dict[str, Any]) -> str:
    """A block for each number, a line for each row."""
    blocks = ["\n".join(_head(found))]
    for line in lines(found):
        head = f"{'median':>10} {'interval':>21} {'/ us':>7} {'interval':>15} {'/ floor':>8}"
        blocks.append("\n".join([line.title, f"  {'':14}{head}", *map(_row, line.figures)]))
    blocks.append("\n".join(standing(found)))
    return "\n\n".join(blocks)


def markdown(found: dict[str, Any]) -> str:
    """One table: a line for each number, a column for each row; the ratio to ours in (), in ours that to the floor in []."""
    rows = list(found["versions"])
    table = ["| | " + " | ".join(rows) + " |", "|---|" + "---:|" * len(rows)]
    for line in lines(found):
        table.append(f"| {line.title} | " + " | ".join(map(_cell, line.figures)) + " |")
    lists = [f"- {entry}" if entry.startswith(" ") else f"\n{entry}\n" for entry in standing(found)]
    return "\n".join([*_head(found), "", *table, *(entry.replace("-   ", "- ") for entry in lists)])


def standing(found: dict[str, Any]) -> Iterator[str]:
    """Who is ahead of us, where it cannot be told, and what is missing."""
    table = list(lines(found))
    yield "Where we lose:"
    yield from _verdicts(table, "ahead of us") or ["  nowhere among these numbers"]
    yield "Where it cannot be told, because the interval of the ratio holds 1:"
    yield from _verdicts(table, "undecided") or ["  nowhere among these numbers"]
    empty = sorted({f"  {figure.row}, {_place(line, figure)}" for line, figure in _figures(table) if figure.reason})
    if empty:
        yield "What is empty:"
        yield from empty


def _place(line: Line, figure: Figure) -> str:
    return f"{line.title if figure.uncounted else line.scenario.title}: {figure.reason}"


def _verdicts(table: list[Line], verdict: str) -> list[str]:
    return [
        f"  {line.title}: {figure.row} takes {_ratio(figure.to_ours)} of ours"
        for line, figure in _figures(table)
        if figure.verdict == verdict
    ]


def _figures(table: Iterable[Line]) -> Iterator[tuple[Line, Figure]]:
    return ((line, figure) for line in table for figure in line.figures)


def _head(found: dict[str, Any]) -> Iterator[str]:
    machine = found["machine"]
    yield (
        f"{found['date']}, Python {machine['python']}, {machine['cores']} cores ({machine['processor']}), "
        f"load {machine['load_before']:.1f} before and {machine['load_after']:.1f} after."
    )
    yield "Versions: " + ", ".join(f"{row} = {version}" for row, version in found["versions"].items()) + "."
    counts = sorted(set(found["rounds"].values()))
    covered = ", ".join(f"{coverage(count):.0%} with {count}" for count in counts)
    yield f"Intervals are of ranks and cover the median (aim {LEVEL:.0%}): {covered} rounds."


def _row(figure: Figure) -> str:
    if figure.value is None:
        return f"  {figure.row:14}{'-':>10} {figure.reason}"
    value, ours = figure.value, figure.to_ours
    spread = f"{_number(value.low)} .. {_number(value.high)}"
    between = f"{ours.low:.2f} .. {ours.high:.2f}" if ours else ""
    to_floor = f"{figure.to_floor.middle:.2f}" if figure.to_floor else ""
    to_ours = f"{ours.middle:.2f}" if ours else ""
    return (
        f"  {figure.row:14}{_number(value.middle):>10} {spread:>21} {to_ours:>7} {between:>15} {to_floor:>8}".rstrip()
    )


def _cell(figure: Figure) -> str:
    if figure.value is None:
        return "-"
    number = _number(figure.value.middle)
    if figure.row == OURS:
        return f"**{number}**" + (f" [{figure.to_floor.middle:.2f}]" if figure.to_floor else "")
    if figure.to_ours is None:
        return number
    return f"{number} ({figure.to_ours.middle:.2f})"


def _ratio(ratio: Estimate | None) -> str:
    return f"{ratio.middle:.2f} ({ratio.low:.2f} .. {ratio.high:.2f})" if ratio else ""


def _number(value: float) -> str:
    """Three digits that mean something, and all of those before the point."""
    for digits in (2, 1):
        if abs(value) < 10 ** (3 - digits):
            return f"{value:.{digits}f}"
    return f"{value:,.0f}"
