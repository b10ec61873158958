"""Every script of the cookbook runs, without a key and without the network, and prints what it says it prints."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from house.imports import REPOSITORY
from house.running import run_alone

SCRIPTS = sorted((REPOSITORY / "cookbook").glob("[0-9]*/*.py"))


def _marked(script: Path) -> Any:
    """One that needs packages beside those of all tests says so in its docstring, and runs where they are."""
    marks = [pytest.mark.knowledge] if "\nNeeds: pip install" in script.read_text(encoding="utf-8") else []
    return pytest.param(script, marks=marks, id=script.name)


@pytest.mark.parametrize("script", [_marked(script) for script in SCRIPTS])
def test_a_script_runs_and_prints_what_it_promises(script: Path, tmp_path: Path) -> None:
    source = script.read_text(encoding="utf-8")
    promised = _promised(source)
    assert promised, "The docstring ends with `Prints:` and lines that the output holds, so that a reader knows them."
    printed = run_alone(source, str(script), tmp_path)
    lines = iter(printed.splitlines())
    missing = [line for line in promised if line != "..." and not any(_is(line, other) for other in lines)]  # in order
    assert not missing, f"{missing} is not in what it prints, or not there:\n{printed}"


def _promised(source: str) -> list[str]:
    """The indented lines behind `Prints:` in the docstring."""
    _, _, behind = (ast.get_docstring(ast.parse(source)) or "").partition("Prints:\n")
    return [line.strip() for line in re.findall(r"^ {4}.+$", behind, re.M)]


def test_the_quickstart_has_its_scripts() -> None:
    assert len([script for script in SCRIPTS if script.parent.name == "00_quickstart"]) >= 6


def test_the_demo_answers_from_this_repository_and_names_its_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGNO_EMBEDDER", "hashing")  # the demo installs no MiniLM, whatever else is here
    demo = REPOSITORY / "cookbook" / "demo.py"
    printed = run_alone(demo.read_text(encoding="utf-8"), str(demo), tmp_path)
    assert printed.count("$ agno ask") == 3
    assert len(re.findall(r"(?m)^(?:README|CONTRIBUTING|docs/\S+)\.md:\d+", printed)) >= 3


def _is(promised: str, printed: str) -> bool:
    """A whole line, or with three dots at its end the beginning of one."""
    return printed.startswith(promised[:-3].rstrip()) if promised.endswith(" ...") else printed == promised
