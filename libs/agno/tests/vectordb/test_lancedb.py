"""LanceDB, in a folder."""

from __future__ import annotations

import pytest

from agno.vectordb.lancedb import LanceDb
from vectordb.contract import VectorDbContract

pytestmark = pytest.mark.knowledge


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    TestLanceDb.folder = tmp_path_factory.mktemp("lance")


class TestLanceDb(VectorDbContract):
    folder = None

    def make(self, name, **options):
        return LanceDb(uri=self.folder, table_name=name, **options)
