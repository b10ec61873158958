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


def test_a_hostile_id_or_filter_is_only_a_text(tmp_path: Path) -> None:
    db = SqliteDb(db_file=str(tmp_path / "os.db"), id="main")
    service = whole(db, prometheus=False)
    service.agents[0].run("private", session_id="s", user_id="ann")

    async def go(client: httpx.AsyncClient) -> None:
        for text in HOSTILE:
            await finds_nothing(client, text)

    async def finds_nothing(client: httpx.AsyncClient, text: str) -> None:
        for path, name in (("/sessions", "user_id"), ("/sessions", "session_name"), ("/memories", "user_id"),
                           ("/traces", "user_id"), ("/schedules", "user_id"), ("/eval-runs", "agent_id")):  # fmt: skip
            answer = await client.get(path, params={name: text})
            assert (answer.status_code, answer.json()["data"]) == (200, []), (path, name, text)
        for path in ("/sessions", "/memories", "/eval-runs", "/knowledge/content"):
            assert (await client.get(path, params={"sort_by": text})).status_code == 422, (path, text)
        where = {"session_ids": [text], "session_types": ["agent"]}
        assert (await client.request("DELETE", "/sessions", json=where)).status_code == 204
        assert (await client.get("/sessions")).json()["meta"]["total_count"] == 1, text

    talk(service, go)


# SSRF ----------------------------------------------------------------------------------------------------------------


class _Inside(BaseHTTPRequestHandler):
    """A server of the private network; it counts who comes."""

    def do_GET(self) -> None:
        self.server.seen.append(self.path)  # type: ignore[attr-defined]
        if self.path == "/" and self.server.leads_to:  # type: ignore[attr-defined]
            self.send_response(302)
            self.send_header("location", self.server.leads_to)  # type: ignore[attr-defined]
            self.send_header("content-length", "0")
            return self.end_headers()
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self.wfile.write(b"internal words")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def inside() -> Any:
    server: Any = HTTPServer(("127.0.0.1", 0), _Inside)
    server.seen, server.leads_to = [], ""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def names(monkeypatch: pytest.MonkeyPatch, known: dict[str, list[list[str]]]) -> list[str]:
    """Have names lead to these addresses, to the next ones each time they are asked for; gives those that were asked."""
    asked: list[str] = []
    real = sockets.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **more: Any) -> Any:
        if host not in known:
            return real(host, port, *args, **more)
        asked.append(host)
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for address in found for entry in real(address, port, *args, **more)]

    monkeypatch.setattr(sockets, "getaddrinfo", look_up)
    return asked


def refusing(real: Any, unreachable: str) -> Any:
    def connect(self: Any, address: Any) -> Any:
        if address[0] == unreachable:
            raise ConnectionRefusedError(f"{unreachable} is not there")
        return real(self, address)

    return connect


