"""From measured values to medians, and to ratios to our row and to the floor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.intervals import Estimate, estimate, ratios
from benchmarks.rows import FLOOR, OURS
from benchmarks.scenarios import SCENARIOS, Metric, Scenario

UNCOUNTED = "n/a: cannot be counted from outside"


@dataclass(frozen=True)
class Figure:
    """One row's number, with its ratios; without a `value` it has a `reason`."""

    row: str
    value: Estimate | None = None
    to_ours: Estimate | None = None
    to_floor: Estimate | None = None
    reason: str = ""

    @property
    def uncounted(self) -> bool:
        """Whether the row has the scenario and only this number of it cannot be had."""
        return self.reason == UNCOUNTED

    @property
    def verdict(self) -> str:
        """How this row stands to ours: less is better in every number."""
        if self.to_ours is None or self.row in (OURS, FLOOR):
            return ""
        if self.to_ours.high < 1:
            return "ahead of us"
        return "undecided" if self.to_ours.low <= 1 else "behind us"


@dataclass(frozen=True)
class Line:
    """One number of one scenario, for all rows."""

    scenario: Scenario
    metric: Metric
    figures: tuple[Figure, ...]

    @property
    def title(self) -> str:
        """What the number is, with its unit."""
        name = self.metric.title
        if not self.scenario.name.startswith(("session", "import")):
            name = f"{self.scenario.title}: {name}"
        return f"{name} [{self.metric.unit}]"

    @property
    def comparable(self) -> bool:
        """Whether any row can be set beside ours."""
        return any(figure.row == OURS and figure.value for figure in self.figures)


def lines(found: dict[str, Any]) -> Iterator[Line]:
    """The lines of the table, in the order of the scenarios."""
    for name in found["rounds"]:
        cells = {cell["row"]: cell for cell in found["cells"] if cell["scenario"] == name}
        for metric in SCENARIOS[name].metrics:
            figures = tuple(_figure(cells, row, metric) for row in found["versions"])
            if any(figure.value for figure in figures):
                yield Line(SCENARIOS[name], metric, figures)


def _figure(cells: dict[str, Any], row: str, metric: Metric) -> Figure:
    cell = cells[row]
    if cell["empty"]:
        return Figure(row, reason=("failed: " if cell["failed"] else "") + cell["empty"])
    values = _known(cell, metric)
    if not values:
        return Figure(row, reason=UNCOUNTED)
    ours, floor = (_known(cells.get(base), metric) for base in (OURS, FLOOR))
    return Figure(row, estimate(values), _ratio(values, ours), _ratio(values, floor))


def _known(cell: dict[str, Any] | None, metric: Metric) -> list[float]:
    values = cell["values"].get(metric.name, []) if cell else []
    return [] if None in values else values


def _ratio(values: list[float], base: list[float]) -> Estimate | None:
    return ratios(values, base) if len(base) == len(values) and all(base) else None
