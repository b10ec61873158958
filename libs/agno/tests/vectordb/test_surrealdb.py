"""SurrealDB: its engine, in this process."""

from __future__ import annotations

import pytest
from ports import free_port

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.surrealdb import SurrealDb
from vectordb.contract import Face, VectorDbContract, texts

pytestmark = pytest.mark.knowledge
EMBEDDER = HashingEmbedder(dimensions=16)


@pytest.fixture(scope="module", autouse=True)
def client():
    from surrealdb import Surreal

    with Surreal("mem://") as client:
        client.use("test", "test")
        TestSurrealDb.client = client
        yield client


class TestSurrealDb(VectorDbContract):
    many = 3_000  # it takes three milliseconds for each
    client = None

    def make(self, name, **options):
        return SurrealDb(client=self.client, collection=name, **options)


def test_asynchronous_methods_use_the_asynchronous_client():
    from surrealdb import AsyncSurreal

    async def opened():
        client = AsyncSurreal("mem://")
        await client.connect()
        await client.use("test", "test")
        return client

    db = SurrealDb(async_client=Face.portal.run(opened()), collection="docs", embedder=EMBEDDER)
    face = Face(db, True)
    face.upsert("h", [Document("green tea", meta_data={"a": 1}, content_id="c"), Document("milk")])
    assert texts(face.search("tea", limit=1)) == texts(face.search("tea", filters={"a": 1})) == ["green tea"]
    face.update_metadata("c", {"a": 2})
    assert face.delete_by_metadata({"a": 2}) is True and face.exists() is True
    with pytest.raises(ValueError, match="need client="):
        db.search("tea")


def test_an_upsert_that_fails_changes_nothing(client):
    db = SurrealDb(client=client, collection="whole", embedder=EMBEDDER)
    db.insert("h", [Document("tea")])
    client.query("DEFINE FIELD name ON whole ASSERT $value != 'wrong'")
    with pytest.raises(VectorDbError, match="wrong"):
        db.upsert("h", [Document("milk"), Document("coffee", name="wrong")])
    assert texts(db.search("tea")) == ["tea"]
    db.drop()


@pytest.mark.parametrize("name", ["a b", "for", "ünï", "1", "x; REMOVE TABLE y"])
def test_any_name_can_be_that_of_a_collection(client, name):
    db = SurrealDb(client=client, collection=name, embedder=EMBEDDER)
    db.insert("h", [Document("tea")])
    assert db.exists() and texts(db.search("tea")) == ["tea"]
    db.drop()
    assert not db.exists()


def test_it_says_what_it_needs(client):
    with pytest.raises(ValueError, match="needs client="):
        SurrealDb()
    with pytest.raises(ValueError, match="backtick"):
        SurrealDb(client=client, collection="a`b")


def test_a_server_that_is_down_is_no_empty_database():
    from surrealdb import Surreal

    db = SurrealDb(client=Surreal(f"http://127.0.0.1:{free_port()}"), embedder=EMBEDDER)
    with pytest.raises(VectorDbUnavailableError, match="cannot be reached"):
        db.search("tea")
