"""The REST interface of a LightRAG server, as far as we ask it, without the model that makes a graph."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from vectordb.servers.rest import Refused, RestServer


class LightRagServer(RestServer):
    """`slow` is how many looks see a document in work before it is done; `busy` how many deletions are put off."""

    def __init__(self, key: str | None = None) -> None:
        self.key, self.slow, self.busy, self.is_old = key, 0, 0, False
        self.documents: dict[str, dict[str, Any]] = {}
        super().__init__()

    def answer(self, method: str, path: str, body: bytes, headers: Any) -> Any:
        if self.key is not None and headers["X-API-KEY"] != self.key:
            raise Refused(403, {"detail": "Invalid API Key"})
        if path == "/documents/upload":
            name, content = _uploaded(body)
            return self._taken(name, content)
        asked = json.loads(body) if body else {}
        _, area, name, *rest = (*path.split("/"), "", "")
        if area == "query" and self.is_old:
            raise Refused(404, {"detail": "Not Found"})
        return getattr(self, f"_{method.lower()}_{area}_{name}".rstrip("_"))(asked, *rest)

    def _get_documents_pipeline_status(self, asked: Any, *rest: str) -> Any:
        return {"busy": False}

    def _post_documents_text(self, asked: Any, *rest: str) -> Any:
        if not asked["text"].strip():
            raise Refused(422, {"detail": [{"msg": "text cannot be empty"}]})
        return self._taken(asked["file_source"], asked["text"].strip())

    def _taken(self, file: str, text: str) -> Any:
        if any(one["file_path"] == file for one in self.documents.values()):
            raise Refused(409, {"detail": f"Document storage already contains '{file}'"})
        id = "doc-" + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        is_double = id in self.documents or "poison" in text
        one = {"id": id, "file_path": file, "text": text, "left": self.slow, "is_failed": is_double}
        if id in self.documents:
            id = one["id"] = f"dup-{len(self.documents)}"
        self.documents[id] = one
        return {"status": "success", "message": "", "track_id": f"track-{id}"}

    def _get_documents_track_status(self, asked: Any, track: str, *rest: str) -> Any:
        one = self.documents[track.removeprefix("track-")]
        shown = {**_shown(one), "error_msg": "Content already exists" if one["is_failed"] else None}
        one["left"] = max(0, one["left"] - 1)
        return {"track_id": track, "documents": [shown], "total_count": 1, "status_summary": {}}

    def _post_documents_paginated(self, asked: Any, *rest: str) -> Any:
        assert 10 <= asked["page_size"] <= 200
        rows = sorted(self.documents.values(), key=lambda one: one["id"])
        start, end = (asked["page"] - 1) * asked["page_size"], asked["page"] * asked["page_size"]
        return {"documents": [_shown(one) for one in rows[start:end]], "pagination": {"has_next": end < len(rows)}}

    def _delete_documents_delete_document(self, asked: Any, *rest: str) -> Any:
        if self.busy:
            self.busy -= 1
            return {"status": "busy", "message": "", "doc_id": ""}
        for id in asked["doc_ids"]:
            del self.documents[id]
        return {"status": "deletion_started", "message": "", "doc_id": ""}

    def _delete_documents(self, asked: Any, *rest: str) -> Any:
        self.documents.clear()
        return {"status": "success", "message": ""}

    def _post_query_data(self, asked: Any, *rest: str) -> Any:
        if len(asked["query"].strip()) < 3:
            raise Refused(400, {"message": "query is too short"})
        wanted = set(re.findall(r"\w+", asked["query"].lower()))
        done = [one for one in self.documents.values() if not one["left"] and not one["is_failed"]]
        scored = [(len(wanted.intersection(re.findall(r"\w+", one["text"].lower()))), one) for one in done]
        best = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])[: asked["chunk_top_k"]]
        chunks = [
            {
                "content": one["text"],
                "file_path": one["file_path"],
                "chunk_id": f"{one['id']}-chunk-000",
                "reference_id": str(n),
            }
            for n, (_, one) in enumerate(best, 1)
        ]
        data = {"entities": [], "relationships": [], "chunks": chunks, "references": []} if chunks else {}
        return {"status": "success" if chunks else "failure", "message": "", "data": data, "metadata": {}}


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    status = "processing" if one["left"] else "failed" if one["is_failed"] else "processed"
    return {"id": one["id"], "file_path": one["file_path"], "status": status}


def _uploaded(body: bytes) -> tuple[str, str]:
    found = re.search(rb'filename="([^"]*)".*?\r\n\r\n(.*)\r\n--', body, re.DOTALL)
    assert found
    return found[1].decode(), found[2].decode()
