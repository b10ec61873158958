"""What several tests of knowledge need."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from db.servers.sql import Postgres, running


@pytest.fixture(
    params=[
        pytest.param("local", marks=pytest.mark.heavy),
        pytest.param("pgvector", marks=pytest.mark.heavy),
        pytest.param("lancedb", marks=pytest.mark.knowledge),
    ]
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where processes of `knowledge.attempts` store chunks: a file of SQLite, PostgreSQL, or a folder of LanceDB."""
    if request.param != "pgvector":
        yield str(tmp_path / {"local": "vectors.db", "lancedb": "lance"}[request.param])
        return
    with running(Postgres) as server:
        yield server.url()
