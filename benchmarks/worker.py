"""A row in a process of its own: a line of JSON asks for one batch, a line of JSON answers. `python -m benchmarks.worker MODULE`"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import sys
import traceback
from importlib.metadata import version
from typing import Any, TextIO

from benchmarks.measuring import Measuring
from benchmarks.scenarios import SCENARIOS

MOST = 20_000  # iterations in a batch


class Worker:
    """Answers requests about one row."""

    def __init__(self, module: str, url: str, turns: int, batch_ms: float) -> None:
        self.row = importlib.import_module(f"benchmarks.rows.{module}").ROW()
        self.measuring = Measuring(self.row, url, turns)
        self.batch_ms = batch_ms
        self.times: dict[str, int] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """What to say to `{"prepare": scenario}`, `{"measure": scenario}` and `{"version": package}`."""
        if (package := request.get("version")) is not None:
            return {"version": version(package)}
        if (scenario := request.get("prepare")) is not None:
            return self._prepare(scenario)
        scenario = request["measure"]
        gc.collect()
        return {"numbers": self.measuring.batch(scenario, self.times[scenario])}

    def _prepare(self, scenario: str) -> dict[str, Any]:
        """Warm up, and find how many iterations make a batch."""
        if scenario in self.row.missing:
            return {"missing": self.row.missing[scenario]}
        times, spent = 1, 0.0
        if not (SCENARIOS[scenario].heavy and scenario != "loopback"):
            self.measuring.batch(scenario, 1)
            self.measuring.batch(scenario, 1)
            spent = max(self.measuring.spent / 1e6, 0.001)
            times = max(1, min(MOST, round(self.batch_ms / spent)))
        self.times[scenario] = times
        return {"times": times}


def _reason(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip().replace("\n", " ")


def _own_output() -> TextIO:
    """The answers' own channel; whatever a package prints goes to the error output."""
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return channel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module")
    parser.add_argument("--url", default="")
    parser.add_argument("--turns", type=int, required=True)
    parser.add_argument("--batch-ms", type=float, required=True)
    options = parser.parse_args()
    channel = _own_output()
    worker = Worker(options.module, options.url, options.turns, options.batch_ms)
    for line in sys.stdin:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as error:  # a border: one scenario of one row
            answer = {"failed": _reason(error)}
        print(json.dumps(answer), file=channel)


if __name__ == "__main__":
    main()
