"""The tables of docs/embedders.md say what the classes say."""

from __future__ import annotations

from house.embedders_table import PAGE, TABLES, renewed


def test_the_tables_of_embedders_and_rerankers_are_fresh() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert renewed(text, TABLES) == text, "`make surface` writes the tables of docs/embedders.md anew"
