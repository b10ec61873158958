"""DynamoDB by moto, over HTTP on the loopback: the true client talks to it."""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from typing import Any

import boto3
import botocore.config
from moto.backends import get_backend
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class DynamoServer:
    """Answers one request at a time, since moto keeps its items without a lock."""

    def __init__(self) -> None:
        self._app = create_backend_app("dynamodb")  # moto's own server looks for the service of each request anew
        self._turn = threading.Lock()
        self.requests: list[tuple[str, int]] = []  # verb, bytes
        self.used: Any = None  # a database that has found its tables here
        self.port = 0
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._connections: set[socket.socket] = set()
        handler = type("Handler", (_Handler,), {"connections": self._connections})
        self._server = make_server("127.0.0.1", self.port, self._answer, threaded=True, request_handler=handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._connections):
            with suppress(OSError):  # the client closed it
                connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        verb = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        with self._turn:
            self.requests.append((verb, int(environ.get("CONTENT_LENGTH") or 0)))
            return list(self._app(environ, start_response))

    def client(self, **config: Any) -> Any:
        return boto3.client(
            "dynamodb",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=botocore.config.Config(**config) if config else None,
        )

    def clear(self) -> None:
        """Forget everything."""
        with self._turn:
            get_backend("dynamodb").reset()
        self.requests.clear()
        self.used = None

    def empty(self) -> None:
        """Forget all rows, and keep the tables."""
        with self._turn:
            for regions in get_backend("dynamodb").values():
                for table in (table for backend in regions.values() for table in backend.tables.values()):
                    table.items.clear()
        self.requests.clear()


class _Handler(WSGIRequestHandler):
    """Keeps connections, as the product does."""

    connections: set[socket.socket]
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections.add(self.request)

    def finish(self) -> None:
        self.connections.discard(self.request)
        super().finish()
