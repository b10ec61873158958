"""The promise: a public name or signature changes only on purpose."""

from __future__ import annotations

import difflib
import inspect
import subprocess
import sys
from pathlib import Path

from agno.agent import Agent

HERE = Path(__file__).parent


def test_the_public_surface_is_the_snapshot() -> None:
    command = [sys.executable, str(HERE / "surface.py")]
    now = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    then = (HERE / "public_surface.txt").read_text()
    changes = "\n".join(difflib.unified_diff(then.splitlines(), now.splitlines(), "snapshot", "now", lineterm="", n=0))
    assert now == then, f"{changes}\n\nIf this is meant, renew the snapshot with: make surface"


def test_the_constructor_shows_all_settings_with_their_defaults() -> None:
    parameters = inspect.signature(Agent).parameters
    assert len(parameters) > 90
    assert parameters["num_history_runs"].default == 3
    assert parameters["markdown"].default is False
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())
