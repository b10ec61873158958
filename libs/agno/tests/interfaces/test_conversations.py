"""The table of what each protocol can do has a test behind every "yes", and the docs show it as it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from interfaces.conversations import END, PROTOCOLS, START, Protocol, table

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parents[2] / "docs" / "interfaces.md"


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda one: f"{one.name}, {one.peer}")
def test_a_test_stands_behind_every_yes(protocol: Protocol) -> None:
    for cell, name in protocol.cells():
        if not name.startswith("- "):
            path, _, test = name.rpartition("::")
            tree = ast.parse((TESTS / (path or protocol.path)).read_text())
            assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, cell


def test_the_docs_show_the_table() -> None:
    assert DOCS.read_text().partition(START)[2].partition(END)[0].strip() == table()
