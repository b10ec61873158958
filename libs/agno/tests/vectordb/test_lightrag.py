"""LightRag: true HTTP to a server of ours that answers like LightRAG's. No model made a graph."""

from __future__ import annotations

import pytest
from ports import free_port

from agno.agent import Agent
from agno.filters import EQ
from agno.knowledge import Knowledge
from agno.knowledge.document import Document
from agno.testing import ScriptedModel
from agno.vectordb.base import VectorDbError, VectorDbUnavailableError
from agno.vectordb.lightrag import LightRag
from agno.vectordb.lightrag import lightrag as module
from vectordb.contract import HOSTILE, Face, texts
from vectordb.servers.lightrag import LightRagServer


@pytest.fixture(scope="module")
def running():
    server = LightRagServer(key="secret")
    yield server
    server.stop()


@pytest.fixture
def server(running, monkeypatch):
    running.documents.clear()
    running.slow = running.busy = 0
    running.is_old = False
    monkeypatch.setattr(module, "_PAUSE", 0.001)
    return running


@pytest.fixture(params=["sync", "async"])
def db(request, server):
    return Face(LightRag(server.url, api_key="secret"), request.param == "async")


def test_a_server_is_always_there_and_finds_nothing_at_first(db):
    db.create()
    assert db.exists() is True and db.search("tea time") == []
    assert db.name_exists("x") is db.id_exists("x") is db.content_hash_exists("x") is False
    assert db.delete_by_id("x") is db.delete_by_name("x") is db.delete_by_content_id("x") is False
    assert db.upsert_available() is True and db.get_supported_search_types() == ["hybrid"]


def test_documents_become_one_text_that_is_found(db):
    db.insert("h", [Document("green tea", name="Tea & more", content_id="c"), Document("from china", content_id="c")])
    db.insert("i", [Document("plain milk", name="Milk")])
    (found,) = db.search("china tea")
    assert found.content == "green tea\n\nfrom china" and found.name == "Tea-more"
    assert found.meta_data["file_path"].startswith("Tea-more.")
    assert db.name_exists("Tea & more") and not db.name_exists("Tea-more")
    assert db.content_hash_exists("h") and not db.content_hash_exists("x")
    assert len(db.search("tea milk", limit=1)) == 1


def test_the_same_twice_is_there_once_and_an_upsert_replaces(db, server):
    for _ in range(2):
        db.insert("h", [Document("green tea", name="Tea")])
        db.upsert("h", [Document("green tea", name="Tea")])
    assert len(server.documents) == 1
    db.upsert("h", [Document("black tea", name="Tea")])
    assert texts(db.search("green black tea")) == ["black tea"]
    db.upsert("h", [])
    assert server.documents == {}
    db.insert("h", [])
    db.insert("h", [Document("  ")])
    assert server.documents == {}


def test_documents_are_deleted_by_what_they_are(db, server):
    for n in range(4):
        db.insert(f"h{n}", [Document(f"tea {n}", name=f"name{n}", content_id=f"c{n}")])
    (one, *_) = [id for id, kept in server.documents.items() if kept["text"] == "tea 0"]
    assert db.delete_by_id(one) is True and db.delete_by_id(one) is False
    assert db.delete_by_name("name1") is True and db.delete_by_name("name1") is False
    server.busy = 2
    assert db.delete_by_content_id("c2") is True and db.delete_by_content_id("c2") is False
    assert texts(db.search("tea time")) == ["tea 3"]
    assert db.delete() is True and db.search("tea time") == []


def test_it_waits_until_the_server_is_done(db, server):
    server.slow = 3
    db.insert("h", [Document("green tea")])
    assert texts(db.search("green tea")) == ["green tea"]


def test_a_server_that_takes_too_long_says_so(server):
    server.slow = 10**6
    with pytest.raises(VectorDbUnavailableError, match="wait_seconds="):
        LightRag(server.url, "secret", wait_seconds=0.01).insert("h", [Document("green tea")])


