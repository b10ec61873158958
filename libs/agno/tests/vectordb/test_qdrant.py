"""Qdrant, in this process and in a folder."""

from __future__ import annotations

import asyncio
import inspect

import pytest
from db.servers.sql import free_port
from knowledge.watching import Watched

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbUnavailableError
from agno.vectordb.qdrant import Qdrant
from vectordb.contract import Face, VectorDbContract, texts

pytestmark = pytest.mark.knowledge


@pytest.fixture(scope="module", autouse=True)
def client():
    from qdrant_client import QdrantClient

    TestQdrant.client = QdrantClient(location=":memory:")


class TestQdrant(VectorDbContract):
    client = None

    def make(self, name, **options):
        return Qdrant(collection=name, location=":memory:", client=self.client, **options)


EMBEDDER = HashingEmbedder(dimensions=16)


def test_a_folder_keeps_it(tmp_path):
    first = Qdrant(collection="c", path=tmp_path, embedder=EMBEDDER)
    first.insert("h", [Document("tea", meta_data={"a": [1]})])
    first.close()
    second = Qdrant(collection="c", path=tmp_path, embedder=EMBEDDER)
    assert [document.meta_data for document in second.search("tea", filters={"a": 1})] == [{"a": [1]}]
    second.close()


class Awaitable:
    """The asynchronous client over the rows of the synchronous one. It takes nothing that Qdrant's own would not take."""

    def __init__(self, client):
        self.client, self.asked = client, []

    def __getattr__(self, method):
        from qdrant_client import AsyncQdrantClient

        signature = inspect.signature(getattr(AsyncQdrantClient, method))

        async def call(*args, **kwargs):
            signature.bind(self, *args, **kwargs)
            self.asked.append(method)
            return getattr(self.client, method)(*args, **kwargs)

        return call


def test_asynchronous_methods_ask_the_asynchronous_client():
    from qdrant_client import QdrantClient

    client = QdrantClient(location=":memory:")
    awaited = Awaitable(client)
    db = Qdrant(collection="c", client=client, async_client=awaited, embedder=EMBEDDER)
    face = Face(db, True)
    face.upsert("h", [Document("green tea", meta_data={"a": 1}, content_id="c"), Document("milk")])
    assert texts(face.search("tea", limit=1, filters={"a": 1})) == ["green tea"]
    face.update_metadata("c", {"a": 2})
    face.portal.run(db.async_search("tea", search_type="hybrid"))
    assert face.delete_by_metadata({"a": 2}) and face.drop() is None
    wanted = {
        "collection_exists",
        "create_collection",
        "upsert",
        "query_points",
        "scroll",
        "delete",
        "delete_collection",
    }
    assert wanted <= set(awaited.asked)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_that_is_down_is_no_empty_database(colour):
    db = Face(Qdrant(collection="c", url=f"http://127.0.0.1:{free_port()}", embedder=EMBEDDER), colour == "async")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1"):
        db.search("tea")


def test_the_asynchronous_client_is_not_made_by_the_event_loop():
    db = Qdrant(collection="c", url=f"http://127.0.0.1:{free_port()}", embedder=EMBEDDER)

    async def ask():
        with Watched() as seen, pytest.raises(VectorDbUnavailableError):
            await db.async_search("tea")
        return seen

    with pytest.raises(VectorDbUnavailableError):
        asyncio.run(db.async_search("tea"))  # packages are loaded at their first use
    seen = asyncio.run(ask())  # another loop needs another client
    assert not seen.blocking, "\n".join(seen.blocking)