def all_read_by(knowledge: Knowledge, *contents: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of contents that are added one after the other, each as soon as it is no longer processed."""
    service = AgentOS(agents=[Agent(id="helper", model=ScriptedModel(), knowledge=knowledge)])

    async def go(client: httpx.AsyncClient) -> Any:
        found = []
        for given in contents:
            row = (await client.post("/knowledge/content", **given)).json()
            while row.get("status") == "processing":
                row = (await client.get(f"/knowledge/content/{row['id']}")).json()
            found.append(row)
        return found

    rows: list[dict[str, Any]] = talk(service, go)
    return rows


def read_by(knowledge: Knowledge, **given: Any) -> dict[str, Any]:
    """The row of one content."""
    return all_read_by(knowledge, given)[0]


def knowledge_of(tmp_path: Path, **settings: Any) -> Knowledge:
    from agno.knowledge.embedder.hashing import HashingEmbedder
    from agno.vectordb.in_memory import InMemoryVectorDb

    db = SqliteDb(db_file=str(tmp_path / "k.db"), id="main")
    return Knowledge(vector_db=InMemoryVectorDb(embedder=HashingEmbedder()), contents_db=db, **settings)


@pytest.mark.parametrize("reader", [None, "url", "website", "text", "llms_txt"])
def test_a_caller_cannot_have_the_private_network_read(reader: Any, inside: Any, tmp_path: Path) -> None:
    chosen = {"reader_id": reader} if reader else {}
    hosts = ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1")
    urls = [f"http://{host}:{inside.server_port}/secret" for host in hosts]
    rows = all_read_by(knowledge_of(tmp_path), *({"data": {"url": url, **chosen}} for url in urls))
    assert [row["status"] for row in rows] == ["failed"] * len(urls) and inside.seen == []


INSIDE = [
    *("169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.100.100.200", "0.0.0.0", "0", "127.1"),
    *("017700000001", "0x7f000001", "[::1]", "[::]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[::ffff:a9fe:a9fe]"),
    *("[::127.0.0.1]", "[::ffff:0:7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]"),
]


def test_nor_addresses_of_clouds_and_companies_however_they_are_written(tmp_path: Path) -> None:
    urls = [f"http://{host}/latest/meta-data" for host in INSIDE]
    for row in all_read_by(knowledge_of(tmp_path), *({"data": {"url": url}} for url in urls)):
        assert row["status"] == "failed" and "is no public address" in row["status_message"], row


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe"])
def test_a_name_that_leads_there_is_refused(
    address: str, inside: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = names(monkeypatch, {"public.example": [[address]], "both.example": [["93.184.216.34", address]]})
    urls = [f"http://{host}:{inside.server_port}/" for host in ("public.example", "both.example")]
    for row in all_read_by(knowledge_of(tmp_path), *({"data": {"url": url}} for url in urls)):
        assert row["status"] == "failed" and "is no public address" in row["status_message"], row
    assert inside.seen == [] and asked == ["public.example", "both.example"]


def test_each_answer_of_a_name_is_looked_at_before_it_is_connected_to(
    inside: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is looked at, and private when it is connected to; the public one does not answer."""
    names(monkeypatch, {"rebound.example": [["192.88.99.1"], ["127.0.0.1"]]})
    monkeypatch.setattr(sockets.socket, "connect", refusing(sockets.socket.connect, "192.88.99.1"))
    reader = URLReader()
    reader.limits.pause = 0.0
    knowledge = knowledge_of(tmp_path, readers={"url": reader})
    row = read_by(knowledge, data={"url": f"http://rebound.example:{inside.server_port}/", "reader_id": "url"})
    assert row["status"] == "failed" and inside.seen == [], row


@pytest.mark.parametrize("target", ["2130706433", "[::ffff:127.0.0.1]", "inner.example"])
def test_a_page_cannot_send_a_reader_on_to_it(
    target: str, inside: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first address is named by the program, and allowed; where its answer leads is not."""
    names(monkeypatch, {"inner.example": [["127.0.0.1"]]})
    inside.leads_to = f"http://{target}:{inside.server_port}/secret"
    knowledge = knowledge_of(tmp_path)
    knowledge.add_content(name="page", url=f"http://127.0.0.1:{inside.server_port}/")
    (row,) = knowledge.get_content()[0]
    assert inside.seen == ["/"] and str(row.status.value) == "failed" and "a page that led there" in row.status_message


def test_a_reader_that_may_read_it_does(inside: Any, tmp_path: Path) -> None:
    knowledge = knowledge_of(tmp_path, readers={"url": URLReader(allow_private=True)})
    row = read_by(knowledge, data={"url": f"http://127.0.0.1:{inside.server_port}/meant"})
    assert (row["status"], inside.seen) == ("completed", ["/meant"])


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://x", "ftp://x", "//etc", "javascript:alert(1)"])
def test_other_schemes_are_refused(url: str) -> None:
    assert request(whole(prometheus=False), "POST", "/knowledge/content", data={"url": url}).status_code == 400


# Files ---------------------------------------------------------------------------------------------------------------


def files_below(folder: Path) -> dict[str, bytes]:
    """All files, without those of the database."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "k.db" not in path.name}


NAMES = ["../../evil.txt", "/etc/evil.txt", "..\\evil.txt", "a\x00b.txt", "%2e%2e%2fevil.txt", "..%2f..%2fevil.txt", "....//evil.txt",
         "C:\\evil.txt", "file:///evil.txt", "~/evil.txt", "link.txt"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_an_upload_is_no_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place := tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("as it was")
    (place / "link.txt").symlink_to(tmp_path / "outside.txt")
    knowledge = knowledge_of(tmp_path)
    before = files_below(tmp_path)
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(tmp_path))
    row = read_by(knowledge, files={"file": (name, b"harmless", "text/plain")})
    assert row["status"] == "completed"
    (found,) = knowledge.search("harmless", 1)
    assert found.content == "harmless"  # and not what a file of that name holds
    assert files_below(tmp_path) == before


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


def packed(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def lying(archive: bytes, size: int) -> bytes:
    """The archive, with another size of its last member in its directory."""
    place = archive.rindex(b"PK\x01\x02") + 24
    return archive[:place] + size.to_bytes(4, "little") + archive[place + 4 :]


_INNER = packed({f"{n}.zip": packed({"a.txt": b"\0" * 1_000_000}) for n in range(10)})
ARCHIVES = {
    "archives in an archive": ("a.zip", packed({"b.zip": _INNER})),
    "an archive in place of a part": ("a.docx", packed({"[Content_Types].xml": b"<a/>", "word/document.xml": _INNER})),
    "a size that is not so": ("a.docx", lying(packed({"word/document.xml": b"\0" * 50_000_000}), 10)),
    "a part that leads outside": ("a.docx", packed({"../../evil.xml": b"<a/>", "word/document.xml": b"<a/>"})),
    "too many parts": ("a.xlsx", packed({f"xl/{n}.xml": b"" for n in range(20_001)})),
}


@pytest.mark.parametrize("what", ARCHIVES)
def test_a_hostile_archive_is_not_unpacked(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, content = ARCHIVES[what]
    knowledge = knowledge_of(tmp_path)
    before = files_below(tmp_path)
    (place := tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(place)
    kind = _OFFICE.get(name[-4:], "application/zip")
    row = read_by(knowledge, files={"file": (name, content, kind)})
    assert row["status"] == "failed" and row["status_message"], row
    assert files_below(tmp_path) == before


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


def test_headers_without_an_end_are_refused_and_slow_ones_keep_nobody_waiting() -> None:
    with served(whole(prometheus=False)) as server, sockets.create_connection(("127.0.0.1", server.port), 10) as slow:
        slow.sendall(b"GET /health HTTP/1.1\r\nhost: os\r\nx-slow: ")
        endless = b"GET /health HTTP/1.1\r\nhost: os\r\nx: " + b"a" * 300_000
        assert b" 400 " in _raw(server.url, endless)
        assert httpx.get(f"{server.url}/health", timeout=30).status_code == 200


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
    kept = httpx.get(f"{with_session}/sessions/s", timeout=30).status_code
    assert kept == 200, answer
    assert answer.count(b"HTTP/1.1 2") == 0
