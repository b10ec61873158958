"""DynamoDB by moto, over HTTP on the loopback: the true client talks to it."""

from __future__ import annotations

import logging
import threading
from typing import Any

import boto3
import botocore.config
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


class DynamoServer:
    """Answers one request at a time, since moto keeps its items without a lock."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._turn = threading.Lock()
        self.requests: list[tuple[str, int]] = []  # verb, bytes
        self.port = 0
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = make_server("127.0.0.1", self.port, self._answer, threaded=True)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

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
        from moto.backends import get_backend

        with self._turn:
            get_backend("dynamodb").reset()
        self.requests.clear()
