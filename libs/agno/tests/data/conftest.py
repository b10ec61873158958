"""Runs that these tests make known by hand are forgotten again: others use the same ids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agno.run import cancel


@pytest.fixture(autouse=True)
def no_run_is_left() -> Iterator[None]:
    """After each test nothing goes on."""
    yield
    for run_id in list(cancel._tokens):
        cancel.cleanup_run(run_id)
    cancel._tokens.clear()
    cancel._wished.clear()
