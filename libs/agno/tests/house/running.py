"""Run a program as a newcomer would: a fresh interpreter in an empty folder, no keys, no network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from house.imports import LIBRARY

_GUARDED = """
import sys
from agno.testing import no_network
name, source = sys.argv[1], sys.stdin.read()
sys.argv[:] = [name]
with no_network():
    exec(compile(source, name, "exec"), {"__name__": "__main__", "__file__": name})
"""
_KEPT = ("AGNO_EMBEDDER", "PATH", "LANG", "LC_ALL", "SYSTEMROOT", "OMP_NUM_THREADS")


def run_alone(source: str, name: str, folder: Path) -> str:
    """What the program prints. Fails with its traceback when it fails."""
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    environment |= {"PYTHONPATH": str(LIBRARY), "HOME": str(folder), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", _GUARDED, name],
        input=source,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env=environment,
        timeout=50,
    )
    assert done.returncode == 0, f"{name} fails:\n{done.stdout}\n{done.stderr}"
    return done.stdout
