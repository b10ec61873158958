"""Thousands of processor instructions per operation, counted by callgrind: the same on an idle and on a busy machine.

`python -m benchmarks.instructions [--rows floor,us] [--operations turn,chunk] [--json FILE] [--here]`. Each number is what
a process that does the operation N times took more than one that did it not once, divided by N. Rows whose tools run in
threads vary by some percent from count to count, the others by less than one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.environments import HERE, Environment, built, this_python
from benchmarks.repeated import OPERATIONS
from benchmarks.rows import FLOOR, OURS, ROWS


def counted(environment: Environment, module: str, operation: str, times: int) -> int:
    """All instructions of a process that does the operation so many times."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        tool = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}"]
        _repeated(environment, module, operation, times, tool)
        return total(out.read_text())


def _repeated(environment: Environment, module: str, operation: str, times: int, tool: list[str]) -> None:
    program = [str(environment.python), "-m", "benchmarks.repeated", module, operation, str(times)]
    done = subprocess.run([*tool, *program], env=environment.variables, cwd=HERE, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{operation} of {module} failed: {' '.join(done.args)}\n{done.stderr.strip()}")


def total(report: str) -> int:
    """The sum over all threads that a callgrind file ends with."""
    return next(int(line.split()[1]) for line in report.splitlines() if line.startswith("totals:"))


def table(names: list[str], operations: list[str], here: bool) -> dict[str, dict[str, float]]:
    """Thousands of instructions per operation, by row and operation."""
    found: dict[str, dict[str, float]] = {}
    for name in names:
        entry = ROWS[name]
        environment = (this_python if here else built)(entry.name, entry.checkout)
        _repeated(environment, entry.module, operations[0], 0, [])  # compiles what is not compiled yet
        idle = counted(environment, entry.module, operations[0], 0)
        found[name] = {}
        for operation in operations:
            print(f"counting {operation} of {name}", file=sys.stderr, flush=True)
            kind = OPERATIONS[operation]
            busy = counted(environment, entry.module, operation, kind.times)
            found[name][operation] = (busy - idle) / kind.times / kind.parts / 1e3
    return found


def text(found: dict[str, dict[str, float]]) -> str:
    """A line for each operation, a column for each row, and the ratio of the last row to the first."""
    rows = list(found)
    lines = [f"{'thousands of instructions':26}" + "".join(f"{row:>14}" for row in rows) + f"{'last / first':>14}"]
    for operation in found[rows[0]]:
        numbers = [found[row][operation] for row in rows]
        ratio = numbers[-1] / numbers[0]
        lines.append(f"{operation:26}" + "".join(f"{number:14,.1f}" for number in numbers) + f"{ratio:14.2f}")
    return "\n".join(lines)


def _names(given: str) -> list[str]:
    return given.split(",")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=_names, default=[FLOOR, OURS])
    parser.add_argument("--operations", type=_names, default=list(OPERATIONS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--here", action="store_true", help="use this Python, and build no environments")
    given = parser.parse_args()
    if unknown := [name for name in (*given.rows, *given.operations) if name not in {*ROWS, *OPERATIONS}]:
        parser.error(
            f"there is no {', '.join(unknown)}; rows are {', '.join(ROWS)}, operations {', '.join(OPERATIONS)}"
        )
    if shutil.which("valgrind") is None:
        raise SystemExit("Instructions are counted by valgrind, which is missing; on Debian: apt-get install valgrind")
    found = table(given.rows, given.operations, given.here)
    print(text(found))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
