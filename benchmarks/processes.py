"""The rows as processes that are asked for one batch at a time."""

from __future__ import annotations

import json
import select
import subprocess
import tempfile
from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.environments import REPOSITORY, Environment
from benchmarks.rows import RowEntry

PATIENCE = 900  # seconds for one batch, before a row counts as hung
Answer = dict[str, Any]


class Asked(Protocol):
    """Something that is asked to prepare a scenario, and then for one batch of it after the other."""

    def prepare(self, scenario: str) -> Answer: ...
    def measure(self, scenario: str) -> Answer: ...


class WorkerProcess:
    """A row's process, for as long as the table takes."""

    def __init__(self, entry: RowEntry, environment: Environment, *options: str) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self._process = environment.start("worker", entry.module, *options, stderr=self._errors)

    def prepare(self, scenario: str) -> Answer:
        return self._ask({"prepare": scenario})

    def measure(self, scenario: str) -> Answer:
        return self._ask({"measure": scenario})

    def version(self, package: str) -> str:
        """The version of a package in the row's environment."""
        return str(self._ask({"version": package}).get("version", "?"))

    def close(self) -> None:
        end(self._process)
        self._errors.close()

    def _ask(self, request: dict[str, str]) -> Answer:
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            line = _line(self._process)
        except BrokenPipeError:
            line = ""
        answer: Answer = json.loads(line) if line else {"failed": self._last_words()}
        return answer

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1] if lines else f"the process ended, or said nothing for {PATIENCE} s"


class FreshProcesses:
    """A row that gets a new process for every batch."""

    def __init__(self, entry: RowEntry, environment: Environment, url: str) -> None:
        self._start: Callable[[], subprocess.Popen[str]] = lambda: environment.start(
            "fresh", entry.module, url, stderr=subprocess.PIPE
        )

    def prepare(self, scenario: str) -> Answer:
        """Once before it counts: the files are read into memory then, and compiled if they were not."""
        return self.measure(scenario)

    def measure(self, scenario: str) -> Answer:
        process = self._start()
        try:
            said, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            end(process)
            return {"failed": f"the process did not end within {PATIENCE} s"}
        if process.returncode:
            return {"failed": (errors.strip().splitlines() or ["no message"])[-1]}
        return {"numbers": json.loads(said)}


class Server:
    """The scripted model server in a process of its own, in a `with` block."""

    def __init__(self, environment: Environment) -> None:
        self._process = environment.start("server")
        self.url = _line(self._process).strip()
        if not self.url:
            raise SystemExit("The scripted model server did not start; its message is above.")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: object) -> None:
        end(self._process)


def end(process: subprocess.Popen[str]) -> None:
    """Close its input, which all of them take as the end, and wait a moment for it."""
    for channel in (process.stdin, process.stdout):
        if channel is not None:
            channel.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def commit() -> str:
    """Which checkout this is."""
    command = ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "this checkout"


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
    return process.stdout.readline() if ready else ""
