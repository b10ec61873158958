"""Record a provider's real traffic to a file, and serve it again without the provider."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import msgspec

from agno.testing._http import HttpCall, LoopbackServer
from agno.testing.network import several

REMOVED = "REMOVED"
_BINARY = "$base64"
_NOT_YET = 0  # the status of what is not answered yet

# only these headers are written down: a list of secret ones would never be complete
_KEPT_REQUEST = frozenset({"accept", "content-type", "anthropic-version", "anthropic-beta", "openai-beta"})
_KEPT_RESPONSE = frozenset({"content-type", "retry-after", "retry-after-ms", "location"})
_NOT_FORWARDED = frozenset({"host", "connection", "content-length", "accept-encoding", "transfer-encoding"})
_SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "openai-organization",
     "openai-project"}
)  # fmt: skip
_SECRET_QUERY = frozenset({"key", "api_key", "apikey", "access_token", "token", "sig", "signature"})
_EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LINE_END = re.compile(rb"\n")
Scrub = Callable[[str], str]


class ReplayMismatch(AssertionError):
    """A request is not the one that was recorded."""


@dataclass
class Exchange:
    """A recorded request and its answer. Bodies are JSON data, or text, or `{"$base64": ...}`."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    request_headers: dict[str, str] = field(default_factory=dict)
    request: Any = None
    status: int = 200
    response_headers: dict[str, str] = field(default_factory=dict)
    response: Any = None
    chunks: list[Any] | None = None  # of a stream: one entry per event or line
    end: str = "complete"  # "cut": the provider broke off; "left": the client did


# Recording -----------------------------------------------------------------------------------------------------------


class Recorder(LoopbackServer):
    """A proxy on the loopback interface that writes what passes to a file; use it in a `with` block.

    Of headers only harmless ones are written. Keys that stood in headers or in the query are removed from bodies too;
    `secrets` names further texts to remove, `scrub` may change any text before it is written.
    """

    def __init__(
        self,
        path: str | Path,
        upstream_url: str,
        *,
        secrets: Collection[str] = (),
        scrub: Scrub | None = None,
        timeout: float = 600.0,
    ) -> None:
        super().__init__()
        self.path = Path(path)
        self.upstream_url = _address(upstream_url)
        self.exchanges: list[Exchange] = []
        self._secrets = {secret for secret in several("secrets", secrets) if secret}
        self._scrub = scrub
        self._timeout = timeout
        self._only_if_successful = False
        self._unreachable: str | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        if self._only_if_successful and (kind is not None or self._unreachable is not None):
            self.path.unlink(missing_ok=True)
            if kind is None:
                raise ConnectionError(self._unreachable)

    async def answer(self, call: HttpCall) -> None:
        self._secrets |= _secrets_of(call)
        exchange = Exchange(call.method, call.path, _clean_query(call.query), _kept(call.headers, _KEPT_REQUEST))
        exchange.request, exchange.status = _body(call.body), _NOT_YET
        self.exchanges.append(exchange)
        headers = {name: value for name, value in call.headers.items() if name not in _NOT_FORWARDED}
        url = f"{self.upstream_url}{call.path}" + (f"?{call.query_text}" if call.query_text else "")
        try:
            # a client per request: recording is rare, and the environment's proxies must be respected
            async with httpx.AsyncClient(timeout=self._timeout) as client:
                options: Any = {"content": call.body, "headers": {**headers, "accept-encoding": "identity"}}
                async with client.stream(call.method, url, **options) as response:
                    await self._pass_on(call, exchange, response)
        except httpx.TransportError as error:
            await self._broke_off(call, exchange, error)
        finally:
            if exchange.status == _NOT_YET:  # there is no answer to record
                self.exchanges = [one for one in self.exchanges if one is not exchange]
            self._write()

    async def _pass_on(self, call: HttpCall, exchange: Exchange, response: httpx.Response) -> None:
        exchange.response_headers = _kept(response.headers, _KEPT_RESPONSE)
        ends = _piece_ends(exchange.response_headers.get("content-type", ""))
        if ends is None:
            content = await response.aread()
            exchange.response, exchange.status = _body(content), response.status_code
            await call.whole(response.status_code, content, exchange.response_headers)
            return
        exchange.status, exchange.chunks, exchange.end = response.status_code, [], "cut"  # until it is complete
        await call.begin(response.status_code, exchange.response_headers)
        passing = asyncio.ensure_future(_pass_pieces(call, exchange.chunks, response, Pieces(ends)))
        leaving = asyncio.ensure_future(call.gone.wait())
        await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if call.gone.is_set():
            exchange.end = "left"
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)
        else:
            passing.result()
            exchange.end = "complete"
            await call.end()

    async def _broke_off(self, call: HttpCall, exchange: Exchange, error: httpx.TransportError) -> None:
        if exchange.chunks is not None:  # the stream had begun
            await call.cut()
            return
        message = self._unreachable = f"The recorder could not reach {self.upstream_url}: {error!r}"
        await call.whole(
            502, msgspec.json.encode({"error": {"message": message}}), {"content-type": "application/json"}
        )

    def _write(self) -> None:
        answered = [exchange for exchange in self.exchanges if exchange.status != _NOT_YET]
        data = {"format": 1, "exchanges": _cleaned(msgspec.to_builtins(answered), self._secrets, self._scrub)}
        partial = self.path.with_name(f"{self.path.name}.part")
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")
        os.replace(partial, self.path)


