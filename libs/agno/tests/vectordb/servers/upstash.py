"""The REST interface of Upstash Vector, as far as its client asks it, on the loopback."""

from __future__ import annotations

import json
import math
import operator
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_TOKENS = re.compile(r"\(|\)|,|'[^']*'|[<>]=?|[\w.+-]+")
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class UpstashServer:
    """Namespaces of rows by id. The measure is the cosine."""

    def __init__(self) -> None:
        self.namespaces: dict[str, dict[str, dict[str, Any]]] = {"": {}}
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                if self.headers["Authorization"] != "Bearer secret":
                    answer: Any = {"error": "Unauthorized: Invalid auth token", "status": 401}
                else:
                    with owner._lock:
                        answer = owner.answer(self.path, json.loads(body) if body else None)
                text = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, body: Any) -> dict[str, Any]:
        _, name, namespace = (*path.split("/", 2), "")[:3]
        try:
            return {"result": getattr(self, f"_{name.replace('-', '_')}")(namespace, body)}
        except ValueError as error:
            return {"error": str(error), "status": 400}

    def _info(self, namespace: str, body: Any) -> Any:
        counts = {name: {"vectorCount": len(rows), "pendingVectorCount": 0} for name, rows in self.namespaces.items()}
        numbers = {"vectorCount": 0, "pendingVectorCount": 0, "indexSize": 0, "dimension": 0}
        return {**numbers, "similarityFunction": "COSINE", "namespaces": counts}

    def _upsert(self, namespace: str, body: Any) -> str:
        rows = self.namespaces.setdefault(namespace, {})
        rows.update({row["id"]: row for row in body})
        return "Success"

    def _delete(self, namespace: str, body: Any) -> Any:
        rows = self.namespaces.get(namespace, {})
        ids = body["ids"] if "ids" in body else [id for id, row in rows.items() if _fits(body["filter"], row)]
        return {"deleted": sum(rows.pop(id, None) is not None for id in ids)}

    def _reset(self, namespace: str, body: Any) -> str:
        self.namespaces[namespace] = {}
        return "Success"

    def _delete_namespace(self, namespace: str, body: Any) -> str:
        if self.namespaces.pop(namespace, None) is None:
            raise ValueError(f"Namespace {namespace} for the index doesn't exist")
        return "Success"

    def _fetch(self, namespace: str, body: Any) -> Any:
        return [self.namespaces.get(namespace, {}).get(id) for id in body["ids"]]

    def _range(self, namespace: str, body: Any) -> Any:
        rows, start = list(self.namespaces.get(namespace, {}).values()), int(body["cursor"] or 0)
        end = start + body["limit"]
        return {"nextCursor": str(end) if end < len(rows) else "", "vectors": rows[start:end]}

    def _query(self, namespace: str, body: Any) -> Any:
        if not 1 <= body["topK"] <= 1000:
            raise ValueError("topK must be between 1 and 1000")
        rows = [row for row in self.namespaces.get(namespace, {}).values() if _fits(body.get("filter"), row)]
        scored = [{**row, "score": (1 + _cosine(body["vector"], row["vector"])) / 2} for row in rows]
        return sorted(scored, key=lambda row: -row["score"])[: body["topK"]]


def _cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b) or 1)


def _fits(text: str | None, row: dict[str, Any]) -> bool:
    if not text:
        return True
    left = _TOKENS.sub("", text).strip()
    if left:
        raise ValueError(f"Invalid filter: {left}")
    tokens = _TOKENS.findall(text)
    fits = _either(tokens, row["metadata"])
    if tokens:
        raise ValueError(f"Invalid filter: {tokens}")
    return fits


def _either(tokens: list[str], metadata: Any) -> bool:
    fits = _every(tokens, metadata)
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        fits = _every(tokens, metadata) or fits
    return fits


def _every(tokens: list[str], metadata: Any) -> bool:
    fits = _one(tokens, metadata)
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        fits = _one(tokens, metadata) and fits
    return fits


def _one(tokens: list[str], metadata: Any) -> bool:
    name = tokens.pop(0)
    if name == "(":
        fits = _either(tokens, metadata)
        assert tokens.pop(0) == ")"
        return fits
    value = metadata
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    op = tokens.pop(0)
    wanted = op != "NOT"
    op = op if wanted else tokens.pop(0)
    if op == "CONTAINS":
        return (tokens.pop(0)[1:-1] in (value or ())) is wanted
    if op == "IN":
        assert tokens.pop(0) == "("
        values = []
        while (token := tokens.pop(0)) != ")":
            values += [token[1:-1]] if token != "," else []
        return (value in values) is wanted
    number = float(tokens.pop(0))
    return value is not None and _COMPARE[op](value, number)
