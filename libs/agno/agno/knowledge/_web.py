"""Fetching pages: bounded in size, time and redirects, and only from where a reader may go."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from agno._io import IO
from agno.knowledge._addresses import check_addresses, check_url, is_address, resolve, shown
from agno.knowledge._errors import ReaderError

AGENT = "Mozilla/5.0 (compatible; agno)"
_AGAIN = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE = 10.0  # seconds
_MOVED = frozenset({301, 302, 303, 307, 308})
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate", "x-gzip"})
_AT_ONCE = 1 << 20  # bytes that are unpacked in one step
_GZIP = b"\x1f"  # which it begins with


@dataclass(frozen=True)
class Page:
    """An answer. `url` is where it was found in the end; `content_type` is in lower case, without parameters."""

    url: str
    content_type: str
    charset: str | None
    body: bytes

    @property
    def text(self) -> str:
        """The body in the stated encoding, else UTF-8."""
        try:
            return self.body.decode(self.charset or "utf-8", "replace")
        except LookupError:  # no encoding that Python knows
            return self.body.decode("utf-8", "replace")


@dataclass
class WebLimits:
    """How far a visit goes. Times are seconds; see `check_addresses` for `allow_private`."""

    timeout: float = 10.0  # of one step: connecting, or waiting for the next bytes
    longest: float = 120.0  # of one page
    max_bytes: int = 50_000_000  # of one page
    max_redirects: int = 5
    retries: int = 2  # for broken connections, 429, 502, 503 and 504
    pause: float = 0.5  # before the first retry; doubled each time
    proxy: str | None = None
    allow_private: bool | None = None
    user_agent: str = AGENT


class Web:
    """One visit to the web, with its connections: `async with Web(io, limits) as web`, in either colour.

    Names are resolved here and the connection goes to the address that was checked, so that a name cannot change in between.
    Behind a proxy the proxy resolves; then only addresses that are written in the URL are checked.
    """

    def __init__(self, io: IO, limits: WebLimits | None = None) -> None:
        self.io = io
        self.limits = limits or WebLimits()
        # one for each host: hosts that share an address must not share a connection, whose certificate is of one of them
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._named: set[str] = set()

    async def __aenter__(self) -> Web:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for client in self._clients.values():
            if self.io.is_async:
                await client.aclose()
            else:
                client.close()

    async def get(self, url: str, is_named: bool = True) -> Page:
        """Fetch a page. `is_named=False` for a link that a page gave. ReaderError if that fails, or is not allowed."""
        if is_named:
            self._named.add(check_url(url)[0].lower())
        for attempt in range(self.limits.retries + 1):
            try:
                return await self._follow(url)
            except _TryAgain as again:
                if attempt == self.limits.retries:
                    raise again.error from again.__cause__
                await self.io.sleep(min(_LONGEST_PAUSE, max(again.after, self.limits.pause * 2**attempt)))
        raise AssertionError("a last attempt raises")

    async def _follow(self, url: str) -> Page:
        for _ in range(self.limits.max_redirects + 1):
            found = await self._request(url)
            if isinstance(found, Page):
                return found
            url = found
        raise ReaderError(f"{shown(url)} redirects more than {self.limits.max_redirects} times.", 502)

    async def _request(self, url: str) -> Page | str:
        """The page, or the URL of a redirect."""
        host, port = check_url(url)
        proxy = self.limits.proxy or _proxy_for(url)
        error: Exception | None = None
        for address in await self._addresses(host, port, proxy):
            client = self._client(host, proxy)
            request = self._built(client, url, host, address)
            with _told(url):
                try:
                    found: Page | str = await self.io.pick(self._send, self._asend, client, request, url)
                    return found
                except _httpx().ConnectError as refused:  # the next address may answer, such as IPv4 behind IPv6
                    error = refused
        raise _TryAgain(_failed(url, error)) from error

    async def _addresses(self, host: str, port: int, proxy: str | None) -> list[str]:
        if proxy and not is_address(host) and host.lower() != "localhost":
            return [host]
        addresses: list[str] = await self.io.call(resolve, host, port)
        check_addresses(addresses, host, host.lower() in self._named, self.limits.allow_private)
        return addresses

    def _client(self, host: str, proxy: str | None) -> Any:
        if (host, proxy) not in self._clients:
            httpx = _httpx()
            kind = httpx.AsyncClient if self.io.is_async else httpx.Client
            self._clients[host, proxy] = kind(
                proxy=proxy,
                timeout=self.limits.timeout,
                verify=_certificates(),
                trust_env=False,
                follow_redirects=False,
            )
        return self._clients[host, proxy]

    def _built(self, client: Any, url: str, host: str, address: str) -> Any:
        headers = {"User-Agent": self.limits.user_agent, "Accept-Encoding": "gzip, deflate", "Accept": "*/*"}
        target = client.build_request("GET", url, headers=headers)
        if address != host:  # the Host header, the name in the certificate and the cookies stay those of the URL
            target.url = target.url.copy_with(host=address)
            target.extensions["sni_hostname"] = host
        return target

    def _send(self, client: Any, request: Any, url: str) -> Page | str:
        answer = client.send(request, stream=True)
        try:
            body = _Body(answer, url, self.limits)
            if body.wanted:
                for block in answer.iter_raw():
                    body.add(block)
            return body.result()
        finally:
            answer.close()

    async def _asend(self, client: Any, request: Any, url: str) -> Page | str:
        answer = await client.send(request, stream=True)
        try:
            body = _Body(answer, url, self.limits)
            if body.wanted:
                async for block in answer.aiter_raw():
                    body.add(block)
            return body.result()
        finally:
            await answer.aclose()


class _TryAgain(Exception):
    """Worth another attempt, `after` so many seconds."""

    def __init__(self, error: ReaderError, after: float = 0.0) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after


class _Body:
    """What comes back, within the limits."""

    def __init__(self, answer: Any, url: str, limits: WebLimits) -> None:
        self.answer, self.url, self.limits = answer, url, limits
        self.blocks: list[bytes] = []
        self.size = 0
        self.deadline = time.monotonic() + limits.longest
        status = answer.status_code
        self.moved = status in _MOVED and "location" in answer.headers
        self.wanted = not self.moved
        if not self.moved and status >= 300:
            raise self._refusal(status)
        encoding = answer.headers.get("content-encoding", "").lower()
        if encoding not in _ENCODINGS:
            raise ReaderError(f"{shown(url)} is packed as {encoding!r}, which was not asked for.", 502)
        self._unpacker = _Unpacker() if encoding not in ("", "identity") else None
        length = answer.headers.get("content-length", "")
        self._check(int(length) if length.isdigit() and self.wanted else 0)

    def add(self, block: bytes) -> None:
        try:
            for part in (block,) if self._unpacker is None else self._unpacker.parts(block):
                self.size += len(part)
                self._check(self.size)
                self.blocks.append(part)
        except zlib.error as error:
            raise ReaderError(f"{shown(self.url)} cannot be unpacked: {error}.", 502) from error
        if time.monotonic() > self.deadline:
            raise ReaderError(f"{shown(self.url)} was not complete after {self.limits.longest:g} seconds.", 504)

    def result(self) -> Page | str:
        if self.moved:
            return str(urljoin(self.url, self.answer.headers["location"]))
        if self._unpacker is not None and not self._unpacker.is_whole:
            raise ReaderError(f"{shown(self.url)} is not complete: what was packed breaks off.", 502)
        kind = self.answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Page(self.url, kind, self.answer.charset_encoding, b"".join(self.blocks))

    def _check(self, size: int) -> None:
        if size > self.limits.max_bytes:
            raise ReaderError(f"{shown(self.url)} is larger than {self.limits.max_bytes / 1e6:g} MB.", 413)

    def _refusal(self, status: int) -> Exception:
        error = ReaderError(f"{shown(self.url)} answered {status} {self.answer.reason_phrase}.".replace(" .", "."), 502)
        after = self.answer.headers.get("retry-after", "")
        return _TryAgain(error, float(after) if after.isdigit() else 0.0) if status in _AGAIN else error


class _Unpacker:
    """Unpacks gzip and deflate, never more than a megabyte at once, and knows whether it came to the end."""

    def __init__(self) -> None:
        self._stream: Any = None  # that is being unpacked
        self._ended = False  # what follows is another part of gzip, or padding
        self.is_whole = True

    def parts(self, block: bytes) -> Iterator[bytes]:
        """What a block of the packed stream holds. zlib.error if that is nothing."""
        while block or self._stream is not None:
            if self._stream is None:
                if self._ended and block[:1] != _GZIP:
                    return
                self._stream, self.is_whole = zlib.decompressobj(_kind(block)), False
            part = self._stream.decompress(block, _AT_ONCE)
            yield part
            if self._stream.eof:
                block, self._stream = self._stream.unused_data, None
                self._ended = self.is_whole = True
            else:
                block = self._stream.unconsumed_tail
                if not block and len(part) < _AT_ONCE:
                    return


def _kind(block: bytes) -> int:
    """Of which kind a packed stream is, as zlib counts: gzip or zlib (deflate), or deflate alone, which some servers send."""
    is_zlib = block[0] & 15 == 8 and (len(block) == 1 or (block[0] << 8 | block[1]) % 31 == 0)
    return 47 if is_zlib or block[:1] == _GZIP else -15


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Turns what httpx raises into our errors."""
    httpx = _httpx()
    try:
        yield
    except httpx.TimeoutException as error:
        raise _TryAgain(ReaderError(f"{shown(url)} did not answer in time.", 504)) from error
    except httpx.TransportError as error:
        raise _TryAgain(_failed(url, error)) from error
    except httpx.InvalidURL as error:
        raise _failed(url, error) from error


def _failed(url: str, error: Exception | None) -> ReaderError:
    return ReaderError(f"{shown(url)} cannot be reached: {str(error or 'it has no address').rstrip('.')}.", 502)


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for a URL."""
    parts = urlsplit(url)
    proxies = getproxies()
    if not proxies or (parts.hostname and proxy_bypass(parts.hostname)):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def _httpx() -> Any:
    return import_module("httpx")  # loaded at the first download: it costs more than the rest


@lru_cache(maxsize=1)
def _certificates() -> Any:
    return _httpx().create_ssl_context()


__all__ = ["AGENT", "Page", "Web", "WebLimits"]
