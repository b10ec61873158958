"""A real HTTP server on the loopback interface, in a thread: what the scripted server and the recorder stand on."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from typing_extensions import Self

_silent = logging.getLogger("agno.testing.http")  # a cut connection is no news here
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


class HttpCall:
    """One request and the means to answer it, byte by byte."""

    def __init__(self, scope: Mapping[str, Any], body: bytes, send: Callable[[Any], Awaitable[None]]) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query_text: str = scope["query_string"].decode("ascii")
        self.query = dict(parse_qsl(self.query_text, keep_blank_values=True))
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.body = body
        self.connection: int = (scope.get("client") or ("", 0))[1]
        self.gone = asyncio.Event()  # the client left before the answer was complete
        self._send = send
        self._transport: asyncio.Transport = scope["state"]["transport"]
        self._complete = False

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers."""
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, content: bytes) -> bool:
        """Send a piece of the body; False if the client has gone."""
        if not self.gone.is_set():
            await self._send({"type": "http.response.body", "body": content, "more_body": True})
            await asyncio.sleep(0)  # lets the server notice that the client has gone
        return not self.gone.is_set()

    async def end(self, content: bytes = b"") -> None:
        """Send the last piece of the body."""
        self._complete = True
        await self._send({"type": "http.response.body", "body": content, "more_body": False})

    async def whole(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        """Send a complete answer."""
        await self.begin(status, {**headers, "content-length": str(len(content))})
        await self.end(content)

    async def cut(self) -> None:
        """Close the connection, however far the answer is."""
        self._complete = True
        self._transport.close()
        await asyncio.sleep(0.01)  # the server must see the closed connection before this call returns

    async def watch(self, receive: Callable[[], Awaitable[Any]]) -> None:
        """Note when the client leaves."""
        while (await receive())["type"] != "http.disconnect":
            pass
        if not self._complete:
            self.gone.set()


class LoopbackServer(ABC):
    """Runs for the time of a `with` block, on a free port of the loopback interface."""

    def __init__(self) -> None:
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self._port = 0

    @abstractmethod
    async def answer(self, call: HttpCall) -> None:
        """Answer a request."""

    @property
    def url(self) -> str:
        """Where the server listens, without a slash at the end."""
        if not self._port:
            raise RuntimeError(f"{type(self).__name__} has no address yet: use it in a with block, or call start().")
        return f"http://127.0.0.1:{self._port}"

    @property
    def openai_url(self) -> str:
        """`base_url` for OpenAI's SDK and those that speak its protocols."""
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        """`base_url` for Anthropic's SDK."""
        return self.url

    @property
    def gemini_url(self) -> str:
        """`http_options={"base_url": ...}` for Google's SDK."""
        return self.url

    @property
    def ollama_url(self) -> str:
        """`host` for Ollama's SDK."""
        return self.url

    def start(self) -> Self:
        """Begin to listen. Does nothing if it does already."""
        if self._thread is not None:
            return self
        uvicorn, protocol, server = _load_uvicorn(type(self).__name__)
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            self._app,
            interface="asgi3",
            http=protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            timeout_keep_alive=60,
        )
        self._server = server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True, name="agno-testing")
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError(f"{type(self).__name__} could not start to listen on the loopback interface.")
            time.sleep(0.001)
        self._port = listener.getsockname()[1]
        return self

    def stop(self) -> None:
        """Close all connections and end."""
        if self._thread is not None:
            self._server.tell_to_end()
            self._thread.join(10)
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        if kind is None:
            self.assert_done()

    def assert_done(self) -> None:  # noqa: B027  # a server without a script is always done
        """Fail if something is left, or something unexpected was asked."""

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        call = HttpCall(scope, body, send)
        watcher = asyncio.ensure_future(call.watch(receive))
        try:
            await self.answer(call)
        finally:
            watcher.cancel()


def _load_uvicorn(user: str) -> tuple[Any, type[Any], type[Any]]:
    try:
        uvicorn = import_module("uvicorn")
        h11_protocol: Any = import_module("uvicorn.protocols.http.h11_impl").H11Protocol
    except ImportError as error:
        raise ImportError(f"{user} needs the package 'uvicorn': pip install 'agno[testing]'") from error

    class Protocol(h11_protocol):  # type: ignore[misc]  # uvicorn is optional
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self.logger, self.access_log = _silent, False
            self.app_state = {"transport": transport}  # so that an answer can cut the connection

    class Server(uvicorn.Server):  # type: ignore[misc, name-defined]  # uvicorn is optional
        """Ends at once: uvicorn's own looks every 0.1 s whether it should, and then waits 0.1 s for its clients."""

        async def startup(self, sockets: Any = None) -> None:
            self.loop, self.told = asyncio.get_running_loop(), asyncio.Event()
            await super().startup(sockets=sockets)

        def tell_to_end(self) -> None:
            """From any thread."""
            self.should_exit = self.force_exit = True
            if not self.loop.is_closed():
                self.loop.call_soon_threadsafe(self.told.set)

        async def main_loop(self) -> None:
            while not await self.on_tick(0):  # keeps the date of the headers
                await asyncio.wait([told := asyncio.ensure_future(self.told.wait())], timeout=1)
                told.cancel()

        async def shutdown(self, sockets: Any = None) -> None:
            for listener in [*self.servers, *(sockets or ())]:
                listener.close()
            for connection in list(self.server_state.connections):
                connection.transport.close()
            if tasks := list(self.server_state.tasks):
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            await asyncio.sleep(0)  # the connections take note that they are closed

    return uvicorn, Protocol, Server


__all__ = ["HttpCall", "LoopbackServer"]
