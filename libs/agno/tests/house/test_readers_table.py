"""The tables of docs/readers.md say what the classes say."""

from __future__ import annotations

from pathlib import Path

from house.imports import LIBRARY
from house.readers_table import PAGE, renewed


def test_the_tables_of_readers_and_chunkers_are_fresh() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert renewed(text) == text, "`make surface` writes the tables of docs/readers.md anew"


def test_every_reader_has_a_key() -> None:
    modules = {path.stem for path in Path(LIBRARY / "agno" / "knowledge" / "reader").glob("*_reader.py")}
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in modules if f"/{name}.py)" not in text] == []
