"""Contents of knowledge over HTTP: they are added in the background and say how far they are."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.os import AgentOS
from agno.testing import ScriptedModel
from agno.vectordb.in_memory import InMemoryVectorDb

from os_serving import ask


@pytest.fixture
def os(tmp_path: Path) -> AgentOS:
    db = SqliteDb(db_file=str(tmp_path / "os.db"), id="contents")
    store = InMemoryVectorDb(embedder=HashingEmbedder())
    knowledge = Knowledge(name="docs", vector_db=store, contents_db=db)
    return AgentOS(agents=[Agent(id="helper", model=ScriptedModel(), knowledge=knowledge)])


def added(os: AgentOS, *more: tuple[str, str, dict[str, Any]], **given: Any) -> list[Any]:
    """The answer to new content, its row once it is no longer processed, and the answers to further requests."""

    async def talk(client: Any) -> list[Any]:
        first = await client.post("/knowledge/content", **given)
        found = [first]
        if first.status_code == 202:
            rows = first.json() if isinstance(first.json(), list) else [first.json()]
            found.append([await _settled(client, row["id"]) for row in rows])
        for method, path, options in more:
            path = path.format(**rows[0]) if first.status_code == 202 else path
            found.append(await client.request(method, path, **options))
        return found

    result: list[Any] = ask(os, talk)
    return result


async def _settled(client: Any, content_id: str) -> Any:
    while (row := (await client.get(f"/knowledge/content/{content_id}")).json())["status"] == "processing":
        pass
    return row


def test_a_text_is_added_in_the_background_and_found(os: AgentOS) -> None:
    answer, [row], status, found = added(
        os,
        ("GET", "/knowledge/content/{id}/status", {}),
        ("POST", "/knowledge/search", {"json": {"query": "harbour", "max_results": 1}}),
        data={"text_content": "The harbour opens at nine.", "name": "hours", "metadata": '{"town": "Ry"}'},
    )

    assert answer.status_code == 202 and answer.json()["status"] == "processing"
    assert (row["status"], row["name"], row["metadata"]["town"]) == ("completed", "hours", "Ry")
    assert status.json() == {"status": "completed", "status_message": ""}
    assert [one["content"] for one in found.json()] == ["The harbour opens at nine."]


def test_an_uploaded_file_has_its_own_name_and_one_that_cannot_be_read_says_why(os: AgentOS) -> None:
    _, [good] = added(os, files={"file": ("hours.txt", b"Nine to five.", "text/plain")})
    _, [bad] = added(os, files={"file": ("broken.pdf", b"%PDF-1.4 rubbish", "application/pdf")})

    assert (good["name"], good["status"]) == ("hours.txt", "completed")
    assert bad["status"] == "failed" and bad["status_message"]


def test_a_content_is_changed_and_removed(os: AgentOS) -> None:
    _, _, changed, wrong, removed, gone, empty = added(
        os,
        ("PATCH", "/knowledge/content/{id}", {"data": {"name": "times", "metadata": '{"town": "Ebeltoft"}'}}),
        ("PATCH", "/knowledge/content/{id}", {"data": {"metadata": "town"}}),
        ("DELETE", "/knowledge/content/{id}", {}),
        ("GET", "/knowledge/content/{id}", {}),
        ("GET", "/knowledge/content", {}),
        data={"text_content": "The harbour opens at nine."},
    )

    assert (changed.json()["name"], changed.json()["metadata"]["town"]) == ("times", "Ebeltoft")
    assert (wrong.status_code, wrong.json()["detail"]) == (400, "Invalid JSON format for metadata")
    assert set(removed.json()) == {"id"} and gone.status_code == 404
    assert empty.json()["data"] == []


@pytest.mark.parametrize(
    "given, text",
    [
        ({}, "Give one of file, url and text_content"),
        ({"url": "file:///etc/passwd"}, "no URL that can be read"),
        ({"url": '["http://a.example", 1]'}, "neither a URL nor a JSON array"),
        ({"text_content": "x", "reader_id": "nope"}, "Invalid reader_id: nope"),
        ({"text_content": "x", "reader_id": "text", "chunker": "nope"}, "Invalid reader_id: text"),
    ],
)
def test_content_that_cannot_be_added_is_refused(os: AgentOS, given: dict[str, str], text: str) -> None:
    [answer] = added(os, data=given)
    assert answer.status_code == 400 and text in answer.json()["detail"]


def test_the_readers_and_chunkers_are_listed(os: AgentOS) -> None:
    config = ask(os, lambda client: client.get("/knowledge/config")).json()

    assert config["readers"]["pdf"]["chunkers"] and "pdf" in config["readersForType"]["pdf"]
    assert config["chunkers"]["FixedSizeChunker"]["description"]


def test_an_unknown_content_or_database_is_not_there(os: AgentOS) -> None:
    for method, path in (
        ("GET", "/knowledge/content/x"),
        ("GET", "/knowledge/content/x/status"),
        ("PATCH", "/knowledge/content/x"),
    ):
        answer = ask(os, lambda client, m=method, p=path: client.request(m, p))
        assert (answer.status_code, answer.json()["detail"]) == (404, "Content not found: x")
    answer = ask(os, lambda client: client.get("/knowledge/content?db_id=nope"))
    assert answer.json()["detail"] == "Knowledge instance with id 'nope' not found"


def test_without_a_knowledge_the_routes_say_what_is_missing() -> None:
    db = InMemoryDb(id="main")
    service = AgentOS(agents=[Agent(id="helper", model=ScriptedModel(), db=db)])
    assert "/knowledge/content" in service.get_app().openapi()["paths"]
    answer, unknown = ask(service, lambda client: asyncio.gather(
        client.get("/knowledge/content"), client.get("/knowledge/content?db_id=main")
    ))  # fmt: skip
    assert (answer.status_code, unknown.status_code) == (400, 404)
    assert answer.json()["detail"].startswith("No knowledge is served here: give an agent, or AgentOS, one with")
    assert unknown.json()["detail"] == "Knowledge instance with id 'main' not found"
