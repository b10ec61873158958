"""UpstashVectorDb: the true client, to a server of ours that speaks Upstash's REST. The service itself was not asked."""

from __future__ import annotations

import pytest
from ports import free_port

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.upstashdb import UpstashVectorDb
from vectordb.contract import Face, VectorDbContract, texts
from vectordb.servers.upstash import UpstashServer

pytestmark = pytest.mark.knowledge
EMBEDDER = HashingEmbedder(dimensions=16)


@pytest.fixture(scope="module", autouse=True)
def server():
    TestUpstashVectorDb.server = UpstashServer()
    yield TestUpstashVectorDb.server
    TestUpstashVectorDb.server.stop()


class TestUpstashVectorDb(VectorDbContract):
    many = 3_000  # the server is ours
    server = None

    def make(self, name, **options):
        if options.pop("distance", "cosine") != "cosine":
            raise ValueError("Upstash measures what its index was made with in the console.")
        return UpstashVectorDb(self.server.url, "secret", namespace=name, **options)


def test_the_namespace_without_a_name_is_always_there(server):
    db = UpstashVectorDb(server.url, "secret", embedder=EMBEDDER, dimension=16)
    assert db.exists() is True and db.search("tea") == []
    db.insert("h", [Document("tea", meta_data={"a": 1})])
    assert texts(Face(db, True).search("tea", filters={"a": 1})) == ["tea"]
    db.drop()
    assert db.exists() is True and db.search("tea") == []


def test_what_the_service_refuses_is_an_error(server):
    for colour in (False, True):
        db = Face(UpstashVectorDb(server.url, "wrong", embedder=EMBEDDER), colour)
        with pytest.raises(VectorDbError, match="Invalid auth token"):
            db.search("tea")


def test_it_says_what_it_needs(server):
    with pytest.raises(ValueError, match="needs url= and token="):
        UpstashVectorDb("", "x")
    with pytest.raises(ValueError, match="16"):
        UpstashVectorDb(server.url, "secret", dimension=9, embedder=EMBEDDER).insert("h", [Document("tea")])


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_service_that_is_down_is_no_empty_database(colour):
    url = f"http://127.0.0.1:{free_port()}"
    db = Face(UpstashVectorDb(url, "secret", retries=0, embedder=EMBEDDER), colour == "async")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1"):
        db.search("tea")
