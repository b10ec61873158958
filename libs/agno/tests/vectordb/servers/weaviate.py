"""Weaviate's REST interface for its schema, and its gRPC for objects and searches, on the loopback.

As strict as Weaviate where it matters: a property that a collection does not have cannot be asked for, `NotEqual` is everything
but what is equal, also of lists, an offset ends and a deletion stops at 10,000 objects.
"""

from __future__ import annotations

import json
import math
import re
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from weaviate.proto.v1 import base_pb2, batch_delete_pb2, batch_pb2, search_get_pb2, weaviate_pb2_grpc

from vectordb.servers.rest import Refused, RestServer

_MOST = 10_000
_OPERATOR = base_pb2.Filters.Operator
_COMPARE = {
    "OPERATOR_GREATER_THAN": lambda a, b: a > b,
    "OPERATOR_GREATER_THAN_EQUAL": lambda a, b: a >= b,
    "OPERATOR_LESS_THAN": lambda a, b: a < b,
    "OPERATOR_LESS_THAN_EQUAL": lambda a, b: a <= b,
}


class WeaviateServer(RestServer):
    """`url` is the REST side, `grpc_port` the other one."""

    def __init__(self) -> None:
        self.classes: dict[str, dict[str, Any]] = {}
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        super().__init__()
        self._grpc = grpc.server(ThreadPoolExecutor(8))
        weaviate_pb2_grpc.add_WeaviateServicer_to_server(_Service(self), self._grpc)
        self.grpc_port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()

    def stop(self) -> None:
        self._grpc.stop(0)
        super().stop()

    def answer(self, method: str, path: str, body: bytes, headers: Any) -> Any:
        asked = json.loads(body) if body else {}
        _, _, area, name, *rest = (*path.split("/"), "")
        if area == "meta":
            return {"version": "1.32.0", "hostname": self.url, "modules": {}}
        if area != "schema":
            raise Refused(404)
        if method == "POST":
            return self._property(name, asked) if rest == ["properties", ""] else self._create(asked)
        if name not in self.classes and method == "GET":
            raise Refused(404)
        if method == "DELETE":
            self.objects.pop(name, None)
            self.classes.pop(name, None)
            return None
        return self.classes[name]

    def _create(self, asked: dict[str, Any]) -> Any:
        name = asked["class"]
        if name in self.classes:
            raise Refused(422, {"error": [{"message": f"class name {name} already exists"}]})
        assert re.fullmatch(r"[A-Z][_0-9A-Za-z]*", name) and asked["vectorizer"] == "none"
        self.objects[name] = {}
        self.classes[name] = {**_DEFAULTS, **asked, "vectorIndexConfig": {**_HNSW, **asked["vectorIndexConfig"]}}
        return self.classes[name]

    def _property(self, name: str, asked: dict[str, Any]) -> Any:
        known = self.classes[name]["properties"]
        if any(one["name"] == asked["name"] for one in known):
            raise Refused(422, {"error": [{"message": f"class {name}: conflict for property: already in use"}]})
        assert re.fullmatch(r"[_A-Za-z][_0-9A-Za-z]{0,230}", asked["name"])
        known.append({"indexFilterable": True, "indexSearchable": False, **asked})
        return asked


