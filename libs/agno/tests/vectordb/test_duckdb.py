"""DuckDB, in a file and in memory."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.duckdb import DuckDb
from vectordb.contract import VectorDbContract, texts

pytestmark = pytest.mark.knowledge
EMBEDDER = HashingEmbedder(dimensions=16)


@pytest.fixture(scope="module", autouse=True)
def file(tmp_path_factory):
    TestDuckDb.file = tmp_path_factory.mktemp("duck") / "deep" / "shelf.duckdb"


class TestDuckDb(VectorDbContract):
    file = None

    def make(self, name, **options):
        return DuckDb(table_name=name, db_file=self.file, **options)


def test_several_objects_write_to_one_file(tmp_path):
    stores = [DuckDb("docs", tmp_path / "x.duckdb", embedder=EMBEDDER) for _ in range(6)]
    stores[0].create()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda pair: pair[1].upsert(f"h{pair[0]}", [Document(f"tea {pair[0]}")]), enumerate(stores)))
        list(pool.map(lambda store: store.upsert("same", [Document("tea"), Document("milk")]), stores))
    assert len(stores[0].search("tea", limit=10)) == 8


def test_a_file_belongs_to_one_process_until_it_is_closed(tmp_path):
    db = DuckDb("docs", tmp_path / "x.duckdb", embedder=EMBEDDER)
    db.insert("h", [Document("tea", meta_data={"a": [1]})])
    program = (
        "import sys\nfrom agno.vectordb.duckdb import DuckDb\n"
        "from agno.knowledge.embedder.hashing import HashingEmbedder\n"
        f"db = DuckDb('docs', {str(tmp_path / 'x.duckdb')!r}, embedder=HashingEmbedder(dimensions=16))\n"
        "print([document.meta_data for document in db.search('tea', filters={'a': 1})])"
    )
    refused = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "VectorDbUnavailableError" in refused.stderr and "cannot be used" in refused.stderr
    db.close()
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "[{'a': [1]}]"


def test_memory_and_connections_of_the_user():
    import duckdb

    first, second = (DuckDb("docs", ":memory:", embedder=EMBEDDER) for _ in range(2))
    first.insert("h", [Document("tea")])
    assert texts(first.search("tea")) == ["tea"] and second.exists() is False
    own = DuckDb('odd "name"', connection=duckdb.connect(":memory:"), embedder=EMBEDDER)
    own.insert("h", [Document("tea")])
    own.close()
    assert texts(own.search("tea")) == ["tea"]


def test_a_table_of_other_vectors_is_refused_with_a_sentence(tmp_path):
    DuckDb("docs", tmp_path / "x.duckdb", embedder=EMBEDDER).insert("h", [Document("tea")])
    with pytest.raises(ValueError, match="16 numbers"):
        DuckDb("docs", tmp_path / "x.duckdb", embedder=HashingEmbedder(dimensions=9)).insert("h", [Document("tea")])


def test_an_upsert_that_fails_changes_nothing():
    db = DuckDb("docs", ":memory:", embedder=EMBEDDER)
    db.insert("h", [Document("tea")])
    db.connection.execute("CREATE UNIQUE INDEX one_name ON docs (name)")
    with pytest.raises(VectorDbError, match="[Dd]uplicate|[Cc]onstraint|violat|conflict"):
        db.upsert("h", [Document("milk", name="x"), Document("coffee", name="x")])
    assert texts(db.search("tea")) == ["tea"]


def test_a_file_that_cannot_be_opened_is_no_empty_database(tmp_path):
    with pytest.raises(VectorDbUnavailableError, match="cannot be used"):
        DuckDb("docs", tmp_path, embedder=EMBEDDER).search("tea")
