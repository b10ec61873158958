"""The benchmark measures real work, and says what it found, losses and failures included."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.driver import Cell, measured
from benchmarks.intervals import coverage, estimate, ratios
from benchmarks.measuring import Measuring, WrongResult
from benchmarks.rows.floor import Floor
from benchmarks.scenarios import SCENARIOS
from benchmarks.summary import lines
from benchmarks.workload import ANSWER

from house.imports import REPOSITORY

TRIED = ["construct", "turn", "turn_async", "tools", "stream_async", "session_sqlite", "session_growth", "loopback"]


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", "--here", *options]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=170)


@pytest.mark.heavy
@pytest.mark.timeout(180)
def test_our_row_and_the_floor_are_measured_side_by_side(tmp_path: Path) -> None:
    result, table = tmp_path / "result.json", tmp_path / "table.md"
    done = bench(
        *("--quick", "--rounds", "2", "--rows", "floor,us", "--scenarios", ",".join(TRIED)),
        *("--json", str(result), "--markdown", str(table)),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(result.read_text())
    cells = {(cell["row"], cell["scenario"]): cell for cell in found["cells"]}
    assert set(cells) == {(row, name) for row in ("floor", "us") for name in TRIED}
    for cell in cells.values():
        assert cell["empty"] is None
        assert all(len(values) == 2 for values in cell["values"].values())
    stored = cells["us", "session_sqlite"]["values"]
    assert stored["statements_25"][0] > 0
    assert stored["written_25"][0] > 0
    for shown in (done.stdout, table.read_text()):
        assert "one run: CPU [µs]" in shown
        assert "Where we lose:" in shown


def test_an_unknown_row_is_refused_with_those_that_there_are() -> None:
    done = bench("--rows", "us,nobody")
    assert done.returncode == 2
    assert "there is no nobody; known are floor, us, agno-2.0.0" in done.stderr


def found_with(**cpu: Any) -> dict[str, Any]:
    """A result of one scenario, with the values of each row or why it has none."""
    cells = []
    for row, values in cpu.items():
        cell = Cell(row, "turn")
        cell.take({"failed": values} if isinstance(values, str) else {})
        if isinstance(values, list):
            cell.values = {"cpu": values}
        cells.append(vars(cell))
    machine = {"python": "3", "cores": 2, "processor": "x", "load_before": 0.0, "load_after": 0.0}
    return {
        "date": "2026-01-01",
        "machine": machine,
        "rounds": {"turn": 3},
        "versions": dict.fromkeys(cpu, "1"),
        "cells": cells,
    }


def test_a_loss_is_called_a_loss_and_a_close_call_is_not() -> None:
    found = found_with(
        floor=[1.0, 1, 1], us=[10.0, 12, 11], faster=[5.0, 6, 5], close=[9.0, 13, 11], broken="no answer"
    )
    (line,) = lines(found)
    assert [figure.verdict for figure in line.figures] == ["", "", "ahead of us", "undecided", ""]
    lost, _, rest = report.text(found).partition("Where we lose:")[2].partition("Where it cannot be told")
    assert "faster takes 0.50" in lost and "close" not in lost
    assert "close takes 1.00 (0.90 .. 1.08)" in rest
    assert "broken, one run: failed: no answer" in rest


def test_every_second_round_goes_backwards() -> None:
    order: list[str] = []

    class Fixed:
        def __init__(self, name: str) -> None:
            self.name = name

        def prepare(self, scenario: str) -> dict[str, Any]:
            return {"missing": "cannot"} if self.name == "c" else {"times": 1}

        def measure(self, scenario: str) -> dict[str, Any]:
            order.append(self.name)
            return {"numbers": {"cpu": len(order)}}

    rows = ["a", "b", "c"]
    cells = measured(
        [Cell(row, "turn") for row in rows], {row: Fixed(row) for row in rows}, SCENARIOS["turn"], rounds=3
    )
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert [cell.values for cell in cells] == [{"cpu": [1, 4, 5]}, {"cpu": [2, 3, 6]}, {}]
    assert cells[2].empty == "cannot" and not cells[2].failed


def test_intervals_narrow_with_more_values_and_own_up_to_few() -> None:
    assert coverage(3) == pytest.approx(0.75)
    assert coverage(5) < 0.95 <= coverage(6)
    few, many = estimate([3, 1, 2]), estimate(range(1, 16))
    assert (few.low, few.middle, few.high) == (1, 2, 3)
    assert (many.low, many.middle, many.high) == (4, 8, 12)  # the rank of the tables of the sign test
    assert ratios([2, 40, 6], [1, 20, 3]) == estimate([2.0, 2.0, 2.0])


class Liar(Floor):
    """Does not run the tool, forgets a turn, or gives another answer."""

    def tools(self) -> str:
        return ANSWER

    def turn(self) -> str:
        return "other"

    def session(self, file: Path | None) -> Any:
        session = super().session(file)
        session.stored = lambda: 24
        return session


@pytest.mark.parametrize(
    ("scenario", "said"),
    [("tools", "tools run: 0 instead of 10"), ("turn", "answer: 'other'"), ("session_memory", "stored turns: 24")],
)
def test_a_row_that_does_not_do_the_work_has_no_time(scenario: str, said: str) -> None:
    with pytest.raises(WrongResult, match=said):
        Measuring(Liar(), url="", turns=25).batch(scenario, 2)
