"""What a reader of the web does not do: go where it must not, or read without end."""

from __future__ import annotations

import gzip
import socket
import ssl
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agno.knowledge._addresses import check_addresses, resolve, shown
from agno.knowledge._errors import ReaderError
from agno.knowledge.reader.url_reader import URLReader
from agno.knowledge.reader.website_reader import WebsiteReader

import making
from making import Answer, Request, Site
from reader_contract import COLOURS


@pytest.fixture
def web() -> Iterator[Site]:
    with making.site() as site:
        yield site


def reader(**settings: Any) -> URLReader:
    made = URLReader(chunk=False, **settings)
    made.limits.pause = 0.0
    return made


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/x", "gopher://x", "data:text/plain,x", "example.org", "http://", "http://[::1", "javascript:alert(1)", ""]
)  # fmt: skip
@COLOURS
def test_only_http_is_read(url: str, colour: str) -> None:
    with pytest.raises(ReaderError, match="Invalid URL format: "):
        making.read(reader(), url, colour)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x/y"])
def test_a_redirect_to_something_else_is_not_followed(web: Site, target: str) -> None:
    web.pages["/"] = Answer(status=302, headers={"location": target})
    with pytest.raises(ReaderError, match="Invalid URL format"):
        reader().read(web.url)


PRIVATE = ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1",
           "::ffff:0:7f00:1", "64:ff9b:1::7f00:1", "fec0::1", "3fff::1"]  # fmt: skip
NEVER_MEANT = [
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",
    "fd00:ec2::254",
    "100.100.100.200",
    "224.0.0.1",
    "::ffff:169.254.169.254",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str) -> None:
    check_addresses([address], "h", is_named=True, allow_private=None)
    check_addresses([address], "h", is_named=False, allow_private=True)
    for named, allowed in ((False, None), (True, False), (False, False)):
        with pytest.raises(ReaderError, match="is no public address"):
            check_addresses([address], "h", named, allowed)


@pytest.mark.parametrize("address", NEVER_MEANT)
def test_addresses_of_the_machinery_need_a_clear_word(address: str) -> None:
    check_addresses([address], "h", is_named=True, allow_private=True)
    with pytest.raises(ReaderError, match="Give allow_private=True if that is meant."):
        check_addresses([address], "h", is_named=True, allow_private=None)


def test_public_addresses_are_read() -> None:
    check_addresses(["93.184.216.34", "2606:2800:220:1::1"], "h", is_named=False, allow_private=False)


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(ReaderError):
        check_addresses(["93.184.216.34", "127.0.0.1"], "h", is_named=False, allow_private=None)


@COLOURS
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
def test_a_private_address_is_refused_however_it_is_written(web: Site, name: str, colour: str) -> None:
    with pytest.raises(ReaderError, match="is no public address"):
        making.read(reader(allow_private=False), web.url.replace("127.0.0.1", name), colour)
    assert web.requests == []


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names that resolve to addresses; those of this machine keep theirs."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in known:
            return real(host, port, *args, **kwargs)
        address = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@COLOURS
def test_a_redirect_does_not_lead_into_the_private_network(web: Site, names: dict[str, list[str]], colour: str) -> None:
    names |= {"outside.test": ["127.0.0.1"], "inside.test": ["127.0.0.1"]}
    port = web.url.rpartition(":")[2]
    web.pages["/"] = Answer(status=302, headers={"location": f"http://inside.test:{port}/secret"})
    web.pages["/secret"] = "<p>secret</p>"
    with pytest.raises(ReaderError, match="inside.test is not read: .*, and it was a page that led there."):
        making.read(reader(), f"http://outside.test:{port}/", colour)
    assert web.paths == ["/"]
    assert "secret" in making.all_text(making.read(reader(allow_private=True), f"http://outside.test:{port}/", colour))


def test_a_link_does_not_lead_into_the_private_network(web: Site, names: dict[str, list[str]]) -> None:
    names |= {"outside.test": ["127.0.0.1"], "admin.outside.test": ["127.0.0.1"]}
    port = web.url.rpartition(":")[2]
    web.pages["/"] = f"<p>Start</p><a href='http://admin.outside.test:{port}/secret'>x</a>"
    web.pages["/secret"] = "<p>secret</p>"
    found = WebsiteReader(chunk=False).read(f"http://outside.test:{port}/")
    assert [document.content for document in found] == ["Start\n\nx"]


