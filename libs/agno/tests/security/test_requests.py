"""What a request can carry: injections, URLs, files, bodies, headers. A test for each line of the list."""

from __future__ import annotations

import io
import socket as sockets
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from security.whole_os import request, talk, whole

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.knowledge import Knowledge
from agno.knowledge.reader.url_reader import URLReader
from agno.os import AgentOS
from agno.os._bodies import Limits
from agno.testing import ScriptedModel

from os_serving import served

_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
HOSTILE = [
    "' OR '1'='1",
    '"; DROP TABLE agno_sessions; --',
    "%",
    "_",
    "$ne",
    '{"$gt": ""}',
    "a:b*",
    "../x",
    "\\",
    "{0}%s",
]


# Injection -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_id_or_filter_is_only_a_text(text: str, tmp_path: Path) -> None:
    db = SqliteDb(db_file=str(tmp_path / "os.db"), id="main")
    service = whole(db, prometheus=False)
    service.agents[0].run("private", session_id="s", user_id="ann")

    async def go(client: httpx.AsyncClient) -> None:
        for path, name in (("/sessions", "user_id"), ("/sessions", "session_name"), ("/memories", "user_id"),
                           ("/traces", "user_id"), ("/schedules", "user_id"), ("/eval-runs", "agent_id")):  # fmt: skip
            answer = await client.get(path, params={name: text})
            assert (answer.status_code, answer.json()["data"]) == (200, []), (path, name)
        for path in ("/sessions", "/memories", "/eval-runs", "/knowledge/content"):
            assert (await client.get(path, params={"sort_by": text})).status_code == 422, path
        where = {"session_ids": [text], "session_types": ["agent"]}
        assert (await client.request("DELETE", "/sessions", json=where)).status_code == 204
        assert (await client.get("/sessions")).json()["meta"]["total_count"] == 1

    talk(service, go)


# SSRF ----------------------------------------------------------------------------------------------------------------


class _Inside(BaseHTTPRequestHandler):
    """A server of the private network; it counts who comes."""

    def do_GET(self) -> None:
        self.server.seen.append(self.path)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self.wfile.write(b"internal words")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def inside() -> Any:
    server: Any = HTTPServer(("127.0.0.1", 0), _Inside)
    server.seen = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def read_by(knowledge: Knowledge, **given: Any) -> dict[str, Any]:
    """The row of a content, as soon as it is no longer processed."""
    service = AgentOS(agents=[Agent(id="helper", model=ScriptedModel(), knowledge=knowledge)])

    async def go(client: httpx.AsyncClient) -> Any:
        row = (await client.post("/knowledge/content", **given)).json()
        while row.get("status") == "processing":
            row = (await client.get(f"/knowledge/content/{row['id']}")).json()
        return row

    found: dict[str, Any] = talk(service, go)
    return found


def knowledge_of(tmp_path: Path, **settings: Any) -> Knowledge:
    from agno.knowledge.embedder.hashing import HashingEmbedder
    from agno.vectordb.in_memory import InMemoryVectorDb

    db = SqliteDb(db_file=str(tmp_path / "k.db"), id="main")
    return Knowledge(vector_db=InMemoryVectorDb(embedder=HashingEmbedder()), contents_db=db, **settings)


@pytest.mark.parametrize("reader", [None, "url", "website", "text", "llms_txt"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_a_caller_cannot_have_the_private_network_read(host: str, reader: Any, inside: Any, tmp_path: Path) -> None:
    data = {"url": f"http://{host}:{inside.server_port}/secret", **({"reader_id": reader} if reader else {})}
    row = read_by(knowledge_of(tmp_path), data=data)
    assert row["status"] == "failed" and inside.seen == []


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "[fd00:ec2::254]", "100.100.100.200", "0.0.0.0"],
)
def test_nor_addresses_of_clouds_and_companies(host: str, tmp_path: Path) -> None:
    row = read_by(knowledge_of(tmp_path), data={"url": f"http://{host}/latest/meta-data"})
    assert row["status"] == "failed" and "is no public address" in row["status_message"]


