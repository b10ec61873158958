"""SQLite with sqlite-vec, in a file and in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.sqlite import SqliteVec
from vectordb.contract import VectorDbContract, texts

pytestmark = pytest.mark.knowledge
EMBEDDER = HashingEmbedder(dimensions=16)


@pytest.fixture(scope="module", autouse=True)
def file(tmp_path_factory):
    TestSqliteVec.file = tmp_path_factory.mktemp("sqlite") / "deep" / "shelf.db"


class TestSqliteVec(VectorDbContract):
    file = None

    def make(self, name, **options):
        return SqliteVec(table_name=name, db_file=self.file, **options)


def test_several_connections_write_to_one_file(tmp_path):
    stores = [SqliteVec("docs", tmp_path / "x.db", embedder=EMBEDDER) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda pair: pair[1].upsert(f"h{pair[0]}", [Document(f"tea {pair[0]}")]), enumerate(stores)))
    assert len(stores[0].search("tea", limit=10)) == 6
    for store in stores:
        store.close()
    assert len(stores[0].search("tea", limit=10)) == 6  # opened again


def _store_three(place):
    number, file = place
    db = SqliteVec("docs", file, embedder=EMBEDDER)
    for n in range(3):
        db.upsert(f"h{number}-{n}", [Document(f"tea {number} {n}")])


def test_several_processes_begin_one_file(tmp_path):
    with get_context("spawn").Pool(3) as pool:
        pool.map(_store_three, [(number, tmp_path / "x.db") for number in range(6)], chunksize=1)
    assert len(SqliteVec("docs", tmp_path / "x.db", embedder=EMBEDDER).search("tea", limit=50)) == 18


def test_who_waits_too_long_for_a_lock_is_told(tmp_path, monkeypatch):
    first, second = (SqliteVec("docs", tmp_path / "x.db", embedder=EMBEDDER) for _ in range(2))
    first.insert("h", [Document("tea")])
    monkeypatch.setattr("agno.vectordb.sqlite.sqlite._PATIENCE", 0.05)
    first._connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(VectorDbUnavailableError, match="locked"):
        second.insert("i", [Document("milk")])
    first._connection.execute("COMMIT")
    second.insert("i", [Document("milk")])


def test_memory_is_of_one_object():
    first, second = (SqliteVec("docs", ":memory:", embedder=EMBEDDER) for _ in range(2))
    first.insert("h", [Document("tea")])
    assert texts(first.search("tea")) == ["tea"] and second.exists() is False


def test_an_upsert_that_fails_changes_nothing(tmp_path, monkeypatch):
    db = SqliteVec("docs", tmp_path / "x.db", embedder=EMBEDDER)
    db.insert("h", [Document("tea")])
    trigger = (
        "CREATE TRIGGER no BEFORE INSERT ON docs WHEN new.name = 'wrong' BEGIN SELECT RAISE(ABORT, 'wrong name'); END"
    )
    db._connection.execute(trigger)
    with pytest.raises(VectorDbError, match="wrong name"):
        db.upsert("h", [Document("milk"), Document("coffee", name="wrong")])
    assert texts(db.search("tea")) == ["tea"]


def test_endings_of_words_do_not_matter(tmp_path):
    db = SqliteVec('odd "name"', tmp_path / "x.db", embedder=EMBEDDER, search_type="keyword")
    db.insert("h", [Document("the cats were running"), Document("dogs")])
    assert texts(db.search("run")) == ["the cats were running"]


def test_a_file_that_cannot_be_opened_is_no_empty_database(tmp_path):
    with pytest.raises(VectorDbUnavailableError, match="cannot be used"):
        SqliteVec("docs", tmp_path, embedder=EMBEDDER).search("tea")
    (tmp_path / "text.db").write_text("this is no database, but a text that is long enough to be looked at " * 20)
    with pytest.raises(VectorDbError, match="not a database"):
        SqliteVec("docs", tmp_path / "text.db", embedder=EMBEDDER).search("tea")


def test_dot_products_are_not_measured():
    with pytest.raises(ValueError, match="does not measure max_inner_product"):
        SqliteVec("docs", distance="max_inner_product")
