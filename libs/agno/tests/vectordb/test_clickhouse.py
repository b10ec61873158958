"""ClickHouse: its engine in this process (chdb), behind the official client."""

from __future__ import annotations

import inspect

import pytest
from ports import free_port

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.clickhouse import HNSW, Clickhouse
from vectordb.contract import Face, VectorDbContract, texts

pytestmark = [pytest.mark.heavy]
EMBEDDER = HashingEmbedder(dimensions=8)


@pytest.fixture(scope="module", autouse=True)
def client():
    import clickhouse_connect

    TestClickhouse.client = clickhouse_connect.get_client(interface="chdb")
    yield TestClickhouse.client
    TestClickhouse.client.close()


class TestClickhouse(VectorDbContract):
    client = None

    def make(self, name, **options):
        return Clickhouse(table_name=name, client=self.client, **options)


def documents(count: int) -> list[Document]:
    """Near each other, in order; one in a hundred is rare."""
    return [
        Document(f"row {n}", meta_data={"rare": n % 100 == 99}, embedding=[1.0, n / count, *[0.0] * 6])
        for n in range(count)
    ]


@pytest.mark.parametrize("distance", ["cosine", "l2", "max_inner_product"])
def test_the_index_finds_and_filters_find_all_with_it(client, distance):
    db = Clickhouse("indexed", client=client, embedder=EMBEDDER, distance=distance, index=HNSW(quantization="f32"))
    db.insert("h", documents(2_000))
    db.insert("h", documents(2_000)[:10])  # of each of these there are two rows now
    db.optimize()
    db.optimize()
    found = client.query("SELECT name FROM system.data_skipping_indices WHERE table = 'indexed'").result_rows
    assert found == ([] if distance == "max_inner_product" else [(f"{distance}_index",)])
    assert len(db.search("x", limit=15, filters={"rare": True})) == 15
    near = texts(db.search("x", limit=10))
    assert len(set(near)) == 10
    db.drop()


def test_deleting_the_newest_row_does_not_bring_back_an_older_one(client):
    db = Clickhouse("again", client=client, embedder=EMBEDDER)
    db.insert("h", [Document("tea", meta_data={"a": 1}, content_id="c")])
    db.update_metadata("c", {"a": 2})
    assert db.delete_by_metadata({"a": 2}) is True and db.search("tea") == []
    db.drop()


class Awaitable:
    """The asynchronous client over the engine. It takes nothing that the true one would not take."""

    def __init__(self, client):
        self.client, self.asked = client, set()

    def __getattr__(self, method):
        from clickhouse_connect.driver.asyncclient import AsyncClient

        signature = inspect.signature(getattr(AsyncClient, method))

        async def call(*args, **kwargs):
            signature.bind(self, *args, **kwargs)
            self.asked.add(method)
            return getattr(self.client, method)(*args, **kwargs)

        return call


def test_asynchronous_methods_ask_the_asynchronous_client(client):
    awaited = Awaitable(client)
    db = Clickhouse("awaited", asyncclient=awaited, embedder=EMBEDDER)
    face = Face(db, True)
    face.upsert("h", [Document("green tea", meta_data={"a": 1}), Document("milk")])
    assert texts(face.search("tea", filters={"a": 1})) == ["green tea"]
    assert face.drop() is None and awaited.asked == {"query", "insert", "command"}
    with pytest.raises(ValueError, match="need client="):
        db.search("tea")


@pytest.mark.parametrize("name", ["a`b", "a\\", "drop table x; --", "ünï"])
def test_any_name_can_be_that_of_a_table(client, name):
    db = Clickhouse(name, client=client, embedder=EMBEDDER)
    db.insert("h", [Document("tea")])
    assert db.exists() and texts(db.search("tea")) == ["tea"]
    db.drop()


def test_what_the_server_refuses_is_an_error(client):
    db = Clickhouse("refused", client=client, embedder=EMBEDDER, index=HNSW(quantization="x'"))
    db.insert("h", [Document("tea")])
    with pytest.raises(VectorDbError, match="refused"):
        db.optimize()
    db.drop()


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_that_is_down_is_no_empty_database(colour):
    db = Face(Clickhouse("t", host="127.0.0.1", port=free_port(), embedder=EMBEDDER), colour == "async")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1"):
        db.search("tea")


def test_it_says_what_it_needs():
    with pytest.raises(ValueError, match="needs host="):
        Clickhouse("t")
