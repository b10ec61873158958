"""A server of the JSON API of Google Cloud Storage, with versions and preconditions. The true client talks to it."""

from __future__ import annotations

import email
import itertools
import json
import re
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class GcsServer:
    """Has one bucket, named "bucket"."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}  # content and generation by name
        self.requests: list[tuple[str, str]] = []
        self.turn = threading.Lock()
        self.generations = itertools.count(1)
        self.uploads: dict[str, tuple[str, dict[str, str]]] = {}  # those in several steps
        self.connections: set[socket.socket] = set()
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), type("Handler", (_Handler,), {"owner": self}))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self.connections):
            with suppress(OSError):  # the client closed it
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def clear(self) -> None:
        """Forget everything."""
        with self.turn:
            self.objects.clear()
            self.requests.clear()


class _Handler(BaseHTTPRequestHandler):
    owner: GcsServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.owner.connections.add(self.request)

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()}
        found = re.fullmatch(r"(/upload|/download)?/storage/v1/b/([^/]+)(?:/o(?:/(.+))?)?", url.path)
        if found is None or found[2] != "bucket":
            self._answer(404, {"error": {"code": 404, "message": "The specified bucket does not exist."}})
            return
        with self.owner.turn:
            self.owner.requests.append((self.command, unquote(self.path)))
            self._route(found[1], unquote(found[3] or ""), query, body)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _route(self, kind: str | None, name: str, query: dict[str, str], body: bytes) -> None:
        if kind == "/upload":
            self._upload(query, body)
        elif self.command == "DELETE":
            gone = self.owner.objects.pop(name, None)
            self._answer(204 if gone else 404, None if gone else _missing(name))
        elif not name:
            self._list(query)
        elif name not in self.owner.objects:
            self._answer(404, _missing(name))
        elif not self._as_expected(name, query):
            self._answer(412, {"error": {"code": 412, "message": "conditionNotMet"}})
        elif query.get("alt") == "media":
            self._send(200, self.owner.objects[name][0], "application/json")
        else:
            self._answer(200, self._resource(name))

    def _as_expected(self, name: str, query: dict[str, str]) -> bool:
        wanted = query.get("ifGenerationMatch")
        return wanted is None or int(wanted) == self.owner.objects.get(name, (b"", 0))[1]

    def _upload(self, query: dict[str, str], body: bytes) -> None:
        if "upload_id" in query:
            name, query = self.owner.uploads.pop(query["upload_id"])
            self._store(name, query, body)
        elif query["uploadType"] == "resumable":
            number = str(next(self.owner.generations))
            self.owner.uploads[number] = (json.loads(body)["name"], query)
            location = f"{self.owner.url}/upload/storage/v1/b/bucket/o?upload_id={number}"
            self._send(200, b"{}", "application/json", Location=location)
        else:
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            boundary = email.message_from_bytes(head).get_boundary() or ""
            _, metadata, content, _ = body.split(b"--" + boundary.encode())
            name = json.loads(metadata.partition(b"\r\n\r\n")[2])["name"]
            self._store(name, query, content.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n"))

    def _store(self, name: str, query: dict[str, str], content: bytes) -> None:
        if not self._as_expected(name, query):
            self._answer(412, {"error": {"code": 412, "message": "conditionNotMet"}})
            return
        self.owner.objects[name] = (content, next(self.owner.generations))
        self._answer(200, self._resource(name))

    def _list(self, query: dict[str, str]) -> None:
        after, most = query.get("pageToken", ""), int(query.get("maxResults") or 1000)
        names = sorted(n for n in self.owner.objects if n.startswith(query.get("prefix", "")) and n > after)
        answer: dict[str, Any] = {"items": [self._resource(name) for name in names[:most]]}
        if len(names) > most:
            answer["nextPageToken"] = names[most - 1]
        self._answer(200, answer)

    def _resource(self, name: str) -> dict[str, Any]:
        content, generation = self.owner.objects[name]
        return {"name": name, "bucket": "bucket", "generation": str(generation), "size": str(len(content))}

    def _answer(self, status: int, answer: Any) -> None:
        self._send(status, b"" if answer is None else json.dumps(answer).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _missing(name: str) -> dict[str, Any]:
    return {"error": {"code": 404, "message": f"No such object: bucket/{name}"}}
