"""Tests that import a package of the tier of vector databases are collected in that tier only; there it has to be there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_OF_THE_TIER = frozenset({"test_cassandra.py", "test_couchbase.py", "test_weaviate.py"})


def pytest_ignore_collect(collection_path: Path, config: Any) -> bool | None:
    """True for a file of another tier; None leaves the decision to others."""
    wanted = "knowledge" in config.option.markexpr.replace("not knowledge", "")
    return True if collection_path.name in _OF_THE_TIER and not wanted else None
