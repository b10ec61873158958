"""Vectors in a dict, for tests and for some ten thousand chunks that need not outlive the process."""

from __future__ import annotations

import heapq
import math
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import mul
from typing import Any

from agno._io import IO
from agno.vectordb._conditions import Node, holds
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.search import SearchType

_WORD = re.compile(r"\w+")
_K1, _B = 1.5, 0.75  # the usual constants of BM25


class _Rows:
    """By id; None if the collection is not there. A change makes a new dict, so that readers need no lock."""

    def __init__(self) -> None:
        self.records: dict[str, Record] | None = None
        self.lock = threading.Lock()


class InMemoryVectorDb(VectorStore):
    """Keeps everything as long as the process lives; compares with every vector, so its answers are exact."""

    search_types = frozenset(SearchType)

    def __init__(
        self,
        embedder: Any = None,
        search_type: SearchType | str = SearchType.vector,
        distance: Distance | str = Distance.cosine,
        reranker: Any = None,
        similarity_threshold: float | None = None,
    ) -> None:
        super().__init__(
            embedder=embedder,
            search_type=search_type,
            distance=distance,
            reranker=reranker,
            similarity_threshold=similarity_threshold,
        )
        self._shared = _Rows()

    @property
    def _records(self) -> dict[str, Record] | None:
        return self._shared.records

    @_records.setter
    def _records(self, records: dict[str, Record] | None) -> None:
        self._shared.records = records

    async def _made(self, io: IO) -> bool:
        return self._records is not None

    async def _make(self, io: IO) -> None:
        with self._shared.lock:
            self._records = self._records if self._records is not None else {}

    async def _remove(self, io: IO) -> None:
        with self._shared.lock:
            self._records = None

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        with self._shared.lock:
            self._records = {**(self._records or {}), **{record.id: _copy(record) for record in records}}

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        with self._shared.lock:
            kept = {id: one for id, one in (self._records or {}).items() if not holds(where, one)}
            self._records = kept | {record.id: _copy(record) for record in records}

    async def _erase(self, io: IO, where: Node) -> None:
        with self._shared.lock:
            if self._records is not None:
                self._records = {id: one for id, one in self._records.items() if not holds(where, one)}

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        return [_copy(record) for record in self._fitting(where)[:limit]]

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        found: list[Hit] = await io.call(self._compared, embedding, limit, where)
        return found

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        found: list[Hit] = await io.call(self._bm25, query, limit, where)
        return found

    def _fitting(self, where: Node) -> list[Record]:
        return [record for record in (self._records or {}).values() if holds(where, record)]

    def _compared(self, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        near = _NEAR[self.distance](embedding)
        return _best(((near(record.embedding or []), record) for record in self._fitting(where)), limit)

    def _bm25(self, query: str, limit: int, where: Node) -> list[Hit]:
        words = set(_words(query))
        texts = [(record, Counter(_words(record.content))) for record in self._fitting(where)]
        mean = sum(count.total() for _, count in texts) / max(1, len(texts)) or 1.0
        holders = {word: sum(word in count for _, count in texts) for word in words}
        weight = {word: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for word, n in holders.items()}

        def score(count: Counter[str]) -> float:
            length = _K1 * (1 - _B + _B * count.total() / mean)
            return sum(weight[word] * count[word] * (_K1 + 1) / (count[word] + length) for word in words)

        return _best(((s, record) for record, count in texts if (s := score(count)) > 0), limit)


def _best(scored: Any, limit: int) -> list[Hit]:
    best = heapq.nlargest(limit, scored, key=lambda pair: (pair[0], pair[1].id))
    return [Hit(_copy(record), score) for score, record in best]


def _copy(record: Record) -> Record:
    return replace(record, meta_data=_deep(record.meta_data))


def _deep(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _deep(item) for key, item in value.items()}
    return [_deep(item) for item in value] if isinstance(value, list) else value


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return float(sum(map(mul, a, b)))


def _cosine(query: list[float]) -> Callable[[list[float]], float]:
    own = math.sqrt(_dot(query, query)) or 1.0
    return lambda other: _dot(query, other) / (own * (math.sqrt(_dot(other, other)) or 1.0))


def _l2(query: list[float]) -> Callable[[list[float]], float]:
    return lambda other: similarity(math.dist(query, other), Distance.l2)


def _inner(query: list[float]) -> Callable[[list[float]], float]:
    return lambda other: _dot(query, other)


_NEAR = {Distance.cosine: _cosine, Distance.l2: _l2, Distance.max_inner_product: _inner}

__all__ = ["InMemoryVectorDb"]