def test_a_name_cannot_change_its_address_between_check_and_connection(web: Site, names: dict[str, list[str]]) -> None:
    names["moving.test"] = ["93.184.216.34", "127.0.0.1"]  # public when it is checked, private for whoever asks again
    asked: list[str] = []

    class Stopped(Exception):
        pass

    def connect(address: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(address[0])
        raise Stopped

    port = web.url.rpartition(":")[2]
    original, socket.create_connection = socket.create_connection, connect
    try:
        with pytest.raises(Stopped):
            reader(allow_private=False).read(f"http://moving.test:{port}/")
    finally:
        socket.create_connection = original
    assert asked == ["93.184.216.34"]


@COLOURS
def test_the_server_sees_the_name_and_not_the_address(web: Site, names: dict[str, list[str]], colour: str) -> None:
    names["shop.test"] = ["127.0.0.1"]
    port = web.url.rpartition(":")[2]
    web.pages["/"] = "<p>text</p>"
    making.read(reader(), f"http://shop.test:{port}/", colour)
    assert web.requests[0].headers["Host"] == f"shop.test:{port}"


@COLOURS
def test_the_certificate_is_that_of_the_name(
    tmp_path: Path, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, colour: str
) -> None:
    names |= {"shop.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]}
    pem = making.certificate("shop.test", tmp_path)
    monkeypatch.setattr("agno.knowledge._web._certificates", lambda: ssl.create_default_context(cafile=pem))
    with making.site(pem) as web:
        web.pages["/"] = "<p>safe</p>"
        port = web.url.rpartition(":")[2]
        assert making.read(reader(), f"https://shop.test:{port}/", colour)[0].content == "safe"
        with pytest.raises(ReaderError, match=r"other.test:\d+/ cannot be reached: .*[Hh]ostname mismatch"):
            making.read(reader(), f"https://other.test:{port}/", colour)
        assert len(web.requests) == 1


@COLOURS
def test_redirects_end(web: Site, colour: str) -> None:
    web.pages["/"] = Answer(status=307, headers={"location": "/"})
    with pytest.raises(ReaderError, match="redirects more than 5 times."):
        making.read(reader(), web.url + "/", colour)
    assert len(web.requests) == 6


@COLOURS
def test_a_page_that_is_too_large_is_refused(web: Site, colour: str) -> None:
    web.pages["/stated"] = Answer(b"x" * 5000)
    made = reader()
    made.max_bytes = 4000
    with pytest.raises(ReaderError, match=r"/stated is larger than 0.004 MB."):
        making.read(made, f"{web.url}/stated", colour)


@COLOURS
def test_a_packed_page_is_measured_unpacked(web: Site, colour: str) -> None:
    web.pages["/"] = Answer(gzip.compress(b"x" * 1_000_000), headers={"content-encoding": "gzip"})
    made = reader()
    made.max_bytes = 100_000
    with pytest.raises(ReaderError, match=r"is larger than 0.1 MB."):
        making.read(made, web.url, colour)
    assert making.read(reader(), web.url, colour)[0].content == "x" * 1_000_000


@COLOURS
def test_a_packed_page_is_unpacked_whole_or_refused(web: Site, colour: str) -> None:
    text = b"tea" * 1_000_000
    alone = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(text),
        "gzip, two parts": gzip.compress(text[:1000]) + gzip.compress(text[1000:]),
        "gzip, padded": gzip.compress(text) + bytes(20),
        "deflate": zlib.compress(text),
        "deflate alone": alone.compress(text) + alone.flush(),
    }
    for kind, body in packed.items():
        web.pages["/"] = Answer(body, headers={"content-encoding": kind.split()[0].strip(",")})
        assert making.read(reader(), web.url, colour)[0].content == text.decode(), kind
    for body, said in (
        (packed["gzip"][:-20], "is not complete"),
        (packed["deflate"][:100], "is not complete"),
        (packed["gzip"][:20] + b"x" * 50, "cannot be unpacked: Error -3"),
    ):
        web.pages["/"] = Answer(body, headers={"content-encoding": "deflate"})
        with pytest.raises(ReaderError, match=said):
            making.read(reader(), web.url, colour)


def test_what_unpacks_without_a_bound_is_refused(web: Site) -> None:
    web.pages["/"] = Answer(b"whatever", headers={"content-encoding": "zstd"})
    with pytest.raises(ReaderError, match="is packed as 'zstd', which was not asked for."):
        reader().read(web.url)


@COLOURS
def test_a_busy_server_is_asked_again(web: Site, colour: str) -> None:
    answers = [Answer("busy", 503), Answer("slow down", 429, headers={"retry-after": "0"}), Answer("<p>there</p>")]
    web.pages["/"] = lambda request: answers.pop(0)
    assert making.read(reader(), web.url, colour)[0].content == "there"


@COLOURS
def test_a_server_that_stays_busy_or_says_no_is_an_error(web: Site, colour: str) -> None:
    web.pages["/busy"] = Answer("busy", 503)
    with pytest.raises(ReaderError, match="/busy answered 503 Service Unavailable."):
        making.read(reader(), f"{web.url}/busy", colour)
    assert len(web.requests) == 3
    with pytest.raises(ReaderError, match="/gone answered 404 Not Found."):
        making.read(reader(), f"{web.url}/gone", colour)
    assert len(web.requests) == 4


@COLOURS
def test_a_server_that_is_not_there_is_an_error(colour: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(ReaderError, match="cannot be reached: "):
            making.read(reader(), f"http://127.0.0.1:{taken.getsockname()[1]}/", colour)


@COLOURS
def test_a_server_that_does_not_answer_is_an_error(colour: str) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        made = reader(timeout=0.05)
        made.limits.retries = 0
        with pytest.raises(ReaderError, match="did not answer in time."):
            making.read(made, f"http://127.0.0.1:{deaf.getsockname()[1]}/", colour)


@COLOURS
def test_a_page_that_never_ends_is_an_error(web: Site, colour: str) -> None:
    web.pages["/"] = Answer(b"x" * 1_000_000)
    made = reader()
    made.limits.longest = 0.0
    with pytest.raises(ReaderError, match="was not complete after 0 seconds."):
        making.read(made, web.url, colour)


def test_a_host_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such)
    with pytest.raises(ReaderError, match="There is no host 'missing.test': Name or service not known."):
        resolve("missing.test", 80)


def test_a_proxy_is_used_and_resolves_the_name(web: Site) -> None:
    seen: list[str] = []

    def proxy(request: Request) -> Answer:
        seen.append(request.headers["Host"])
        return Answer("<p>by proxy</p>")

    web.pages["/page"] = proxy
    found = reader(proxy=web.url).read("http://somewhere.test/page")
    assert (found[0].content, seen) == ("by proxy", ["somewhere.test"])


def test_messages_do_not_show_secrets() -> None:
    assert shown("https://user:pass@host/a?token=secret") == "https://host/a?…"
    with pytest.raises(ReaderError) as caught:
        reader().read("ftp://user:pass@host/x?key=secret")
    assert "pass" not in str(caught.value) and "secret" not in str(caught.value)
