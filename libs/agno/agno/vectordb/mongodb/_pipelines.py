"""Records as documents of MongoDB, conditions as its filters, and the pipelines of a search."""

from __future__ import annotations

from typing import Any

from agno.vectordb._conditions import All, Any_, Compared, Field, Has, Node, Not, inwards, opposite, said
from agno.vectordb._flat import flat, read
from agno.vectordb._records import Record
from agno.vectordb.distance import Distance

SIMILARITIES = {Distance.cosine: "cosine", Distance.l2: "euclidean", Distance.max_inner_product: "dotProduct"}
COSMOS = {Distance.cosine: "COS", Distance.l2: "L2", Distance.max_inner_product: "IP"}
_OPS = {">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte"}
FILTERED = ("_id", "terms", "name", "content_hash", "source", "content_id")
_CANDIDATES = 20  # vectors that are looked at for each that is wanted
_MOST = 10_000  # of them, at most
Filter = dict[str, Any]


def document_of(record: Record) -> dict[str, Any]:
    """A record as a document. Each number is a term, too, which says that there is one."""
    row = flat(record)
    row["_id"] = row.pop("id")
    row["terms"] = [*record.terms, *record.numbers]
    return row


def record_of(document: dict[str, Any]) -> Record:
    """The record of a document."""
    return read({**document, "id": document["_id"]})


class Conditions:
    """Conditions that were turned inwards, as a filter that `$match` and `$vectorSearch` both understand."""

    def all(self, parts: list[Filter]) -> Filter:
        return {"$and": parts} if parts else {"_id": {"$ne": ""}}

    def any(self, parts: list[Filter]) -> Filter:
        return {"$or": parts} if parts else {"_id": {"$eq": ""}}

    def no(self, part: Filter) -> Filter:
        ((key, asked),) = part.items()
        ((op, value),) = asked.items()
        if op in ("$eq", "$in"):
            return {key: {"$nin": value if op == "$in" else [value]}}
        other = _OPS[opposite(next(ours for ours, theirs in _OPS.items() if theirs == op))]
        return {"$or": [{"terms": {"$nin": [key.removeprefix("numbers.")]}}, {key: {other: value}}]}

    def has(self, condition: Has) -> Filter:
        return {"terms": {"$eq": condition.term}}

    def compared(self, condition: Compared) -> Filter:
        return {f"numbers.{condition.field}": {_OPS[condition.op]: condition.value}}

    def field(self, condition: Field) -> Filter:
        return {"_id" if condition.name == "id" else condition.name: {"$in": list(condition.values)}}


def filter_of(where: Node) -> Filter:
    """Conditions as a filter."""
    return said(inwards(where), Conditions())


def compares(where: Node) -> bool:
    """Whether there is a comparison in it: `$vectorSearch` knows only fields that its index names, and not these."""
    if isinstance(where, Not):
        return compares(where.part)
    return isinstance(where, Compared) or (isinstance(where, (All, Any_)) and any(map(compares, where.parts)))


def vector_index(dimensions: int, measure: Distance) -> dict[str, Any]:
    """The definition of the index of `$vectorSearch`."""
    vector = {
        "type": "vector",
        "path": "embedding",
        "numDimensions": dimensions,
        "similarity": SIMILARITIES[measure],
    }
    return {"fields": [vector, *({"type": "filter", "path": path} for path in FILTERED)]}


def word_index() -> dict[str, Any]:
    """The definition of the index of `$search`."""
    return {"mappings": {"dynamic": False, "fields": {"content": {"type": "string"}}}}


def cosmos_index(name: str, dimensions: int, measure: Distance) -> dict[str, Any]:
    """The index of Cosmos DB."""
    options = {"kind": "vector-hnsw", "m": 16, "efConstruction": 64}
    options |= {"similarity": COSMOS[measure], "dimensions": dimensions}
    return {"name": name, "key": {"embedding": "cosmosSearch"}, "cosmosSearchOptions": options}


def nearest(index: str, embedding: list[float], limit: int, where: Filter) -> list[dict[str, Any]]:
    """What is near, the nearest first, with its score."""
    asked = {
        "index": index,
        "path": "embedding",
        "queryVector": embedding,
        "numCandidates": min(_MOST, max(100, limit * _CANDIDATES)),
        "limit": limit,
        "filter": where,
    }
    return [{"$vectorSearch": asked}, {"$addFields": {"score": {"$meta": "vectorSearchScore"}}}]


def cosmos_nearest(embedding: list[float], limit: int, where: Filter) -> list[dict[str, Any]]:
    """The same for Cosmos DB."""
    asked = {"vector": embedding, "path": "embedding", "k": limit, "filter": where}
    return [{"$search": {"cosmosSearch": asked}}, {"$addFields": {"score": {"$meta": "searchScore"}}}]


def worded(index: str, query: str, limit: int, where: Filter) -> list[dict[str, Any]]:
    """What has words of the query, the best first. The filter comes before the limit."""
    return [
        {"$search": {"index": index, "text": {"query": query, "path": "content"}}},
        {"$addFields": {"score": {"$meta": "searchScore"}}},
        {"$match": where},
        {"$limit": limit},
    ]


__all__ = [
    "FILTERED",
    "compares",
    "cosmos_index",
    "cosmos_nearest",
    "document_of",
    "filter_of",
    "nearest",
    "record_of",
    "vector_index",
    "word_index",
    "worded",
]
