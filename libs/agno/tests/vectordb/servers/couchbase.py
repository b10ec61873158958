"""A cluster of Couchbase as objects in this process, which do what the SDK's do: its binary protocol is not spoken.

The requests are the SDK's own. Statements of SQL++ and queries of the search are read and carried out, not matched: one that
says something else finds something else.
"""

from __future__ import annotations

import copy
import math
import re
import threading
from types import SimpleNamespace
from typing import Any

from couchbase.exceptions import (
    CollectionAlreadyExistsException,
    CouchbaseException,
    KeyspaceNotFoundException,
    SearchIndexNotFoundException,
)

_STATEMENT = re.compile(
    r"(?P<what>SELECT META\(d\)\.id AS id(?:, d AS document)?|DELETE|UPDATE) ?(?:FROM )?"
    r"`(?P<bucket>[^`]+)`\.`(?P<scope>[^`]+)`\.`(?P<name>[^`]+)` AS d(?: SET (?P<set>.*?))? WHERE (?P<where>.*?)"
    r"(?: LIMIT (?P<limit>\d+))?"
)
_TOKENS = re.compile(
    r"ARRAY_CONTAINS\(d\.(?P<list>\w+), \$(?P<term>\w+)\)"
    r"|IFMISSINGORNULL\(d\.numbers\.`(?P<number>\w+)` (?P<op>[<>]=?) \$(?P<value>\w+), FALSE\)"
    r"|d\.(?P<field>\w+) IN \$(?P<values>\w+)|(?P<word>AND|OR|NOT|TRUE|FALSE|[()])"
)


class FakeCluster:
    """`keyspaces` are documents by scope and collection; `is_down` lets nothing answer."""

    def __init__(self) -> None:
        self.keyspaces: dict[tuple[str, str], dict[str, Any]] = {}
        self.scopes = {"_default"}
        self.indexes: dict[str, Any] = {}
        self.lock = threading.RLock()
        self.failing: Exception | None = None

    def bucket(self, name: str) -> Any:
        if self.failing is not None:
            raise self.failing
        return _Bucket(self, name)

    def search_indexes(self) -> Any:
        return _Indexes(self)

    def search(self, index: str, request: Any, options: Any) -> Any:
        with self.lock:
            if index not in self.indexes:
                raise SearchIndexNotFoundException()
            return _Rows(_searched(self, self.indexes[index].params, request, options["limit"]))


class _Bucket:
    def __init__(self, cluster: FakeCluster, name: str) -> None:
        self.cluster, self.name = cluster, name

    def scope(self, name: str) -> Any:
        return _Scope(self.cluster, name)

    def collections(self) -> Any:
        return self

    def get_all_scopes(self) -> list[Any]:
        with self.cluster.lock:
            there = list(self.cluster.keyspaces)
        names = {
            scope: [SimpleNamespace(name=name) for one, name in there if one == scope] for scope in self.cluster.scopes
        }
        return [SimpleNamespace(name=scope, collections=found) for scope, found in names.items()]

    def create_scope(self, name: str) -> None:
        self.cluster.scopes.add(name)

    def create_collection(self, scope: str, name: str) -> None:
        with self.cluster.lock:
            if (scope, name) in self.cluster.keyspaces:
                raise CollectionAlreadyExistsException()
            self.cluster.keyspaces[scope, name] = {}

    def drop_collection(self, scope: str, name: str) -> None:
        with self.cluster.lock:
            del self.cluster.keyspaces[scope, name]


class _Scope:
    def __init__(self, cluster: FakeCluster, name: str) -> None:
        self.cluster, self.name = cluster, name

    def collection(self, name: str) -> Any:
        return _Collection(self.cluster, (self.name, name))

    def search_indexes(self) -> Any:
        return _Indexes(self.cluster)

    def search(self, index: str, request: Any, options: Any) -> Any:
        return self.cluster.search(index, request, options)

    def query(self, text: str, options: Any) -> Any:
        if self.cluster.failing is not None:
            raise self.cluster.failing
        assert str(options["scan_consistency"].value) == "request_plus"
        with self.cluster.lock:
            return _Rows(_queried(self.cluster, text, options["named_parameters"]))


class _Collection:
    def __init__(self, cluster: FakeCluster, key: tuple[str, str]) -> None:
        self.cluster, self.key = cluster, key

    def _rows(self) -> dict[str, Any]:
        if self.key not in self.cluster.keyspaces:
            raise CouchbaseException(message="collection_not_found")
        return self.cluster.keyspaces[self.key]

    def upsert_multi(self, some: dict[str, Any]) -> Any:
        with self.cluster.lock:
            self._rows().update(copy.deepcopy(some))
        return SimpleNamespace(all_ok=True, exceptions={})

    def get_multi(self, ids: list[str]) -> Any:
        rows = self._rows()
        return SimpleNamespace(results={id: SimpleNamespace(content_as={dict: rows[id]}) for id in ids if id in rows})


class _Indexes:
    def __init__(self, cluster: FakeCluster) -> None:
        self.cluster = cluster

    def get_all_indexes(self) -> list[Any]:
        return list(self.cluster.indexes.values())

    def upsert_index(self, index: Any) -> None:
        self.cluster.indexes[index.name] = index

    def drop_index(self, name: str) -> None:
        if self.cluster.indexes.pop(name, None) is None:
            raise SearchIndexNotFoundException()

    def get_indexed_documents_count(self, name: str) -> int:
        if name not in self.cluster.indexes:
            raise SearchIndexNotFoundException()
        return 0


class _Rows:
    def __init__(self, found: list[Any]) -> None:
        self.found = found

    def rows(self) -> list[Any]:
        return self.found


