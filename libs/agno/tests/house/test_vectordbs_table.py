"""The tables of docs/vectordbs.md say what the classes and the package say."""

from __future__ import annotations

import re

from house.readers_table import LIBRARY
from house.vectordbs_table import PAGE, TABLES, _classes, renewed


def test_the_table_of_vector_databases_is_fresh() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert renewed(text, TABLES) == text, "`make surface` writes the table of docs/vectordbs.md anew"


def test_every_vector_database_says_how_to_install_it() -> None:
    text, project = PAGE.read_text(encoding="utf-8"), (LIBRARY / "pyproject.toml").read_text(encoding="utf-8")
    extras = re.findall(r"`agno\[([\w-]+)\]`", text)
    assert len(extras) > 15 and all(f"\n{extra} = " in project for extra in extras)
    for kind, _ in _classes():
        assert f"| `{kind.__name__}(" in text, f"{kind.__name__} has no line in docs/vectordbs.md"
