"""MongoDb: the true pymongo clients, to a server of the wire protocol with searches of ours. No Atlas was asked."""

from __future__ import annotations

import pytest
from ports import free_port

from agno.filters import AND, EQ, GTE, LT
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbUnavailableError
from agno.vectordb.mongodb import MongoDb
from vectordb.contract import Face, VectorDbContract, texts
from vectordb.servers.atlas import AtlasServer

EMBEDDER = HashingEmbedder(dimensions=16)
AT_ONCE = {"wait_after_insert_in_seconds": 0}


@pytest.fixture(scope="module", autouse=True)
def server():
    TestMongoDb.server = TestCosmos.server = AtlasServer()
    yield TestMongoDb.server
    TestMongoDb.server.stop()


class TestMongoDb(VectorDbContract):
    server = None

    def make(self, name, **options):
        if "distance" in options:
            options["distance_metric"] = options.pop("distance")
        return MongoDb(collection_name=name, db_url=self.server.url, **AT_ONCE, **options)

    def test_thousands_of_rows_are_stored_and_searched(self, name):
        """A few hundred: mongomock looks at all documents for each one that is written."""
        made = self.make(name, embedder=EMBEDDER)
        documents = [
            Document(f"row {n}", meta_data={"n": n, "group": n % 10}, embedding=[1.0, n / 600, *[0.0] * 14])
            for n in range(600)
        ]
        made.insert("h", documents)
        found = made.search("x", limit=3, filters=AND(EQ("group", 7), LT("n", 300)))
        assert len(found) == 3 and all(d.meta_data["n"] % 10 == 7 and d.meta_data["n"] < 300 for d in found)
        assert made.delete_by_metadata(GTE("n", 100)) is True
        assert len(made.search("x", limit=200)) == 100
        made.drop()


class TestCosmos(TestMongoDb):
    def make(self, name, **options):
        return super().make(name, cosmos_compatibility=True, **options)


def test_clients_of_the_user_are_used(server):
    import pymongo

    client = pymongo.MongoClient(server.url)
    db = MongoDb("given", client=client, embedder=EMBEDDER, **AT_ONCE)
    db.insert("h", [Document("tea")])
    assert texts(Face(db, True).search("tea")) == ["tea"] == texts(db.search("tea"))
    client.close()

    async def awaited():
        async with pymongo.AsyncMongoClient(server.url) as client:
            own = MongoDb("given", client=client, embedder=EMBEDDER, **AT_ONCE)
            with pytest.raises(ValueError, match="need a MongoClient"):
                own.search("tea")
            return await own.async_search("tea")

    assert texts(Face.portal.run(awaited())) == ["tea"]


def test_it_is_made_anew_once_if_that_is_wanted(server):
    options = {"db_url": server.url, "embedder": EMBEDDER, **AT_ONCE}
    MongoDb("anew", **options).insert("h", [Document("tea")])
    db = MongoDb("anew", overwrite=True, **options)
    db.create()
    assert db.search("tea") == []
    db.insert("h", [Document("milk")])
    db.insert("h", [Document("coffee")])
    assert len(db.search("tea")) == 2


def test_the_weights_decide_between_meaning_and_words(server):
    near = EMBEDDER.get_embedding("word")
    for weight, first in ((1.0, "far"), (0.0, "word word")):
        weights = {"hybrid_vector_weight": weight, "hybrid_keyword_weight": 1 - weight}
        db = MongoDb("weights", server.url, search_type="hybrid", embedder=EMBEDDER, **weights, **AT_ONCE)
        db.upsert("h", [Document("far", embedding=near), Document("word word", embedding=[-x for x in near])])
        assert texts(db.search("word"))[0] == first


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_that_is_down_is_no_empty_database(colour):
    url = f"mongodb://nobody:secret@127.0.0.1:{free_port()}/?serverSelectionTimeoutMS=100"
    db = Face(MongoDb("c", db_url=url, embedder=EMBEDDER), colour == "async")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1") as told:
        db.search("tea")
    assert "secret" not in str(told.value)
