"""The table of databases says what their tests say."""

from __future__ import annotations

from house.databases import PAGE, PRODUCTS, renewed, table


def test_the_table_of_databases_is_fresh() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renewed(page), "the databases' tests changed: run `make surface`"


def test_each_database_has_a_row_and_a_page() -> None:
    assert all((PAGE.parent / f"{product.page}.md").exists() for product in PRODUCTS)
    assert len(table().splitlines()) == len(PRODUCTS) + 2
    assert {path.stem for path in PAGE.parent.glob("*.md")} - {"index"} == {product.page for product in PRODUCTS}
