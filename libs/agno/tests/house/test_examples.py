"""Every example in the docs and the cookbook runs, without a key and without the network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
BLOCK = re.compile(r"(<!-- no-run: [^\n]+ -->\n)?```python\n(.*?)```", re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = [
    pytest.param(code, bool(mark), id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, (mark, code) in enumerate(BLOCK.findall(page.read_text()), 1)
]
SCRIPTS = sorted((ROOT / "cookbook").rglob("*.py"))


def run(arguments: list[str], folder: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    guard = "import agno.testing as t, runpy, sys; c = t.no_network(); c.__enter__(); "
    how = "exec(sys.argv[1])" if arguments[0] == "-c" else "runpy.run_path(sys.argv[1], run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", guard + how, arguments[1]],
        capture_output=True, text=True, cwd=folder, env=environment, stdin=subprocess.DEVNULL, timeout=50,
    )  # fmt: skip
    assert done.returncode == 0 or "SystemExit: 0" in done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize(("code", "compile_only"), EXAMPLES)
def test_examples_in_the_docs_run(code: str, compile_only: bool, tmp_path: Path) -> None:
    compile(code, "example", "exec")
    if not compile_only:
        assert run(["-c", code], tmp_path) is not None


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_cookbook_scripts_run_and_say_something(script: Path, tmp_path: Path) -> None:
    assert run(["-f", str(script)], tmp_path).strip()
