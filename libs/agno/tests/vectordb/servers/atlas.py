"""The search of MongoDB Atlas and of Cosmos DB, beside our server of MongoDB's wire protocol. As strict as they are."""

from __future__ import annotations

import math
import re
from typing import Any

from db.servers.mongo import MongoServer, _batch, _failure

_METRICS = {"cosine": "cosine", "euclidean": "l2", "dotProduct": "dot", "COS": "cosine", "L2": "l2", "IP": "dot"}


class AtlasServer(MongoServer):
    """Search indexes, `$vectorSearch`, `$search`, and `$search` of Cosmos DB."""

    def __init__(self, **options: Any) -> None:
        self.indexes: dict[str, dict[str, dict[str, Any]]] = {}
        super().__init__(**options)

    def _listCollections(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        wanted = command.get("filter", {}).get("name")
        names = [name for name in database.list_collection_names() if wanted in (None, name)]
        return _batch(command, "$cmd.listCollections", [{"name": name, "type": "collection"} for name in names])

    def _create(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        if command["create"] in database.list_collection_names():
            raise _failure(48, "Collection already exists.")
        database.create_collection(command["create"])
        return {}

    def _drop(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        database.drop_collection(command["drop"])
        self.indexes.pop(command["drop"], None)
        return {}

    def _createSearchIndexes(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        for index in command["indexes"]:
            self.indexes.setdefault(command["createSearchIndexes"], {})[index["name"]] = index
        return {"indexesCreated": []}

    def _createIndexes(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        cosmos = [index for index in command["indexes"] if "cosmosSearchOptions" in index]
        if not cosmos:
            return super()._createIndexes(database, command)
        self.indexes.setdefault(command["createIndexes"], {}).update({index["name"]: index for index in cosmos})
        return {}

    def _aggregate(self, database: Any, command: dict[str, Any]) -> dict[str, Any]:
        name, (first, *rest) = command["aggregate"], command["pipeline"]
        known = self.indexes.get(name, {})
        if "$listSearchIndexes" in first:
            return _batch(command, name, [{"name": one, "queryable": True} for one in known])
        if "$vectorSearch" in first:
            scored = self._near(database[name], first["$vectorSearch"], known)
        elif "$search" in first:
            scored = self._searched(database[name], first["$search"], known)
        else:
            return super()._aggregate(database, command)
        for stage in rest:
            scored = _staged(database, stage, scored)
        return _batch(command, name, [document for document, _ in scored])

    def _near(self, rows: Any, asked: dict[str, Any], known: dict[str, Any]) -> list[Any]:
        index = known.get(asked["index"])
        if index is None:
            return []  # so does Atlas
        fields = {field["path"]: field for field in index["definition"]["fields"]}
        assert asked["limit"] <= asked["numCandidates"] <= 10_000
        for path in _paths(asked["filter"]):
            if path not in fields:
                raise _failure(8, f"Path '{path}' needs to be indexed as token")
        vector = fields[asked["path"]]
        assert len(asked["queryVector"]) == vector["numDimensions"]
        score = _scores(_METRICS[vector["similarity"]], asked["queryVector"])
        return _best(rows.find(asked["filter"]), lambda one: score(one["embedding"]), asked["limit"])

    def _searched(self, rows: Any, asked: dict[str, Any], known: dict[str, Any]) -> list[Any]:
        if "cosmosSearch" in asked:
            asked = asked["cosmosSearch"]
            (index,) = known.values()
            score = _scores(_METRICS[index["cosmosSearchOptions"]["similarity"]], asked["vector"])
            return _best(rows.find(asked["filter"]), lambda one: score(one["embedding"]), asked["k"])
        if asked["index"] not in known:
            return []
        words = set(re.findall(r"\w+", asked["text"]["query"].lower()))
        texts = ((one, len(words.intersection(re.findall(r"\w+", one["content"].lower())))) for one in rows.find())
        return sorted((pair for pair in texts if pair[1]), key=lambda pair: -pair[1])


def _staged(database: Any, stage: dict[str, Any], scored: list[Any]) -> list[Any]:
    ((op, value),) = stage.items()
    if op == "$limit":
        return scored[:value]
    if op == "$addFields":
        assert value == {"score": {"$meta": value["score"]["$meta"]}}
        return [({**document, "score": score}, score) for document, score in scored]
    assert op == "$match"
    passing = database["passing by"]
    passing.delete_many({})
    if scored:
        passing.insert_many([document for document, _ in scored])
    kept = {document["_id"] for document in passing.find(value)}
    database.drop_collection("passing by")
    return [pair for pair in scored if pair[0]["_id"] in kept]


def _best(rows: Any, score: Any, limit: int) -> list[Any]:
    return sorted(((one, score(one)) for one in rows), key=lambda pair: -pair[1])[:limit]


def _scores(metric: str, query: list[float]) -> Any:
    def dot(other: list[float]) -> float:
        return sum(a * b for a, b in zip(query, other, strict=True))

    if metric == "l2":
        return lambda other: 1 / (1 + math.dist(query, other))
    if metric == "dot":
        return lambda other: (1 + dot(other)) / 2
    return lambda other: (1 + dot(other) / (math.hypot(*query) * math.hypot(*other) or 1)) / 2


def _paths(condition: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    for key, value in condition.items():
        if key in ("$and", "$or"):
            found.update(*map(_paths, value)) if value else None
        else:
            found.add(key)
    return found