def test_what_the_server_cannot_work_in_is_an_error(db):
    with pytest.raises(VectorDbError, match="already exists"):
        db.insert("h", [Document("poison")])
    assert db.content_hash_exists("h") is False
    with pytest.raises(VectorDbError, match="already exists"):
        db.insert("h", [Document("poison")])


def test_texts_and_files_are_added_by_hand(db):
    id = db.insert_text("notes.md", "green tea")
    other = db.insert_file_bytes(b"black coffee", "menu.txt", "text/plain")
    (found,) = db.search("coffee please")
    assert (
        found.name == "menu.txt"
        and found.id == f"{other}-chunk-000"
        and db.id_exists(other)
        and db.name_exists("notes.md")
    )
    assert db.delete_by_external_id(id) is True and db.delete_by_external_id(id) is False


def test_filters_are_refused_and_metadata_cannot_be_changed(db):
    db.insert("h", [Document("green tea", meta_data={"tenant": "a"})], filters={"tenant": "a"})
    for filters in ({"tenant": "a"}, EQ("tenant", "a"), [EQ("tenant", "a")]):
        with pytest.raises(NotImplementedError, match="keeps no metadata"):
            db.search("green tea", filters=filters)
    for call in (lambda: db.delete_by_metadata({"a": 1}), lambda: db.update_metadata("c", {"a": 1})):
        with pytest.raises(NotImplementedError, match="keeps no metadata"):
            call()
    with pytest.raises(ValueError, match="limit"):
        db.search("tea", limit=0)
    with pytest.raises(VectorDbError, match="too short"):
        db.search("a")


def test_no_string_can_do_harm(db):
    for number, text in enumerate(HOSTILE):
        db.insert(text + "h", [Document(f"tea {number}", name=text, content_id=text)])
    for text in HOSTILE:
        assert db.name_exists(text) and db.content_hash_exists(text + "h")
        db.search(f"tea for {text}".encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
        assert db.delete_by_content_id(text) is True and not db.name_exists(text)


def test_more_documents_than_a_list_has_are_looked_through(db, server):
    for number in range(401):
        server._taken(f"file{number}.txt", f"text {number}")
    assert db.name_exists("file400.txt") and not db.name_exists("file401.txt")


def test_knowledge_keeps_its_contents_there(server):
    knowledge = Knowledge(vector_db=LightRag(server.url, api_key="secret"))
    knowledge.add_content(name="Hours", text_content="The kitchen is open from nine to six.")
    assert "nine" in knowledge.search("when is the kitchen open")[0].content


def test_its_retriever_serves_an_agent(server):
    db = LightRag(server.url, api_key="secret")
    db.insert("h", [Document("The kitchen is open from nine to six.")])
    model = ScriptedModel("From nine to six.")
    agent = Agent(model=model, knowledge_retriever=db.lightrag_knowledge_retriever, add_knowledge_to_context=True)
    Face.portal.run(agent.arun("When is the kitchen open?"))
    assert "from nine to six" in str(model.requests[0])
    with pytest.raises(NotImplementedError, match="keeps no metadata"):
        Face.portal.run(db.lightrag_knowledge_retriever("kitchen", filters={"tenant": "a"}))


def test_a_wrong_key_and_an_old_server_say_what_to_do(server):
    with pytest.raises(VectorDbError, match="api_key=") as told:
        LightRag(server.url, api_key="other").exists()
    assert "other" not in str(told.value)
    server.is_old = True
    with pytest.raises(VectorDbError, match="update LightRAG"):
        LightRag(server.url, api_key="secret").search("green tea")


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_server_that_is_down_is_no_empty_database(colour):
    db = Face(LightRag(f"http://127.0.0.1:{free_port()}"), colour == "async")
    with pytest.raises(VectorDbUnavailableError, match=r"127\.0\.0\.1"):
        db.search("green tea")