# SQL++ ---------------------------------------------------------------------------------------------------------------


def _queried(cluster: FakeCluster, text: str, given: dict[str, Any]) -> list[Any]:
    found = _STATEMENT.fullmatch(text)
    if found is None:
        raise CouchbaseException(message=f"syntax error in {text}")
    rows = cluster.keyspaces.get((found["scope"], found["name"]))
    if rows is None:
        raise KeyspaceNotFoundException()
    fits = _condition(found["where"], given)
    ids = [id for id, row in rows.items() if fits(row)][: int(found["limit"]) if found["limit"] else None]
    if found["what"] == "DELETE":
        return [rows.pop(id) for id in ids] and []
    if found["what"] == "UPDATE":
        changes = dict(re.fullmatch(r"d\.(\w+) = \$(\w+)", one).groups() for one in found["set"].split(", "))
        for id in ids:
            rows[id].update({name: given[parameter] for name, parameter in changes.items()})
        return []
    return [{"id": id, "document": copy.deepcopy(rows[id])} for id in ids]


def _condition(text: str, given: dict[str, Any]) -> Any:
    """A condition as a function of a document, by way of Python's own words for the same."""
    left = _TOKENS.sub("", text).strip()
    if left:
        raise CouchbaseException(message=f"syntax error near {left}")
    words = {"AND": "and", "OR": "or", "NOT": "not", "TRUE": "True", "FALSE": "False"}
    checks: list[Any] = []
    said = []
    for found in _TOKENS.finditer(text):
        if found["word"]:
            said.append(words.get(found["word"], found["word"]))
            continue
        checks.append(_check(found, given))
        said.append(f"checks[{len(checks) - 1}](row)")
    code = compile(" ".join(said), "<condition>", "eval")
    return lambda row: eval(code, {"checks": checks, "row": row})


def _check(found: re.Match[str], given: dict[str, Any]) -> Any:
    if found["list"]:
        return lambda row: given[found["term"]] in row[found["list"]]
    if found["field"]:
        return lambda row: row[found["field"]] in given[found["values"]]
    wanted, op = given[found["value"]], found["op"]
    compare = {">": float.__gt__, ">=": float.__ge__, "<": float.__lt__, "<=": float.__le__}[op]
    return lambda row: found["number"] in row["numbers"] and compare(float(row["numbers"][found["number"]]), wanted)


# The search ----------------------------------------------------------------------------------------------------------


def _searched(cluster: FakeCluster, params: dict[str, Any], request: Any, limit: int) -> list[Any]:
    ((keyspace, mapping),) = params["mapping"]["types"].items()
    properties = mapping["properties"]
    rows = cluster.keyspaces.get(tuple(keyspace.split(".")), {})
    if request.vector_search is None:
        query = request.search_query.encodable
        scored = [(id, _score(query, row, properties)) for id, row in rows.items()]
        best = sorted((pair for pair in scored if pair[1] > 0), key=lambda pair: -pair[1])
    else:
        (asked,) = request.vector_search.queries
        (kind,) = properties[asked.field_name]["fields"]
        assert kind["dims"] == len(asked.vector) and kind["type"] == "vector"
        narrowed = asked.prefilter.encodable if asked.prefilter is not None else {"match_all": None}
        fitting = [(id, row) for id, row in rows.items() if _score(narrowed, row, properties) > 0]
        near = _nearness(kind["similarity"], asked.vector)
        best = sorted(((id, near(row["embedding"])) for id, row in fitting), key=lambda pair: -pair[1])
        best = best[: asked.num_candidates]
    return [SimpleNamespace(id=id, score=score) for id, score in best[:limit]]


def _nearness(similarity: str, query: list[float]) -> Any:
    def dot(other: list[float]) -> float:
        return sum(a * b for a, b in zip(query, other, strict=True))

    if similarity == "l2_norm":
        return lambda other: -math.dist(query, other)
    return dot if similarity == "dot_product" else lambda other: dot(other) / (math.hypot(*other) or 1)


def _score(query: dict[str, Any], row: dict[str, Any], properties: Any) -> float:
    """How well a document fits; 0 if it does not."""
    if "match_all" in query or "match_none" in query:
        return float("match_all" in query)
    if "conjuncts" in query:
        scores = [_score(one, row, properties) for one in query["conjuncts"]]
        assert scores
        return sum(scores) if all(scores) else 0.0
    if "disjuncts" in query:
        assert query["min"] == 1 and query["disjuncts"]
        return sum(_score(one, row, properties) for one in query["disjuncts"])
    if "must_not" in query:
        return 0.0 if _score(query["must_not"], row, properties) else _score(query["must"], row, properties)
    return _leaf(query, row, properties)


def _leaf(query: dict[str, Any], row: dict[str, Any], properties: Any) -> float:
    name, _, inner = query["field"].partition(".")
    assert name in properties
    if inner:
        assert properties[name]["dynamic"]
        value = row[name].get(inner)
        low = (
            "min" not in query
            or value is None
            or value > query["min"]
            or (query["inclusive_min"] and value == query["min"])
        )
        high = (
            "max" not in query
            or value is None
            or value < query["max"]
            or (query["inclusive_max"] and value == query["max"])
        )
        return float(value is not None and low and high)
    (kind,) = properties[name]["fields"]
    if "term" in query:
        assert kind["analyzer"] == "keyword"
        return float(query["term"] in row[name]) if isinstance(row[name], list) else float(query["term"] == row[name])
    assert kind["analyzer"] == "standard"
    words = set(re.findall(r"\w+", query["match"].lower()))
    return float(sum(word in words for word in re.findall(r"\w+", row[name].lower())))
