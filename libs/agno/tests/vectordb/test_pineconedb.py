"""PineconeDb: the true client, to a server of ours that speaks Pinecone's REST. The service itself was not asked."""

from __future__ import annotations

import pytest
from ports import free_port

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.pineconedb import PineconeDb
from vectordb.contract import Face, VectorDbContract, texts
from vectordb.servers.pinecone import PineconeServer

pytestmark = pytest.mark.knowledge
EMBEDDER = HashingEmbedder(dimensions=16)
SPEC = {"serverless": {"cloud": "aws", "region": "us-east-1"}}
METRICS = {"cosine": "cosine", "l2": "euclidean", "max_inner_product": "dotproduct"}


@pytest.fixture(scope="module", autouse=True)
def server():
    TestPineconeDb.server = PineconeServer()
    yield TestPineconeDb.server
    TestPineconeDb.server.stop()


class TestPineconeDb(VectorDbContract):
    many = 3_000  # the server is ours
    server = None

    def make(self, name, **options):
        metric = METRICS[options.pop("distance", "cosine")]
        size = options["embedder"].dimensions
        given = {"spec": SPEC, "metric": metric, "api_key": "secret", "host": self.server.url, **options}
        if given.get("search_type") is not None:
            del given["search_type"]  # it is said by use_hybrid_search
        return PineconeDb(name.replace("_", "-"), size, **given)


class TestHybridPineconeDb(TestPineconeDb):
    def make(self, name, **options):
        if options.pop("distance", "max_inner_product") != "max_inner_product":
            raise ValueError("measure: words need dotproduct")
        return super().make(name, distance="max_inner_product", use_hybrid_search=True, **options)

    test_thousands_of_rows_are_stored_and_searched = None  # nothing is other than above
    test_every_measure_finds_the_nearest_and_says_how_near = None  # a threshold is for the nearness of vectors alone


def connected(server, **options):
    return PineconeDb("docs", 16, SPEC, embedder=EMBEDDER, api_key="secret", host=server.url, **options)


def test_namespaces_do_not_see_each_other_and_the_index_stays(server):
    a, b = connected(server, namespace="a"), connected(server, namespace="b")
    a.insert("h", [Document("tea")])
    b.insert("h", [Document("milk")])
    assert texts(a.search("tea")) == ["tea"] and texts(b.search("tea")) == ["milk"]
    a.drop()
    assert a.exists() is True and a.search("tea") == [] and texts(b.search("tea")) == ["milk"]
    connected(server).drop()
    assert b.exists() is False


def test_the_share_decides_between_meaning_and_words(server):
    near = EMBEDDER.get_embedding("word")
    for alpha, first in ((1.0, "far"), (0.0, "word word")):
        db = connected(server, metric="dotproduct", use_hybrid_search=True, hybrid_alpha=alpha)
        db.upsert("h", [Document("far", embedding=near), Document("word word", embedding=[-x for x in near])])
        assert texts(db.search("word"))[0] == first
    db.drop()


def test_what_the_service_refuses_is_an_error(server):
    db = PineconeDb("docs", 16, SPEC, embedder=EMBEDDER, api_key="wrong", host=server.url)
    with pytest.raises(VectorDbError, match="Invalid API Key"):
        db.search("tea")
    with pytest.raises(VectorDbError, match="40960"):
        connected(server).insert("h", [Document("x" * 50_000)])
    connected(server).drop()


def test_it_says_what_it_needs(server):
    with pytest.raises(ValueError, match="dotproduct"):
        connected(server, use_hybrid_search=True)
    with pytest.raises(ValueError, match="metric is 'x'"):
        connected(server, metric="x")
    with pytest.raises(ValueError, match="dimension= is 9"):
        PineconeDb("docs", 9, SPEC, embedder=EMBEDDER, api_key="secret", host=server.url).create()


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_service_that_is_down_is_no_empty_database(colour):
    db = PineconeDb("docs", 16, SPEC, embedder=EMBEDDER, api_key="x", host=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1"):
        Face(db, colour == "async").search("tea")
