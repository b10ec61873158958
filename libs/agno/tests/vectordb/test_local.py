"""Vectors and words in a SQLite file."""

from __future__ import annotations

import sqlite3

import pytest

from agno.filters import IN
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.local import LocalVectorDb, local
from vectordb.contract import VectorDbContract, texts


class TestLocalVectorDb(VectorDbContract):
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _folder(cls, tmp_path_factory):
        cls.folder = tmp_path_factory.mktemp("local")

    def make(self, name, **options):
        return LocalVectorDb(self.folder / f"{name}.db", **options)


def a_shelf(path, **options):
    db = LocalVectorDb(path, embedder=HashingEmbedder(32), **options)
    db.insert("h", [Document("green tea"), Document("black tea"), Document("milk")])
    return db


@pytest.mark.knowledge  # needs numpy
@pytest.mark.parametrize("distance", ["cosine", "l2", "max_inner_product"])
def test_without_numpy_the_same_is_found(tmp_path, monkeypatch, distance):
    db = a_shelf(tmp_path / "a.db", distance=distance)
    found = {}
    for there in (True, False):
        monkeypatch.setattr(local, "_numpy_is_there", lambda there=there: there)
        found[there] = texts(db.search("green tea", limit=3))
    assert found[True] == found[False] == ["green tea", "black tea", "milk"]


def test_in_memory_everything_is_gone_with_the_object():
    assert texts(a_shelf(":memory:").search("milk", limit=1)) == ["milk"]
    assert LocalVectorDb(":memory:", embedder=HashingEmbedder(32)).exists() is False


def test_asking_makes_no_file(tmp_path):
    db = LocalVectorDb(tmp_path / "deep" / "a.db", embedder=HashingEmbedder(32))
    assert db.exists() is False and db.search("tea") == [] and not (tmp_path / "deep").exists()
    db.create()
    assert (tmp_path / "deep" / "a.db").exists()


def test_what_is_there_is_found_after_closing(tmp_path):
    db = a_shelf(tmp_path / "a.db")
    db.close()
    assert texts(db.search("milk", limit=1)) == ["milk"]


def test_a_filter_of_many_values_is_one_query(tmp_path):
    db = a_shelf(tmp_path / "a.db")
    db.insert("n", [Document("tea of number seven", meta_data={"n": 7})])
    assert texts(db.search("tea", filters=IN("n", list(range(5000))))) == ["tea of number seven"]


def test_a_file_of_something_else_and_a_vector_of_another_length_are_told(tmp_path):
    (tmp_path / "text.db").write_text("no database, but long enough to be looked at " * 10)
    with pytest.raises(VectorDbError, match="text.db is no file of LocalVectorDb, or is damaged"):
        LocalVectorDb(tmp_path / "text.db", embedder=HashingEmbedder(32)).exists()
    a_shelf(tmp_path / "a.db").close()
    with pytest.raises(ValueError, match="has vectors of hashing with 32 numbers, and hashing makes 64"):
        LocalVectorDb(tmp_path / "a.db", embedder=HashingEmbedder(64)).search("tea")
    with pytest.raises(VectorDbUnavailableError, match="cannot be made"):
        LocalVectorDb(tmp_path / "a.db" / "b.db", embedder=HashingEmbedder(32)).create()


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    db = a_shelf(tmp_path / "a.db")

    def broken(record):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(db, "indexed", broken)
    with pytest.raises(VectorDbUnavailableError, match="disk I/O error"):
        db.upsert("h", [Document("coffee")])
    assert sorted(texts(db.search("tea"))) == ["black tea", "green tea", "milk"]
