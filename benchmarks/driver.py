"""Asks one row after the other for one batch, there and back again, round after round."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from benchmarks.environments import Environment
from benchmarks.processes import Asked, FreshProcesses, Server, WorkerProcess, commit
from benchmarks.rows import ROWS, RowEntry
from benchmarks.scenarios import LONG, SCENARIOS, SHORT, Scenario

Environments = Callable[[str, bool], Environment]


@dataclass(frozen=True)
class Plan:
    """What to measure, and how thoroughly. `batch_ms` is the CPU time that a batch aims at."""

    rows: Sequence[str]
    scenarios: Sequence[str]
    rounds: int = 15
    turns: int = LONG
    batch_ms: float = 50.0

    def rounds_of(self, scenario: Scenario) -> int:
        return min(self.rounds, max(3, self.rounds // 3)) if scenario.heavy else self.rounds


def quick(rows: Sequence[str], scenarios: Sequence[str]) -> Plan:
    """A plan that shows that everything works; its numbers are rough."""
    return Plan(rows, scenarios, rounds=3, turns=SHORT, batch_ms=5.0)


@dataclass
class Cell:
    """The measured values of one row in one scenario, a list for each number; or why there are none."""

    row: str
    scenario: str
    values: dict[str, list[float | None]] = field(default_factory=dict)
    empty: str | None = None
    failed: bool = False

    def take(self, answer: Mapping[str, Any]) -> None:
        """Note an answer of the row."""
        if reason := answer.get("missing") or answer.get("failed"):
            self.empty, self.failed, self.values = reason, "failed" in answer, {}
        for name, value in answer.get("numbers", {}).items():
            self.values.setdefault(name, []).append(value)


def measured(cells: Iterable[Cell], asked: Mapping[str, Asked], scenario: Scenario, rounds: int) -> list[Cell]:
    """All rounds of a scenario. Every second round goes backwards, so that a drift of the machine hits all alike."""
    running = []
    for cell in cells:
        answer = asked[cell.row].prepare(scenario.name)
        cell.take({name: reason for name, reason in answer.items() if name in ("missing", "failed")})
        running.append(cell)
    for number in range(rounds):
        for cell in running if number % 2 == 0 else running[::-1]:
            if cell.empty is None:
                cell.take(asked[cell.row].measure(scenario.name))
    return running


def run(plan: Plan, environments: Environments, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure, and give everything that was found as plain data."""
    entries = [ROWS[name] for name in plan.rows]
    places = {entry.name: environments(entry.name, entry.checkout) for entry in entries}
    with ExitStack() as stack:
        server = stack.enter_context(Server(environments("server", True)))
        options = ("--url", server.url, "--turns", str(plan.turns), "--batch-ms", str(plan.batch_ms))
        workers = {entry.name: WorkerProcess(entry, places[entry.name], *options) for entry in entries}
        for worker in workers.values():
            stack.callback(worker.close)
        fresh = {entry.name: FreshProcesses(entry, places[entry.name], server.url) for entry in entries}
        found = _described(plan, {entry.name: _version(entry, workers[entry.name]) for entry in entries})
        for scenario in map(SCENARIOS.__getitem__, plan.scenarios):
            started = time.monotonic()
            asked: Mapping[str, Asked] = fresh if scenario.name == "import" else workers
            cells = [Cell(name, scenario.name) for name in plan.rows]
            found["cells"] += map(vars, measured(cells, asked, scenario, plan.rounds_of(scenario)))
            say(f"{scenario.title}: {time.monotonic() - started:.0f} s")
    found["machine"]["load_after"] = os.getloadavg()[0]
    return found


def _version(entry: RowEntry, worker: WorkerProcess) -> str:
    return commit() if entry.checkout else f"{entry.package} {worker.version(entry.package)}"


def _described(plan: Plan, versions: dict[str, str]) -> dict[str, Any]:
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": os.getloadavg()[0],
        },
        "rounds": {name: plan.rounds_of(SCENARIOS[name]) for name in plan.scenarios},
        "versions": versions,
        "cells": [],
    }
