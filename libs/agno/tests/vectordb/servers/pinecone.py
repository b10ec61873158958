"""The REST interface of Pinecone, indexes and vectors, as far as its client asks it, on the loopback."""

from __future__ import annotations

import json
import math
import operator
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_COMPARE = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class PineconeServer:
    """One server is all indexes. The data of an index is below a path of its name, which is a part of its host."""

    def __init__(self) -> None:
        self.indexes: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                status = 200
                try:
                    with owner._lock:
                        if self.headers["Api-Key"] != "secret":
                            raise Refused(401, "Invalid API Key")
                        answer: Any = owner.answer(self.command, self.path, json.loads(body) if body else None)
                except Refused as error:
                    status, answer = (
                        error.status,
                        {"status": error.status, "error": {"code": "X", "message": str(error)}},
                    )
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = _answer

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, body: Any) -> Any:
        parts = path.strip("/").split("/")
        if parts[0] == "data":
            return getattr(self, "_" + parts[-1])(self._known(parts[1]), body)
        if method == "POST":
            if body["name"] in self.indexes:
                raise Refused(409, "Resource already exists")
            self.indexes[body["name"]] = {"made": body, "namespaces": {}}
            return self._described(body["name"])
        self._known(parts[1])
        if method == "DELETE":
            del self.indexes[parts[1]]
            return {}
        return self._described(parts[1])

    def _known(self, name: str) -> Any:
        if name not in self.indexes:
            raise Refused(404, f"Resource {name} not found")
        return self.indexes[name]

    def _described(self, name: str) -> Any:
        status = {"ready": True, "state": "Ready"}
        place = {"host": f"{self.url}/data/{name}", "status": status, "deletion_protection": "disabled"}
        return {**self.indexes[name]["made"], **place}

    def _upsert(self, index: Any, body: Any) -> Any:
        fields = index["made"]["schema"]["fields"]["_values"]
        rows = index["namespaces"].setdefault(body.get("namespace", ""), {})
        for vector in body["vectors"]:
            if len(vector["values"]) != fields["dimension"]:
                raise Refused(400, "Vector dimension does not match the dimension of the index")
            if len(json.dumps(vector["metadata"])) > 40_960:
                raise Refused(400, "metadata size exceeds the limit of 40960 bytes per vector")
            assert None not in vector["metadata"].values()
            rows[vector["id"]] = vector
        return {"upsertedCount": len(body["vectors"])}

    def _delete(self, index: Any, body: Any) -> Any:
        if body.get("namespace", "") not in index["namespaces"]:
            raise Refused(404, "Namespace not found")
        rows = index["namespaces"][body.get("namespace", "")]
        if body.get("deleteAll"):
            del index["namespaces"][body.get("namespace", "")]
        else:
            for id in [id for id, row in rows.items() if _fits(body["filter"], row["metadata"])]:
                del rows[id]
        return {}

    def _fetch_by_metadata(self, index: Any, body: Any) -> Any:
        rows = index["namespaces"].get(body.get("namespace", ""), {})
        found = [row for row in rows.values() if _fits(body["filter"], row["metadata"])]
        start = int(body.get("paginationToken") or 0)
        end = start + body["limit"]
        page = {"vectors": {row["id"]: row for row in found[start:end]}, "namespace": body.get("namespace", "")}
        return {**page, "pagination": {"next": str(end)}} if end < len(found) else page

    def _query(self, index: Any, body: Any) -> Any:
        assert 1 <= body["topK"] <= 10_000
        metric = index["made"]["schema"]["fields"]["_values"]["metric"]
        rows = index["namespaces"].get(body.get("namespace", ""), {}).values()
        fitting = [row for row in rows if "filter" not in body or _fits(body["filter"], row["metadata"])]
        scored = [{**row, "score": _score(metric, body, row)} for row in fitting]
        scored.sort(key=lambda row: row["score"] if metric == "euclidean" else -row["score"])
        return {"matches": scored[: body["topK"]], "namespace": body.get("namespace", "")}


def _score(metric: str, asked: Any, row: Any) -> float:
    a, b = asked["vector"], row["values"]
    if metric == "euclidean":
        return math.dist(a, b) ** 2
    product = sum(x * y for x, y in zip(a, b, strict=True))
    if metric == "cosine":
        return product / (math.hypot(*a) * math.hypot(*b) or 1)
    if words := asked.get("sparseVector"):
        own = dict(zip(row["sparseValues"]["indices"], row["sparseValues"]["values"], strict=True))
        product += sum(own.get(i, 0.0) * x for i, x in zip(words["indices"], words["values"], strict=True))
    return product


def _fits(condition: Any, metadata: Any) -> bool:
    ((key, asked),) = condition.items()
    if key in ("$and", "$or"):
        assert asked, f"{key} needs conditions"
        return (all if key == "$and" else any)([_fits(one, metadata) for one in asked])
    ((op, value),) = asked.items()
    kept = metadata.get(key)
    if op in ("$in", "$nin"):
        assert value, f"{op} needs values"
        return bool(set(value).intersection(kept if isinstance(kept, list) else [kept])) is (op == "$in")
    return kept is not None and _COMPARE[op](kept, value)
