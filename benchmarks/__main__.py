"""What a run costs, beside the same work by hand and beside other frameworks. See docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.driver import Plan, quick, run
from benchmarks.environments import ENVIRONMENTS, built, this_python
from benchmarks.rows import ROWS
from benchmarks.scenarios import SCENARIOS


def _names(known: dict[str, Any]) -> Any:
    def parse(given: str) -> list[str]:
        names = given.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}; known are {', '.join(known)}")
        return names

    return parse


def _positive(given: str) -> int:
    if not given.isdigit() or int(given) < 1:
        raise argparse.ArgumentTypeError(f"{given!r} is no number of rounds; give 1 or more")
    return int(given)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds and short sessions: shows that all works")
    parser.add_argument("--rows", type=_names(ROWS), default=list(ROWS), help=f"of {','.join(ROWS)}")
    parser.add_argument(
        "--scenarios", type=_names(SCENARIOS), default=list(SCENARIOS), help=f"of {','.join(SCENARIOS)}"
    )
    parser.add_argument("--rounds", type=_positive, help="15 if not given; heavy scenarios get a third of them")
    parser.add_argument("--turns", type=int, choices=(25, 200), help="length of the sessions, 200 if not given")
    parser.add_argument("--json", type=Path, help="write everything that was measured to this file")
    parser.add_argument("--markdown", type=Path, help="write the table to this file")
    parser.add_argument("--plot", type=Path, help="draw the ratios to our row into this SVG file")
    parser.add_argument("--here", action="store_true", help="use this Python for every row, and build no environments")
    return parser.parse_args()


def plan_of(given: argparse.Namespace) -> Plan:
    plan = quick(given.rows, given.scenarios) if given.quick else Plan(given.rows, given.scenarios)
    return replace(plan, rounds=given.rounds or plan.rounds, turns=given.turns or plan.turns)


def plot(result: Path, file: Path) -> None:
    """In the driver's own environment: no row's environment needs matplotlib, nor does the caller's."""
    place = built("driver")
    command = [str(place.python), "-m", "benchmarks.plot", str(result), str(file)]
    subprocess.run(command, env=place.variables, check=True)


def main() -> int:
    given = options()
    found = run(plan_of(given), this_python if given.here else built, lambda line: print(line, file=sys.stderr))
    print(report.text(found))
    result = given.json or ENVIRONMENTS / "last.json"
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps(found, indent=1) + "\n")
    if given.markdown:
        given.markdown.write_text(report.markdown(found) + "\n")
    if given.plot:
        plot(result, given.plot)
    return int(any(cell["failed"] for cell in found["cells"]))


if __name__ == "__main__":
    sys.exit(main())
