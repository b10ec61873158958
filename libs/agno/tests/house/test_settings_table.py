"""Every setting says what it means, and docs/settings.md shows it."""

from __future__ import annotations

import pytest

from house.settings_table import CLASSES, PAGE, renewed, settings_of


@pytest.mark.parametrize(("file", "cls"), [(file, cls) for _, file, cls in CLASSES])
def test_every_setting_says_what_it_means(file: str, cls: str) -> None:
    silent = [one.name for one in settings_of(file, cls) if not one.meaning]
    assert not silent, f"write a comment behind these settings of {cls}: {', '.join(silent)}"


def test_the_tables_of_settings_are_fresh() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == renewed(page), "the settings changed: run `make surface`"