async def _pass_pieces(call: HttpCall, chunks: list[Any], response: httpx.Response, pieces: Pieces) -> None:
    try:
        async for content in response.aiter_bytes():
            chunks.extend(map(_text, pieces.feed(content)))
            await call.write(content)
    finally:
        chunks.extend(map(_text, pieces.rest()))


class Pieces:
    """Cuts bytes as they arrive into events or lines."""

    def __init__(self, ends: re.Pattern[bytes]) -> None:
        self._ends = ends
        self._kept = b""

    def feed(self, content: bytes) -> Iterator[bytes]:
        """The pieces that are complete now."""
        self._kept += content
        while match := self._ends.search(self._kept):
            piece, self._kept = self._kept[: match.end()], self._kept[match.end() :]
            yield piece

    def rest(self) -> list[bytes]:
        """What came after the last complete piece."""
        return [self._kept] if self._kept else []


def _piece_ends(content_type: str) -> re.Pattern[bytes] | None:
    if content_type.startswith("text/event-stream"):
        return _EVENT_END
    return _LINE_END if "ndjson" in content_type else None


def _address(upstream_url: str) -> str:
    """The address of a provider without a slash at the end. Raises ValueError for what is none."""
    try:
        url = httpx.URL(upstream_url)
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"upstream_url={upstream_url!r} is no address; write it as in 'https://api.openai.com'.")
    return upstream_url.rstrip("/")


def _secrets_of(call: HttpCall) -> set[str]:
    """Keys in headers and query; the word before a key, as in "Bearer", is none."""
    values = [value.rpartition(" ")[2] for name, value in call.headers.items() if name in _SECRET_HEADERS]
    values += [value for name, value in call.query.items() if name.lower() in _SECRET_QUERY]
    return {value for value in values if len(value) >= 6}  # shorter ones would remove ordinary words


def _kept(headers: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() in names}


def _clean_query(query: Mapping[str, str]) -> dict[str, str]:
    return {name: REMOVED if name.lower() in _SECRET_QUERY else value for name, value in query.items()}


def _text(content: bytes) -> Any:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {_BINARY: base64.b64encode(content).decode()}


def _body(content: bytes) -> Any:
    if not content:
        return None
    try:
        data = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _text(content)
    return data if isinstance(data, (dict, list)) else _text(content)  # a text stays what it was


def _cleaned(value: Any, secrets: Collection[str], scrub: Scrub | None) -> Any:
    """A twin of JSON data without secrets in any of its texts."""
    if isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):
            value = value.replace(secret, REMOVED)
        return scrub(value) if scrub is not None else value
    if isinstance(value, list):
        return [_cleaned(item, secrets, scrub) for item in value]
    if isinstance(value, dict):
        return {key: _cleaned(item, secrets, scrub) for key, item in value.items()}
    return value


# Replaying -----------------------------------------------------------------------------------------------------------


def recording(
    path: str | Path,
    upstream_url: str,
    *,
    ignore: Collection[str] = (),
    secrets: Collection[str] = (),
    scrub: Scrub | None = None,
) -> Recorder | Replayer:
    """A Replayer if there is a recording, else a Recorder that makes one: a test asks the provider once in its life.

    With AGNO_RECORD=1 in the environment the recording is made anew. A block that fails leaves no recording behind.
    """
    if Path(path).exists() and os.environ.get("AGNO_RECORD", "") in ("", "0"):
        return Replayer(path, ignore=ignore, secrets=secrets, scrub=scrub)
    recorder = Recorder(path, upstream_url, secrets=secrets, scrub=scrub)
    recorder._only_if_successful = True
    return recorder


