"""Cassandra: the true driver, to a server of ours that speaks its native protocol. No Cassandra was asked."""

from __future__ import annotations

import pytest
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import DCAwareRoundRobinPolicy

from agno.filters import AND, EQ, IN, NOT, OR
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.cassandra import Cassandra
from vectordb.contract import VectorDbContract
from vectordb.servers.cassandra import CassandraServer

pytestmark = pytest.mark.knowledge
EMBEDDER = HashingEmbedder(dimensions=16)


@pytest.fixture(scope="module")
def server():
    made = CassandraServer()
    yield made
    made.stop()


@pytest.fixture(scope="module", autouse=True)
def session(server):
    profile = ExecutionProfile(load_balancing_policy=DCAwareRoundRobinPolicy("one"), request_timeout=60)
    with Cluster(
        ["127.0.0.1"],
        port=server.port,
        protocol_version=4,
        schema_metadata_enabled=False,
        token_metadata_enabled=False,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
    ) as cluster:
        TestCassandra.session = cluster.connect()
        yield TestCassandra.session


class TestCassandra(VectorDbContract):
    many = 3_000  # the server is ours
    session = None

    def make(self, name, **options):
        return Cassandra(name, "ai", session=self.session, **options)


@pytest.fixture
def db(session):
    made = Cassandra("some", "ai", session=session, embedder=EMBEDDER)
    yield made
    made.drop()


def asked(db, monkeypatch):
    """The queries of a search, but for looking whether the table is there."""
    seen = []
    plain = db._asked
    monkeypatch.setattr(db, "_asked", lambda text, values: seen.append(text) or plain(text, values))
    return seen


def test_what_is_equal_is_asked_of_the_indexes_alone(db, monkeypatch):
    db.insert("h", [Document(f"tea {n}", meta_data={"n": n, "kind": "leaf"}) for n in range(9)])
    db.search("tea")
    seen = asked(db, monkeypatch)
    found = db.search("tea", limit=2, filters=AND(EQ("kind", "leaf"), IN("n", [3, 4, 5])))
    assert len(found) == 2 and {document.meta_data["n"] for document in found} < {3, 4, 5}
    assert len(seen) == 3 and all(text.endswith("ANN OF ? LIMIT ?") and text.count("CONTAINS") == 2 for text in seen)


def test_what_the_indexes_cannot_answer_is_read_and_looked_at_before_the_limit(db, monkeypatch):
    db.insert("h", [Document("tea " + "x " * n, meta_data={"n": n, "kind": "leaf"}) for n in range(9)])
    db.search("tea")
    seen = asked(db, monkeypatch)
    filters = AND(EQ("kind", "leaf"), NOT(IN("n", list(range(8)))))
    assert [document.meta_data["n"] for document in db.search("tea", limit=1, filters=filters)] == [8]
    assert "ANN OF" not in seen[0] and seen[0].count("CONTAINS") == 1


def test_more_branches_than_are_asked_for_still_find_what_fits(db):
    db.insert("h", [Document(f"tea {n}", meta_data={"n": n, "m": n % 6}) for n in range(40)])
    filters = AND(IN("n", list(range(30))), OR(*(EQ("m", m) for m in range(5))), IN("n", [4, 10, 16, 5, 35]))
    assert {document.meta_data["n"] for document in db.search("tea", limit=9, filters=filters)} == {4, 10, 16}


def test_more_than_the_index_finds_at_once_is_read(db):
    db.insert("h", [Document(f"tea {n}") for n in range(1_200)])
    assert len(db.search("tea", limit=1_100)) == 1_100


def test_a_question_without_a_direction_finds_nothing(db, monkeypatch):
    db.insert("h", [Document("tea")])
    monkeypatch.setattr(HashingEmbedder, "_vector", lambda self, text: [0.0] * 16)
    assert db.search("tea") == []


def test_a_keyspace_that_is_not_there_is_an_error(session):
    with pytest.raises(VectorDbError, match="Keyspace"):
        Cassandra("some", "nowhere", session=session, embedder=EMBEDDER).insert("h", [Document("tea")])


def test_it_says_what_it_needs(session):
    with pytest.raises(ValueError, match="session="):
        Cassandra("some", "ai")
    with pytest.raises(ValueError, match="48 letters"):
        Cassandra('some"; DROP', "ai", session=session)


def test_a_server_that_went_away_is_no_empty_database():
    server = CassandraServer()
    profile = ExecutionProfile(request_timeout=0.3)
    options = {"protocol_version": 4, "schema_metadata_enabled": False, "token_metadata_enabled": False}
    with Cluster(
        ["127.0.0.1"], port=server.port, execution_profiles={EXEC_PROFILE_DEFAULT: profile}, **options
    ) as cluster:
        db = Cassandra("some", "ai", session=cluster.connect(), embedder=EMBEDDER)
        db.insert("h", [Document("tea")])
        server.hang = True
        with pytest.raises(VectorDbUnavailableError):
            db.search("tea")
        server.hang = False
    server.stop()
