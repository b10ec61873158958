"""The way to one AgentOS: requests, streams, and when to try again."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from agno._io import IO
from agno._io.loops import PerLoop
from agno.client.exceptions import error_of
from agno.exceptions import RemoteServerUnavailableError
from agno.utils.later import later

if TYPE_CHECKING:
    import httpx
else:
    httpx = later("httpx")  # importing it costs more than importing agno's agents

_SAFE = frozenset({"GET", "PUT", "DELETE"})  # sent twice, they do the same
_BUSY = frozenset({502, 503, 504})
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0  # seconds between tries; each wait is twice the one before
Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    files: tuple[tuple[str, tuple[str, bytes, str]], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def after(self, event_id: int | None) -> Request:
        """The same for a stream, from behind an event."""
        return self if event_id is None else replace(self, headers={**self.headers, "Last-Event-ID": str(event_id)})


class Lost(Exception):
    """The connection broke off. `sent` tells whether the service may have got the request."""

    def __init__(self, error: Exception, *, sent: bool) -> None:
        super().__init__(str(error) or type(error).__name__)
        self.error, self.sent = error, sent


class Tries:
    """Waits longer each time, and gives up after `patience` seconds without an answer."""

    def __init__(self, io: IO, connection: Connection) -> None:
        self.io, self.connection = io, connection
        self.reset()

    def reset(self) -> None:
        """Something was received."""
        self.wait, self.since = _FIRST_WAIT, None

    async def again(self, error: Exception | None) -> None:
        """Wait before the next try. Raises RemoteServerUnavailableError when it was long enough."""
        connection, now = self.connection, self.io.now()
        self.since = now if self.since is None else self.since
        if now - self.since + self.wait > connection.patience:
            raise connection.unavailable(error)
        await self.io.sleep(self.wait)
        self.wait = min(self.wait * 2, _LONGEST_WAIT)

    since: float | None


class Connection:
    """A base address, who asks, and how long to wait (seconds). One serves threads and event loops at once."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        headers: Headers | None = None,
        timeout: float = 60.0,
        patience: float = 30.0,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(
                f"base_url={base_url!r} is no address of an AgentOS; give one such as http://localhost:7777."
            )
        self.base_url = base_url.rstrip("/")
        self.timeout, self.patience = timeout, patience
        self._api_key, self._headers = api_key, headers
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._clients: PerLoop[httpx.AsyncClient] = PerLoop()

    def __repr__(self) -> str:
        return f"Connection({self.base_url!r})"  # nothing secret

    # Requests --------------------------------------------------------------------------------------------------------

    async def send(self, io: IO, request: Request) -> Any:
        """The answer: what its JSON says, text, or None for an empty one.

        What can be asked twice without harm is asked again when the service is not there or busy; anything else only
        if it certainly did not arrive.
        """
        tries = Tries(io, self)
        while True:
            try:
                response = await io.pick(self._send, self._asend, request)
            except Lost as lost:
                if lost.sent and request.method not in _SAFE:
                    raise self.unavailable(lost.error) from lost.error
                await tries.again(lost.error)
                continue
            if response.status_code in _BUSY and request.method in _SAFE:
                await tries.again(None)
                continue
            return self._read(request, response.status_code, response.content, response.headers)

    def _send(self, request: Request) -> httpx.Response:
        try:
            return self._sync_client().send(self._built(self._sync_client(), request))
        except httpx.TransportError as error:
            raise _lost(error) from error

    async def _asend(self, request: Request) -> httpx.Response:
        client = self._clients.get(self._new_async_client)
        try:
            return await client.send(self._built(client, request))
        except httpx.TransportError as error:
            raise _lost(error) from error

    def _read(self, request: Request, status: int, content: bytes, headers: Mapping[str, str]) -> Any:
        body: Any = content.decode(errors="replace") or None
        if body is not None and "json" in headers.get("content-type", ""):
            body = msgspec.json.decode(content)
        if status == 503:
            raise self.unavailable(None, body)
        if status >= 300:
            raise error_of(status, body, f"{request} of {self.base_url}")
        return body

    def unavailable(self, error: Exception | None, told: Any = None) -> RemoteServerUnavailableError:
        """What to raise when the service does not answer."""
        reason = told.get("detail") if isinstance(told, dict) else str(error or "") or "it is busy"
        text = f"The AgentOS at {self.base_url} cannot be reached: {reason}"
        return RemoteServerUnavailableError(text, self.base_url, error)

    # Streams ---------------------------------------------------------------------------------------------------------

    def lines(self, request: Request) -> Iterator[str]:
        """The lines of a stream. Raises `Lost` where it breaks off."""
        client = self._sync_client()
        try:
            response = client.send(self._built(client, request), stream=True)
            try:
                if response.status_code >= 300:
                    self._read(request, response.status_code, response.read(), response.headers)
                yield from response.iter_lines()
            finally:
                response.close()
        except httpx.TransportError as error:
            raise _lost(error) from error

    async def alines(self, request: Request) -> AsyncGenerator[str, None]:
        """`lines` for asyncio."""
        client = self._clients.get(self._new_async_client)
        try:
            response = await client.send(self._built(client, request), stream=True)
            try:
                if response.status_code >= 300:
                    self._read(request, response.status_code, await response.aread(), response.headers)
                lines = response.aiter_lines()  # ends with the response, which is closed below
                async for line in lines:
                    yield line
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            raise _lost(error) from error

    # Clients ---------------------------------------------------------------------------------------------------------

    def _built(self, client: Any, request: Request) -> httpx.Request:
        given = self._headers() if callable(self._headers) else self._headers
        headers = {**(given or {}), **request.headers}
        if self._api_key is not None:
            headers["Authorization"] = f"Bearer {self._api_key}"
        query = {name: _text(value) for name, value in request.query.items() if value is not None}
        options: dict[str, Any] = {"params": query, "headers": headers}
        if request.form is not None:
            options |= {"data": dict(request.form), "files": list(request.files) or None}
        elif request.json is not None:
            options["content"] = msgspec.json.encode(request.json, enc_hook=str)
            headers["Content-Type"] = "application/json"
        built: httpx.Request = client.build_request(request.method, f"{self.base_url}{request.path}", **options)
        return built

    def _sync_client(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(timeout=self.timeout)
            return self._client

    def _new_async_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=self.timeout)

    async def close(self, io: IO) -> None:
        """Close what is open on this side."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
        if io.is_async and (mine := self._clients.pop()) is not None:
            await mine.aclose()


def _lost(error: Exception) -> Lost:
    return Lost(error, sent=not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)))


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return value


def quoted(value: str) -> str:
    """A part of a path."""
    return "".join(one if (one.isalnum() and one.isascii()) or one in "-_.~" else _percent(one) for one in value)


def _percent(one: str) -> str:
    return "".join(f"%{byte:02X}" for byte in one.encode())


__all__ = ["Connection", "Headers", "Lost", "Request", "Tries", "quoted"]
