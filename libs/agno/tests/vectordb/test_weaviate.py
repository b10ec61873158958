"""Weaviate: the true clients, to a server of ours that speaks its REST and gRPC. No Weaviate was asked."""

from __future__ import annotations

import pytest
import weaviate
from ports import free_port

from agno.filters import GT, NOT
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbUnavailableError
from agno.vectordb.weaviate import Distance, VectorIndex, Weaviate
from vectordb.contract import Face, VectorDbContract, texts
from vectordb.servers.weaviate import WeaviateServer

pytestmark = pytest.mark.knowledge
EMBEDDER = HashingEmbedder(dimensions=16)


@pytest.fixture(scope="module", autouse=True)
def server():
    TestWeaviate.server = WeaviateServer()
    yield TestWeaviate.server
    TestWeaviate.server.stop()


def at(server, **options):
    address = {"host": "127.0.0.1", "port": server.port, "grpc_port": server.grpc_port}
    return Weaviate(local=True, **{"embedder": EMBEDDER, **address, **options})


class TestWeaviate(VectorDbContract):
    server = None

    def make(self, name, **options):
        return at(self.server, collection=name, **options)


def test_clients_of_the_user_are_used(server):
    address = {"host": "127.0.0.1", "port": server.port, "grpc_port": server.grpc_port, "skip_init_checks": True}
    with weaviate.connect_to_local(**address) as client:
        db = Weaviate(client=client, collection="given", embedder=EMBEDDER)
        db.insert("h", [Document("tea")])
        assert texts(Face(db, True).search("tea")) == ["tea"] == texts(db.search("tea"))

    async def awaited():
        async with weaviate.use_async_with_local(**address) as client:
            own = Weaviate(client=client, collection="Given", embedder=EMBEDDER)
            with pytest.raises(ValueError, match="need a WeaviateClient"):
                own.search("tea")
            return await own.async_search("tea")

    assert texts(Face.portal.run(awaited())) == ["tea"]


def test_weaviates_own_measures_and_indexes_are_taken(server):
    for number, (metric, index) in enumerate([(Distance.MANHATTAN, VectorIndex.FLAT), ("hamming", "dynamic")]):
        db = at(server, collection=f"Measured{number}", distance=metric, vector_index=index)
        db.insert("h", [Document("green tea"), Document("milk")])
        assert texts(db.search("green tea"))[0] == "green tea"
        kept = server.classes[f"Measured{number}"]
        assert (kept["vectorIndexConfig"]["distance"], kept["vectorIndexType"]) == (
            db.metric.value,
            db.vector_index.value,
        )


def test_a_number_that_somebody_else_stored_can_be_compared(server):
    one, other = at(server, collection="Numbers"), at(server, collection="Numbers")
    one.insert("h", [Document("tea")])
    assert other.search("tea", filters=GT("n", 1)) == []
    assert texts(other.search("tea", filters=NOT(GT("n", 1)))) == ["tea"]
    one.insert("h", [Document("milk", meta_data={"n": 2, "k" * 300: 5})])
    assert (
        texts(other.search("tea", filters=GT("n", 1)))
        == ["milk"]
        == texts(other.search("tea", filters=GT("k" * 300, 4)))
    )


def test_the_share_decides_between_meaning_and_words(server):
    near = EMBEDDER.get_embedding("word")
    for alpha, first in ((1.0, "far"), (0.0, "word word")):
        db = at(server, collection="Share", search_type="hybrid", hybrid_search_alpha=alpha)
        db.upsert("h", [Document("far", embedding=near), Document("word word", embedding=[-x for x in near])])
        assert texts(db.search("word"))[0] == first


def test_it_says_what_it_needs(monkeypatch):
    monkeypatch.delenv("WCD_URL", raising=False)
    for wrong, told in (
        ({}, "local=True"),
        ({"local": True, "collection": "a-b"}, "letters, digits"),
        ({"local": True, "hybrid_search_alpha": 2}, "at most 1"),
        ({"local": True, "distance": "far"}, "far"),
    ):
        with pytest.raises(ValueError, match=told):
            Weaviate(**wrong)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_that_is_down_is_no_empty_database(colour):
    port = free_port()
    db = Weaviate(local=True, host="127.0.0.1", port=port, grpc_port=free_port(), embedder=EMBEDDER)
    with pytest.raises(VectorDbUnavailableError, match=rf"127\.0\.0\.1:{port}"):
        Face(db, colour == "async").search("tea")
