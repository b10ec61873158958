"""PgVector, on a real PostgreSQL with pgvector."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy
from db.servers.sql import Postgres, running
from ports import free_port
from sqlalchemy.ext.asyncio import create_async_engine

from agno.filters import EQ
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.pgvector import HNSW, Ivfflat, PgVector
from vectordb.contract import Doing, VectorDbContract, texts


@pytest.fixture(scope="module", autouse=True)
def server():
    with running(Postgres) as server:
        TestPgVector.server = server
        yield server


class TestPgVector(VectorDbContract):
    server = None

    def make(self, name, **options):
        return PgVector(table_name=name, db_url=self.server.url(), **options)


EMBEDDER = HashingEmbedder(dimensions=8)


def documents(count: int) -> list[Document]:
    """Near each other, in order; one in a hundred is rare."""
    return [
        Document(f"row {n}", meta_data={"rare": n % 100 == 99}, embedding=[1.0, n / count, *[0.0] * 6])
        for n in range(count)
    ]


@pytest.fixture
def make(server, request):
    made = []

    def make(**options):
        options = {"embedder": EMBEDDER, "db_url": server.url(), **options}
        made.append(PgVector(table_name=f"t{abs(hash(request.node.name))}", **options))
        return made[-1]

    yield make
    for db in made:
        db.drop()
        db.close()


@pytest.mark.parametrize("index", [HNSW(configuration={}), Ivfflat(configuration={})], ids=["hnsw", "ivfflat"])
@pytest.mark.parametrize("distance", ["cosine", "l2", "max_inner_product"])
def test_a_filter_comes_before_the_limit_with_an_index_too(make, index, distance):
    db = make(vector_index=index, distance=distance)
    db.insert("h", documents(2_000))
    db.optimize()
    db.optimize()
    found = db._worker.together(lambda talk: talk.execute(sqlalchemy.text(
        f"SELECT indexdef FROM pg_indexes WHERE tablename = '{db.table_name}'"
    )).scalars().all())  # fmt: skip
    assert any(type(index).__name__.lower() in one for one in found) and any("gin" in one for one in found)
    db.close()  # a connection that has not loaded pgvector yet
    fresh = make(vector_index=index, distance=distance)
    assert len(fresh.search("x", limit=15, filters=EQ("rare", True))) == 15


@pytest.mark.parametrize("distance", ["cosine", "l2", "max_inner_product"])
def test_long_vectors_are_indexed_with_half_precision(make, distance):
    embedder = HashingEmbedder(dimensions=3072)
    db = make(embedder=embedder, distance=distance, vector_index=HNSW(configuration={}))
    db.insert("h", [Document("green tea"), Document("milk")])
    db.optimize()
    assert texts(db.search("tea", limit=1)) == ["green tea"]
    longest = make(embedder=HashingEmbedder(dimensions=5000))
    with pytest.raises(ValueError, match="too long for an index"):
        longest._table = None
        longest.optimize()


def test_a_table_of_agno_2_0_is_searched_and_filtered(server, make):
    db = make()
    db.create()
    vector = "[" + ",".join(map(str, EMBEDDER.get_embedding("green tea"))) + "]"
    server.execute(
        f"INSERT INTO ai.{db.table_name} (id, name, meta_data, filters, content, embedding, usage, content_hash) VALUES "
        f"""('md5', 'Tea', '{{"kind": "leaf", "deep": {{"a": 1}}}}', '{{"kind": "leaf"}}', 'green tea', '{vector}', 'null', 'h')"""
    )
    (found,) = db.search("tea", filters={"kind": "leaf", "deep": {"a": 1}})
    assert (found.id, found.name, found.usage) == ("md5", "Tea", None)
    db.upsert("h", [Document("green tea")])
    assert len(db.search("tea")) == 1


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_an_address_serves_both_colours_whatever_its_driver(server, make, driver):
    db = make(db_url=server.url(driver))
    db.insert("h", [Document("tea")])

    async def twice():
        await asyncio.gather(*[db.async_insert(f"h{n}", [Document(f"tea {n}")]) for n in range(5)])
        return await db.async_search("tea", limit=10)

    assert len(asyncio.run(twice())) == 6 == len(asyncio.run(db.async_search("tea", limit=10)))


def test_engines_of_the_user_serve_both_colours(server, make):
    for engine in (sqlalchemy.create_engine(server.url()), create_async_engine(server.url("asyncpg"))):
        db = make(db_url=None, db_engine=engine)
        db.upsert("h", [Document("tea")])

        async def both(db=db, engine=engine):
            found = await db.async_search("tea")
            if hasattr(engine, "sync_engine"):
                await engine.dispose()
            return found

        assert texts(asyncio.run(both())) == texts(db.search("tea")) == ["tea"]


def test_words_may_be_beginnings(make):
    db = make(search_type="keyword", prefix_match=True)
    db.insert("h", [Document("information about tea"), Document("milk")])
    assert texts(db.search("infor & | :*")) == ["information about tea"]
    assert db.search("& | :*") == []


def test_the_weight_decides_between_meaning_and_words(make):
    for weight, first in ((1.0, "far"), (0.0, "word word")):
        db = make(search_type="hybrid", vector_score_weight=weight)
        near = EMBEDDER.get_embedding("word")
        db.upsert("h", [Document("far", embedding=near), Document("word word", embedding=[-x for x in near])])
        assert texts(db.search("word"))[0] == first
    with pytest.raises(ValueError, match="at most 1"):
        make(vector_score_weight=2)


def test_a_server_that_is_down_is_no_empty_database(make):
    db = PgVector(table_name="t", db_url=f"postgresql://nobody:secret@127.0.0.1:{free_port()}/x", embedder=EMBEDDER)
    for ask in (lambda: db.search("tea"), lambda: asyncio.run(db.async_search("tea"))):
        with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1") as told:
            ask()
        assert "secret" not in str(told.value)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_who_lost_the_connection_that_keeps_others_away_stores_no_more(server, make, colour):
    db = make()
    do, new = Doing(db, colour), "n" * 64
    pieces = do.begun(new)
    do(pieces.add, documents(2), None)
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    with pytest.raises(VectorDbUnavailableError):
        do(pieces.add, documents(3), None)
    do(pieces.end)
    other = do.begun(new)  # another one goes on
    do(other.add, documents(3), None)
    assert do(other.publish, None) is True
    do(other.end)
    assert len(db.search("row", limit=9)) == 3
    assert server.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]


def test_a_large_content_needs_no_connection_of_the_pool_for_as_long_as_it_is_stored(server, make):
    engine = sqlalchemy.create_engine(server.url(), pool_size=1, max_overflow=0, pool_timeout=30)
    do = Doing(make(db_url=None, db_engine=engine), "sync")
    pieces = do.begun("n" * 64)
    do(pieces.add, documents(2), None)
    assert do(pieces.publish, None) is True
    do(pieces.end)
    engine.dispose()


def test_a_table_of_other_vectors_is_refused_with_a_sentence(make):
    make().insert("h", [Document("tea")])
    with pytest.raises(ValueError, match="another name"):
        make(embedder=HashingEmbedder(dimensions=9)).insert("h", [Document("tea")])


def test_a_table_that_was_dropped_by_another_is_made_again(make):
    db = make()
    db.insert("h", [Document("tea")])
    make().drop()
    with pytest.raises(VectorDbError):
        db.search("tea")
    assert db.search("tea") == []
    db.insert("h", [Document("tea")])
    assert texts(db.search("tea")) == ["tea"]


def test_it_says_what_it_needs():
    with pytest.raises(ValueError, match="db_url= or db_engine="):
        PgVector(table_name="t")
    with pytest.raises(ValueError, match="no PostgreSQL address"):
        PgVector(table_name="t", db_url="mysql://x")
