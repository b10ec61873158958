"""RedisVectorDb: the true clients and a true redis-server, with a search of ours in front of it. No Redis 8 was asked."""

from __future__ import annotations

import pytest
import redis
from db.servers.redis import RedisServer
from ports import free_port

from agno.filters import GT
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.redis import RedisDB, RedisVectorDb
from vectordb.contract import Face, VectorDbContract, texts
from vectordb.servers.redisearch import RediSearchServer

EMBEDDER = HashingEmbedder(dimensions=16)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A Redis without search."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="module", autouse=True)
def server(plain):
    TestRedisVectorDb.server = RediSearchServer(str(plain.socket))
    yield TestRedisVectorDb.server
    TestRedisVectorDb.server.stop()


class TestRedisVectorDb(VectorDbContract):
    server = None

    def make(self, name, **options):
        return RedisVectorDb(name, redis_url=self.server.url, **options)


@pytest.mark.parametrize("protocol", [2, 3])
def test_clients_of_the_user_are_used_in_both_versions_of_the_protocol(server, protocol):
    document = Document("tea", meta_data={"n": 3})
    with redis.Redis.from_url(server.url, protocol=protocol) as client:
        db = RedisVectorDb(f"given{protocol}", redis_client=client, embedder=EMBEDDER, search_type="hybrid")
        db.insert("h", [document])
        assert texts(Face(db, True).search("tea", filters=GT("n", 2))) == ["tea"] == texts(db.search("tea"))
        assert db.search("tea", filters=GT("n", 3)) == [] and db.content_hash_exists("h")
        db.update_metadata("x", {"a": 1})

    async def awaited():
        async with redis.asyncio.Redis.from_url(server.url, protocol=protocol) as client:
            own = RedisVectorDb(f"given{protocol}", redis_client=client, embedder=EMBEDDER)
            with pytest.raises(ValueError, match=r"need redis\.Redis"):
                own.search("tea")
            return await own.async_search("tea")

    assert texts(Face.portal.run(awaited())) == ["tea"]


def test_collections_whose_names_begin_alike_are_apart(server):
    one, other = (RedisVectorDb(name, redis_url=server.url, embedder=EMBEDDER) for name in ("a", "a:b"))
    one.insert("h", [Document("tea")])
    other.insert("h", [Document("milk")])
    assert texts(one.search("tea", limit=9)) == ["tea"] and texts(other.search("tea", limit=9)) == ["milk"]
    one.drop()
    assert texts(other.search("tea")) == ["milk"]


def test_a_number_that_somebody_else_stored_can_be_compared(server):
    one, other = (RedisVectorDb("numbers", redis_url=server.url, embedder=EMBEDDER) for _ in range(2))
    one.insert("h", [Document("tea")])
    assert other.search("tea", filters=GT("n", 1)) == []
    one.insert("h", [Document("milk", meta_data={"n": 2})])
    assert texts(other.search("tea", filters=GT("n", 1))) == ["milk"]


def test_more_numbers_than_an_index_can_compare_are_refused(server):
    db = RedisVectorDb("many", redis_url=server.url, embedder=EMBEDDER)
    with pytest.raises(VectorDbError, match="more than 900 keys"):
        db.insert("h", [Document("tea", meta_data={f"key{n}": n for n in range(901)})])
    assert db.search("tea") == []


def test_the_weight_decides_between_meaning_and_words(server):
    near = EMBEDDER.get_embedding("word")
    for weight, first in ((1.0, "far"), (0.0, "word word")):
        db = RedisVectorDb(
            "weights", server.url, search_type="hybrid", embedder=EMBEDDER, vector_score_weight=weight, algorithm="FLAT"
        )
        db.upsert("h", [Document("far", embedding=near), Document("word word", embedding=[-x for x in near])])
        assert texts(db.search("word"))[0] == first


def test_a_server_without_search_says_so(plain):
    with pytest.raises(VectorDbError, match="Redis 8 or Redis Stack"):
        RedisVectorDb("x", redis_url=plain.url, embedder=EMBEDDER).search("tea")


def test_it_says_what_it_needs(server):
    for wrong, told in (
        ({"index_name": "", "redis_url": server.url}, "index_name="),
        ({"index_name": "x"}, "redis_url="),
        ({"index_name": "x", "redis_url": server.url, "decode_responses": True}, "decode_responses"),
        ({"index_name": "x", "redis_client": redis.Redis(decode_responses=True)}, "decode_responses"),
        ({"index_name": "x", "redis_url": server.url, "algorithm": "TREE"}, "HNSW"),
        ({"index_name": "x", "redis_url": server.url, "vector_score_weight": 2}, "at most 1"),
    ):
        with pytest.raises(ValueError, match=told):
            RedisVectorDb(**wrong)
    assert RedisDB is RedisVectorDb


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_that_is_down_is_no_empty_database(colour):
    url = f"redis://nobody:secret@127.0.0.1:{free_port()}"
    db = Face(RedisVectorDb("x", redis_url=url, embedder=EMBEDDER), colour == "async")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1") as told:
        db.search("tea")
    assert "secret" not in str(told.value)