class Replayer(LoopbackServer):
    """Serves a recorded file; use it in a `with` block.

    A request gets the answer of the first unused recorded request that equals it, so concurrent runs may ask in another
    order. One that equals none is answered with status 400 and a message that says what differs; the block then fails,
    as it does when recorded requests were not made. `ignore` names parts of bodies that may differ, as in
    "metadata.run_id" or "messages[0].content"; `secrets` and `scrub` must be those of the recording.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        ignore: Collection[str] = (),
        secrets: Collection[str] = (),
        scrub: Scrub | None = None,
    ) -> None:
        super().__init__()
        self.path = Path(path)
        self._left = list(load(self.path))
        self._ignore = frozenset(several("ignore", ignore))
        self._secrets = {secret for secret in several("secrets", secrets) if secret}
        self._scrub = scrub
        self._lock = threading.Lock()
        self.mismatches: list[str] = []

    @property
    def remaining(self) -> int:
        """How many recorded requests were not made yet."""
        return len(self._left)

    def assert_done(self) -> None:
        """Fail if a request differed, or if recorded ones were not made."""
        if self.mismatches:
            raise ReplayMismatch(self.mismatches[0])
        if self._left:
            first = self._left[0]
            raise ReplayMismatch(
                f"{len(self._left)} requests of {self.path.name} were not made; the next is {first.method} {first.path}."
            )

    async def answer(self, call: HttpCall) -> None:
        exchange = self._find(call)
        if exchange is None:
            body = {"error": {"message": self.mismatches[-1], "type": "replay_mismatch"}}
            await call.whole(400, msgspec.json.encode(body), {"content-type": "application/json"})
        elif exchange.chunks is None:
            await call.whole(exchange.status, _bytes(exchange.response), exchange.response_headers)
        else:
            await self._stream(call, exchange)

    async def _stream(self, call: HttpCall, exchange: Exchange) -> None:
        await call.begin(exchange.status, exchange.response_headers)
        for chunk in exchange.chunks or ():
            if not await call.write(_bytes(chunk)):
                return
        if exchange.end == "complete":
            await call.end()
        elif exchange.end == "cut":
            await call.cut()
        else:
            await call.gone.wait()  # the client left here; it will again

    def _find(self, call: HttpCall) -> Exchange | None:
        asked = Exchange(call.method, call.path, _clean_query(call.query))
        asked.request = _cleaned(_body(call.body), self._secrets | _secrets_of(call), self._scrub)
        multipart = call.headers.get("content-type", "").startswith("multipart/")  # has a random boundary
        with self._lock:
            closest: list[str] | None = None
            for position, recorded in enumerate(self._left):
                found = list(self._differences(recorded, asked, multipart))
                if not found:
                    return self._left.pop(position)
                if closest is None or len(found) < len(closest):
                    closest = found
            what = "; ".join(closest[:5]) if closest else "all recorded requests were made already"
            self.mismatches.append(f"{call.method} {call.path} is not in {self.path.name}: {what}")
        return None

    def _differences(self, recorded: Exchange, asked: Exchange, multipart: bool) -> Iterator[str]:
        for name in ("method", "path", "query"):
            if getattr(recorded, name) != getattr(asked, name):
                yield f"{name}: recorded {getattr(recorded, name)!r}, now {getattr(asked, name)!r}"
        if not multipart:
            yield from differences(recorded.request, asked.request, "", self._ignore)


def load(path: str | Path) -> list[Exchange]:
    """The exchanges of a recorded file."""
    try:
        data = msgspec.json.decode(Path(path).read_bytes())
    except FileNotFoundError:
        raise FileNotFoundError(
            f"There is no recording {str(path)!r}: make one with recording(path, upstream_url) or Recorder."
        ) from None
    except (IsADirectoryError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(path) from error
    if not isinstance(data, dict) or data.get("format") != 1:
        raise _unreadable(path)
    try:
        return msgspec.convert(data.get("exchanges"), list[Exchange])
    except msgspec.ValidationError as error:
        raise _unreadable(path) from error


def _unreadable(path: str | Path) -> ValueError:
    return ValueError(f"{str(path)!r} is no recording that this version can read: make it anew with Recorder.")


def differences(recorded: Any, now: Any, where: str = "", ignore: Collection[str] = ()) -> Iterator[str]:
    """Where two bodies differ, in words."""
    if where in ignore or recorded == now:
        return
    if isinstance(recorded, dict) and isinstance(now, dict):
        for key in [*recorded, *(key for key in now if key not in recorded)]:
            inner = f"{where}.{key}" if where else str(key)
            yield from differences(recorded.get(key, _ABSENT), now.get(key, _ABSENT), inner, ignore)
    elif isinstance(recorded, list) and isinstance(now, list):
        for position in range(max(len(recorded), len(now))):
            sides = [side[position] if position < len(side) else _ABSENT for side in (recorded, now)]
            yield from differences(sides[0], sides[1], f"{where}[{position}]", ignore)
    else:
        yield f"{where or 'body'}: recorded {_short(recorded)}, now {_short(now)}"


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


_ABSENT = _Absent()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, dict) and value.keys() == {_BINARY}:
        return base64.b64decode(value[_BINARY])
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)


__all__ = ["Exchange", "Recorder", "ReplayMismatch", "Replayer", "differences", "load", "recording"]
