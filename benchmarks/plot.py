"""Draws ratios to our row from a result file: `python -m benchmarks.plot RESULT.json PLOT.svg`, where matplotlib is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

from benchmarks.rows import OURS
from benchmarks.summary import Line, lines

matplotlib.rcParams["svg.hashsalt"] = "agno"  # the same file for the same numbers
matplotlib.rcParams["svg.fonttype"] = "none"  # text stays text


def draw(table: list[Line], rows: list[str], file: Path, title: str) -> None:
    """A line for each number, a dot with its interval for each row, on a logarithmic axis of ratios."""
    figure, axes = plt.subplots(figsize=(11, 1.5 + 0.42 * len(table)))
    for place, row in enumerate(row for row in rows if row != OURS):
        offset = (place - (len(rows) - 2) / 2) * 0.1
        dots = [
            (n + offset, f.to_ours) for n, line in enumerate(table) for f in line.figures if f.row == row and f.to_ours
        ]
        if dots:
            middle = [ratio.middle for _, ratio in dots]
            spread = [[r.middle - r.low for _, r in dots], [r.high - r.middle for _, r in dots]]
            axes.errorbar(middle, [y for y, _ in dots], xerr=spread, fmt="o", markersize=4, linewidth=1, label=row)
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xscale="log", xlabel="ratio to our row; left of the line is cheaper than ours", title=title)
    axes.set_yticks(range(len(table)), [line.title for line in table], fontsize=8)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.grid(axis="x", which="major", alpha=0.3)
    axes.legend(loc="best", fontsize=8)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    result, file = map(Path, sys.argv[1:])
    found = json.loads(result.read_text())
    table = [line for line in lines(found) if line.comparable]
    draw(table, list(found["versions"]), file, f"What a run costs, {found['date']}")


if __name__ == "__main__":
    main()
