"""CouchbaseSearch: requests of the true SDK, to a cluster of ours in this process. Neither Couchbase nor its protocol was asked."""

from __future__ import annotations

import pytest
from couchbase.cluster import Cluster  # noqa: F401  # before its other modules, which import each other
from couchbase.exceptions import AuthenticationException, UnAmbiguousTimeoutException
from couchbase.management.search import SearchIndex

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.couchbase import CouchbaseSearch
from agno.vectordb.couchbase._documents import index_of
from agno.vectordb.distance import Distance
from vectordb.contract import Face, VectorDbContract, texts
from vectordb.servers.couchbase import FakeCluster

pytestmark = pytest.mark.knowledge
EMBEDDER = HashingEmbedder(dimensions=16)


def made(cluster, name="docs", **options):
    options = {"search_index": f"{name}_index", "embedder": EMBEDDER, **options}
    return CouchbaseSearch("bucket", "scope", name, cluster=cluster, **options)


@pytest.fixture
def cluster():
    return FakeCluster()


class TestCouchbaseSearch(VectorDbContract):
    many = 3_000  # the server is ours
    cluster = FakeCluster()

    def make(self, name, **options):
        return made(self.cluster, name, **options)


def test_an_index_of_the_users_own_is_used_and_stays(cluster):
    index = SearchIndex(
        name="own", idx_type="fulltext-index", source_name="bucket", params=index_of("scope.docs", 16, Distance.cosine)
    )
    db = made(cluster, search_index=index, is_global_level_index=True, wait_until_index_ready=1)
    db.insert("h", [Document("tea")])
    assert texts(db.search("tea")) == ["tea"] == texts(Face(db, True).search("tea"))
    db.drop()
    assert list(cluster.indexes) == ["own"] and db.exists() is False


def test_it_is_made_anew_once_if_that_is_wanted(cluster):
    made(cluster).insert("h", [Document("tea")])
    db = made(cluster, overwrite=True, batch_limit=1)
    db.create()
    assert db.search("tea") == []
    db.insert("h", [Document("milk"), Document("coffee")])
    db.insert("h", [Document("water")])
    assert len(db.search("tea")) == 3


def test_what_the_search_found_and_is_gone_since_is_left_out(cluster, monkeypatch):
    db = made(cluster)
    db.insert("h", [Document("tea", content_id="c"), Document("milk")], filters={"tenant": "a"})
    plain = cluster.search
    gone = db.search("milk", limit=1)[0].id
    stale = plain("docs_index", *_asked_by(db, cluster, monkeypatch))
    monkeypatch.setattr(cluster, "search", lambda *_: stale)
    db.delete_by_id(gone)
    assert texts(db.search("milk")) == ["tea"]
    db.update_metadata("c", {"tenant": "b"})
    assert db.search("milk", filters={"tenant": "a"}) == []


def _asked_by(db, cluster, monkeypatch):
    """The request and the options of a search."""
    seen = []
    plain = cluster.search
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "search", lambda *asked: seen.append(asked) or plain(*asked))
        db.search("milk")
    return seen[0][1:]


def test_it_says_what_it_needs(cluster):
    for wrong, told in (
        ({"search_index": "i"}, "couchbase_connection_string="),
        ({"cluster": cluster}, "search_index="),
        ({"cluster": cluster, "search_index": "i", "collection_name": "a`b"}, "cannot be the name"),
    ):
        with pytest.raises(ValueError, match=told):
            CouchbaseSearch(**{"bucket_name": "b", "scope_name": "s", "collection_name": "c", **wrong})


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_cluster_that_is_down_is_no_empty_database(cluster, colour):
    db = Face(made(cluster), colour == "async")
    cluster.failing = UnAmbiguousTimeoutException()
    with pytest.raises(VectorDbUnavailableError, match="cannot be reached"):
        db.search("tea")
    cluster.failing = AuthenticationException()
    with pytest.raises(VectorDbError, match="bucket"):
        db.search("tea")
