"""SingleStore: its statements on MariaDB, which gets the functions of SingleStore that it has not.

What MariaDB cannot show: how SingleStore keeps and finds columns, and its own JSON and vector functions.
"""

from __future__ import annotations

import pytest
from db.servers.sql import MariaDb, running
from ports import free_port

from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.vectordb.base import VectorDbUnavailableError
from agno.vectordb.singlestore import SingleStore
from vectordb.contract import Face, VectorDbContract, texts

pytestmark = pytest.mark.services
EMBEDDER = HashingEmbedder(dimensions=16)

_TABLE = "JSON_TABLE({0}, '$[*]' COLUMNS (n FOR ORDINALITY, v DOUBLE PATH '$')) {0}_"
_PAIRS = f"{_TABLE.format('a')} JOIN {_TABLE.format('b')} ON a_.n = b_.n"
_LIKE = "CREATE FUNCTION {name}({arguments}) RETURNS {kind} DETERMINISTIC RETURN {body}"
FUNCTIONS = [
    ("JSON_ARRAY_PACK", "a LONGTEXT", "LONGTEXT", "a"),
    ("JSON_ARRAY_UNPACK", "a LONGTEXT", "LONGTEXT", "a"),
    ("DOT_PRODUCT", "a LONGTEXT, b LONGTEXT", "DOUBLE", f"(SELECT SUM(a_.v * b_.v) FROM {_PAIRS})"),
    (
        "EUCLIDEAN_DISTANCE",
        "a LONGTEXT, b LONGTEXT",
        "DOUBLE",
        f"(SELECT SQRT(SUM(POW(a_.v - b_.v, 2))) FROM {_PAIRS})",
    ),
    ("JSON_ARRAY_CONTAINS_STRING", "a LONGTEXT, b LONGTEXT", "INT", "JSON_CONTAINS(a, JSON_QUOTE(b))"),
    ("JSON_EXTRACT_DOUBLE", "a LONGTEXT, b LONGTEXT", "DOUBLE", "JSON_VALUE(a, CONCAT('$.', b))"),
]


@pytest.fixture(scope="module", autouse=True)
def url():
    with running(MariaDb) as server:
        server.execute("CREATE DATABASE main DEFAULT CHARSET utf8mb4")
        made = [_LIKE.format(name=f"main.{n}", arguments=a, kind=k, body=b) for n, a, k, b in FUNCTIONS]
        server.execute(*made)
        TestSingleStore.url = server.url() + "/main?ssl_disabled=true"
        yield TestSingleStore.url


class TestSingleStore(VectorDbContract):
    url = None

    def make(self, name, **options):
        return SingleStore(collection=name, db_url=self.url, **options)


@pytest.mark.parametrize("name", ["a`b", "a:b", "a%s", "ünï"])
def test_any_name_can_be_that_of_a_table(url, name):
    db = SingleStore(name, schema=None, db_url=url, embedder=EMBEDDER)
    db.upsert("h", [Document("tea", meta_data={"a": 1})])
    assert db.exists() and texts(db.search("tea", filters={"a": 1})) == ["tea"]
    db.drop()


def test_spaces_at_the_end_count(url):
    db = SingleStore("spaces", db_url=url, embedder=EMBEDDER)
    db.insert("h", [Document("tea", name="a ", content_id="c ")])
    assert db.name_exists("a ") and not db.name_exists("a") and not db.delete_by_content_id("c")
    assert [document.name for document in db.search("tea")] == ["a "]
    db.drop()


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_that_is_down_is_no_empty_database(colour):
    url = f"mysql+pymysql://root:secret@127.0.0.1:{free_port()}/x?ssl_disabled=true"
    db = Face(SingleStore("t", db_url=url, embedder=EMBEDDER), colour == "async")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1") as told:
        db.search("tea")
    assert "secret" not in str(told.value)


def test_it_says_what_it_needs():
    with pytest.raises(ValueError, match="db_url= or db_engine="):
        SingleStore("t")
