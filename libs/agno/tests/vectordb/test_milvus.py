"""Milvus, in a file: the engine of Milvus Lite behind the true clients, synchronous and asynchronous."""

from __future__ import annotations

import pytest
from ports import free_port

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.milvus import Milvus
from vectordb.contract import Face, VectorDbContract, texts

pytestmark = pytest.mark.knowledge


@pytest.fixture(scope="module", autouse=True)
def file(tmp_path_factory):
    TestMilvus.file = tmp_path_factory.mktemp("milvus") / "shelf.db"
    return TestMilvus.file


class TestMilvus(VectorDbContract):
    file = None

    def make(self, name, **options):
        return Milvus(collection=name, uri=self.file, **options)


EMBEDDER = HashingEmbedder(dimensions=16)


def test_another_process_finds_it_after_a_restart(tmp_path):
    first = Milvus(collection="c", uri=tmp_path / "m.db", embedder=EMBEDDER)
    first.insert("h", [Document("tea", meta_data={"a": [1]})])
    first.client.release_collection("c")  # as a server that was started anew
    second = Milvus(collection="c", uri=tmp_path / "m.db", embedder=EMBEDDER)
    assert [document.meta_data for document in second.search("tea", filters={"a": 1})] == [{"a": [1]}]
    first.close()


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_the_folder_of_a_new_file_is_made(tmp_path, colour):
    db = Milvus(collection="c", uri=tmp_path / colour / "new" / "m.db", embedder=EMBEDDER)
    Face(db, colour == "async").insert("h", [Document("tea")])
    assert texts(db.search("tea")) == ["tea"]
    db.close()


def test_a_text_without_words_is_kept_too(file):
    db = Milvus(collection="wordless", uri=file, embedder=EMBEDDER, search_type="hybrid")
    db.insert("h", [Document("..."), Document("tea")])
    assert sorted(texts(db.search("!?"))) == ["...", "tea"]
    db.drop()


def test_a_text_that_is_too_long_is_refused_with_a_sentence(file):
    db = Milvus(collection="long", uri=file, embedder=EMBEDDER)
    with pytest.raises(VectorDbError, match="65535"):
        db.insert("h", [Document("x" * 70_000)])
    db.drop()


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_that_is_down_is_no_empty_database(colour):
    uri = f"http://127.0.0.1:{free_port()}"
    db = Face(Milvus(collection="c", uri=uri, embedder=EMBEDDER, timeout=0.2), colour == "async")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1"):
        db.search("tea")