class _Service(weaviate_pb2_grpc.WeaviateServicer):
    def __init__(self, owner: WeaviateServer) -> None:
        self.owner = owner

    def BatchObjects(self, request: Any, context: Any) -> Any:
        with self.owner.lock:
            for one in request.objects:
                properties = dict(one.properties.non_ref_properties.items())
                properties |= {array.prop_name: list(array.values) for array in one.properties.text_array_properties}
                self._check(one.collection, properties, context)
                vector = one.vector_bytes or one.vectors[0].vector_bytes
                kept = {"uuid": one.uuid, "properties": properties, "vector": _floats(vector), "bytes": vector}
                self.owner.objects[one.collection][one.uuid] = kept
        return batch_pb2.BatchObjectsReply(took=0.0)

    def BatchDelete(self, request: Any, context: Any) -> Any:
        with self.owner.lock:
            fits = self._fits(request.collection, request.filters, context)
            rows = self.owner.objects[request.collection]
            gone = [uuid for uuid, one in rows.items() if fits(one["properties"])]
            for uuid in gone[:_MOST]:
                del rows[uuid]
        count = len(gone[:_MOST])
        return batch_delete_pb2.BatchDeleteReply(took=0.0, matches=len(gone), successful=count, failed=0)

    def Search(self, request: Any, context: Any) -> Any:
        with self.owner.lock:
            if request.collection not in self.owner.classes:
                context.abort(grpc.StatusCode.UNKNOWN, f"could not find class {request.collection} in schema")
            if request.offset + request.limit > _MOST:
                context.abort(grpc.StatusCode.UNKNOWN, "query maximum results exceeded")
            fits = self._fits(request.collection, request.filters, context)
            rows = [one for one in self.owner.objects[request.collection].values() if fits(one["properties"])]
            scored = self._scored(request, rows)
        results = [_result(request, one, score) for one, score in scored[: request.limit]]
        return search_get_pb2.SearchReply(took=0.0, results=results)

    def _scored(self, request: Any, rows: list[Any]) -> list[tuple[Any, float]]:
        metric = self.owner.classes[request.collection]["vectorIndexConfig"]["distance"]
        if request.HasField("near_vector"):
            distance = _distances(metric, _vector(request.near_vector))
            return sorted(((one, distance(one["vector"])) for one in rows), key=lambda pair: pair[1])
        if request.HasField("bm25_search"):
            return _worded(request.bm25_search.query, rows)
        if request.HasField("hybrid_search"):
            asked = request.hybrid_search
            distance = _distances(metric, _vector(asked))
            near = sorted(((one, -distance(one["vector"])) for one in rows), key=lambda pair: -pair[1])
            scores: dict[str, float] = {}
            for weight, ranking in ((asked.alpha, near), (1 - asked.alpha, _worded(asked.query, rows))):
                for place, (one, _) in enumerate(ranking, 1):
                    scores[one["uuid"]] = scores.get(one["uuid"], 0.0) + weight / (60 + place)
            found = {one["uuid"]: one for one in rows}
            return [(found[uuid], scores[uuid]) for uuid in sorted(scores, key=lambda uuid: -scores[uuid])]
        if request.sort_by:
            (path,) = request.sort_by[0].path
            rows = sorted(rows, key=lambda one: one["properties"][path])
        return [(one, 0.0) for one in rows]

    # Filters ---------------------------------------------------------------------------------------------------------

    def _check(self, collection: str, names: Any, context: Any) -> None:
        known = {one["name"] for one in self.owner.classes[collection]["properties"]}
        for name in names:
            if name not in known:
                context.abort(grpc.StatusCode.UNKNOWN, f"no such prop with name '{name}' found in class '{collection}'")

    def _fits(self, collection: str, filters: Any, context: Any) -> Any:
        operator = _OPERATOR.Name(filters.operator)
        if operator == "OPERATOR_UNSPECIFIED":
            return lambda row: True
        if operator in ("OPERATOR_AND", "OPERATOR_OR"):
            parts = [self._fits(collection, one, context) for one in filters.filters]
            assert parts
            whole = all if operator == "OPERATOR_AND" else any
            return lambda row: whole(part(row) for part in parts)
        name = filters.target.property
        self._check(collection, [name], context)
        if operator == "OPERATOR_CONTAINS_ANY":
            wanted = set(filters.value_text_array.values)
            return lambda row: bool(wanted.intersection(_list(row.get(name))))
        if operator in ("OPERATOR_EQUAL", "OPERATOR_NOT_EQUAL"):
            is_wanted = operator == "OPERATOR_EQUAL"
            return lambda row: (filters.value_text in _list(row.get(name))) is is_wanted
        compare = _COMPARE[operator]
        value = filters.value_text if filters.HasField("value_text") else filters.value_number
        return lambda row: row.get(name) is not None and compare(row[name], value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _result(request: Any, one: Any, score: float) -> Any:
    kept, metadata = one["properties"], search_get_pb2.MetadataResult(id=one["uuid"])
    metadata.id_as_bytes = bytes.fromhex(one["uuid"].replace("-", ""))
    if request.metadata.vector:
        metadata.vector_bytes = one["bytes"]
    if request.metadata.distance:
        metadata.distance, metadata.distance_present = score, True
    if request.metadata.score:
        metadata.score, metadata.score_present = score, True
    found = search_get_pb2.SearchResult(metadata=metadata)
    for name in request.properties.non_ref_properties:
        if kept.get(name) is not None:
            found.properties.non_ref_props.fields[name].text_value = kept[name]
    return found


def _vector(asked: Any) -> tuple[float, ...]:
    found = asked.vector_bytes or (asked.vectors[0].vector_bytes if asked.vectors else b"")
    return _floats(found or asked.near_vector.vector_bytes or asked.near_vector.vectors[0].vector_bytes)


def _floats(value: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(value) // 4}f", value)


def _distances(metric: str, query: tuple[float, ...]) -> Any:
    def dot(other: tuple[float, ...]) -> float:
        return sum(a * b for a, b in zip(query, other, strict=True))

    return {
        "cosine": lambda other: 1 - dot(other) / (math.hypot(*query) * math.hypot(*other) or 1),
        "dot": lambda other: -dot(other),
        "l2-squared": lambda other: math.dist(query, other) ** 2,
        "manhattan": lambda other: sum(abs(a - b) for a, b in zip(query, other, strict=True)),
        "hamming": lambda other: float(sum(a != b for a, b in zip(query, other, strict=True))),
    }[metric]


def _worded(query: str, rows: list[Any]) -> list[tuple[Any, float]]:
    words = set(re.findall(r"\w+", query.lower()))
    scored = [
        (one, float(sum(w in words for w in re.findall(r"\w+", one["properties"]["content"].lower())))) for one in rows
    ]
    return sorted((pair for pair in scored if pair[1]), key=lambda pair: -pair[1])


_HNSW = {
    "cleanupIntervalSeconds": 300, "distance": "cosine", "dynamicEfFactor": 8, "dynamicEfMax": 500, "dynamicEfMin": 100,
    "ef": -1, "efConstruction": 128, "flatSearchCutoff": 40000, "maxConnections": 32, "skip": False,
    "vectorCacheMaxObjects": 1e12, "threshold": 10000, "hnsw": {}, "flat": {},
}  # fmt: skip
_DEFAULTS = {
    "invertedIndexConfig": {
        "bm25": {"b": 0.75, "k1": 1.2},
        "cleanupIntervalSeconds": 60,
        "stopwords": {"preset": "en", "additions": None, "removals": None},
    },
    "replicationConfig": {"factor": 1},
    "shardingConfig": {
        "virtualPerPhysical": 128, "desiredCount": 1, "actualCount": 1, "desiredVirtualCount": 128,
        "actualVirtualCount": 128, "key": "_id", "strategy": "hash", "function": "murmur3",
    },
}  # fmt: skip