def test_a_name_that_leads_there_is_refused(inside: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sockets.getaddrinfo

    def lying(host: Any, *args: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "public.example" else host, *args, **more)

    monkeypatch.setattr(sockets, "getaddrinfo", lying)
    row = read_by(knowledge_of(tmp_path), data={"url": f"http://public.example:{inside.server_port}/"})
    assert row["status"] == "failed" and inside.seen == []


def test_a_reader_that_may_read_it_does(inside: Any, tmp_path: Path) -> None:
    knowledge = knowledge_of(tmp_path, readers={"url": URLReader(allow_private=True)})
    row = read_by(knowledge, data={"url": f"http://127.0.0.1:{inside.server_port}/meant"})
    assert (row["status"], inside.seen) == ("completed", ["/meant"])


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x", "ftp://x", "//etc", "javascript:alert(1)"])
def test_other_schemes_are_refused(url: str) -> None:
    assert request(whole(prometheus=False), "POST", "/knowledge/content", data={"url": url}).status_code == 400


# Files ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../../evil.txt", "/etc/evil.txt", "..\\evil.txt", "a\x00b.txt", "%2e%2e%2fevil.txt"])
def test_the_name_of_an_upload_is_no_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place := tmp_path / "deep" / "er").mkdir(parents=True)
    knowledge = knowledge_of(tmp_path)
    monkeypatch.chdir(place)
    row = read_by(knowledge, files={"file": (name, b"harmless", "text/plain")})
    assert row["status"] == "completed"
    assert [path.name for path in tmp_path.rglob("*") if "evil" in path.name] == []


@pytest.mark.parametrize(("name", "member"), [("a.docx", "word/document.xml"), ("a.xlsx", "xl/workbook.xml")])
def test_an_archive_bomb_is_refused(name: str, member: str, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
        with archive.open(member, "w", force_zip64=True) as file:
            for _ in range(120):
                file.write(b"\0" * 1_000_000)
    row = read_by(knowledge_of(tmp_path), files={"file": (name, packed.getvalue(), _OFFICE[name[-4:]])})
    assert row["status"] == "failed" and "archive bomb" in row["status_message"]


# Bodies and headers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/agents/helper/runs", "/memories", "/sessions", "/knowledge/content", "/agui"])
def test_an_oversized_body_is_refused(path: str) -> None:
    service = whole(limits=Limits(body=1000), prometheus=False)

    async def chunks() -> Any:
        for _ in range(50):
            yield b"x" * 100

    kind = {"content-type": "application/json"}
    assert request(service, "POST", path, content=b'"' + b"x" * 2000, headers=kind).status_code == 413
    assert request(service, "POST", path, content=chunks(), headers=kind).status_code == 413


def _raw(url: str, text: bytes, seconds: float = 10) -> bytes:
    """What a server answers to these bytes, until it hangs up or begins to wait."""
    host, port = url.removeprefix("http://").split(":")
    with sockets.create_connection((host, int(port)), timeout=seconds) as connection:
        connection.sendall(text)
        return connection.recv(65536)


@pytest.fixture(scope="module")
def impatient() -> Iterator[str]:
    """The URL of a service that does not wait for bodies."""
    with served(whole(limits=Limits(seconds=0.2), prometheus=False)) as server:
        yield server.url


@pytest.fixture(scope="module")
def with_session() -> Iterator[str]:
    """The URL of a service that has a session `s`."""
    service = whole(prometheus=False)
    service.agents[0].run("hi", session_id="s")
    with served(service) as server:
        yield server.url


@pytest.mark.parametrize("path", ["/agents/helper/runs", "/memories", "/sessions", "/knowledge/content", "/agui"])
@pytest.mark.parametrize("announced", [b"content-length: 100", b"transfer-encoding: chunked"])
def test_a_slow_body_is_not_waited_for(path: str, announced: bytes, impatient: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nhost: os\r\ncontent-type: application/json\r\n".encode() + announced + b"\r\n\r\n"
    # the connection of the test breaks off after ten seconds: what is answered was not waited for
    assert b" 408 " in _raw(impatient, head + (b"1\r\n{\r\n" if b"chunked" in announced else b"{"))


@pytest.mark.parametrize(
    "headers",
    [
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 5\r\ntransfer-encoding: chunked",
        "content-length: +5",
        "content-length: 5, 6",
        "transfer-encoding: xchunked",
        "transfer-encoding : chunked",
        "content-length: 0x5",
    ],
)
@pytest.mark.parametrize("path", ["/sessions", "/nothing"])
def test_a_smuggled_request_is_not_carried_out(headers: str, path: str, with_session: str) -> None:
    """Whatever a proxy in front may make of it, no second request comes out of the body."""
    smuggled = "DELETE /sessions/s HTTP/1.1\r\nhost: os\r\n\r\n"
    text = f"POST {path} HTTP/1.1\r\nhost: os\r\ncontent-type: application/json\r\n{headers}\r\n\r\n0\r\n\r\n{smuggled}"
    answer = _raw(with_session, text.encode())
    kept = httpx.get(f"{with_session}/sessions/s").status_code
    assert kept == 200, answer
    assert answer.count(b"HTTP/1.1 2") == 0
