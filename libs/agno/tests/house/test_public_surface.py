"""The public names are a promise: a change of it shows in the diff of `public_surface.txt`."""

from __future__ import annotations

import ast
import difflib
import inspect

import pytest

from agno.agent import Agent

from house.surface import SNAPSHOT, described, exported, public_modules, surface


def test_the_public_surface_is_as_the_snapshot_says() -> None:
    changes = difflib.unified_diff(
        SNAPSHOT.read_text().splitlines(), surface().splitlines(), "promised", "there now", lineterm="", n=1
    )
    text = "\n".join(changes)
    assert not text, f"The public surface changed. If that is meant, run `make surface` and commit it.\n{text}"


@pytest.mark.parametrize("module", [name for name, path in public_modules().items() if path.stem == "__init__"])
def test_a_package_exports_names_that_are_there_and_in_order(module: str) -> None:
    tree = ast.parse(public_modules()[module].read_text())
    names = exported(tree) or []
    assert names == sorted(names, key=_sorted_as_ruff_does)
    assert "<- ?" not in described(module, public_modules()[module].read_text())


def _sorted_as_ruff_does(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def test_a_package_that_imports_names_says_which_are_public() -> None:
    trees = {name: ast.parse(path.read_text()) for name, path in public_modules().items() if path.stem == "__init__"}
    silent = [
        name
        for name, tree in trees.items()
        if exported(tree) is None and any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree.body)
    ]
    assert silent == []


def test_the_snapshot_shows_settings_signatures_and_where_names_come_from() -> None:
    source = """
from agno.run.agent import RunOutput
class Agent(Base):
    name: str | None = None
    _private = 1
    async def _search(self, io: IO, query: str) -> list[str]: ...
    search = sync(_search)
    @property
    def title(self) -> str: ...
    def run(self, input: str, *, stream: bool = False) -> RunOutput: ...
    def _hidden(self): ...
__all__ = ["Agent", "RunOutput"]
"""
    assert described("agno.agent", source).splitlines() == [
        "== agno.agent",
        "class Agent(Base)",
        "    name: str | None = None",
        "    @sync def search(self, query: str) -> list[str]",
        "    @property def title(self) -> str",
        "    def run(self, input: str, *, stream: bool=False) -> RunOutput",
        "RunOutput <- agno.run.agent",
    ]


def test_the_constructor_shows_all_settings_with_their_defaults() -> None:
    parameters = inspect.signature(Agent).parameters
    assert len(parameters) > 90
    assert parameters["num_history_runs"].default == 3
    assert parameters["markdown"].default is False
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters.values())
