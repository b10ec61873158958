"""Vectors and words in one SQLite file, compared here: for some ten thousand chunks on this machine."""

from __future__ import annotations

import heapq
import importlib.util
import math
import re
from collections.abc import Iterable, Sequence
from operator import mul
from pathlib import Path
from typing import Any, ClassVar

from agno._io import IO
from agno.utils._common_words import COMMON_WORDS
from agno.vectordb._claims import Claim, OnFile
from agno.vectordb._conditions import Node, said
from agno.vectordb._records import Hit, Record
from agno.vectordb._store import VectorStore
from agno.vectordb.base import VectorDbError
from agno.vectordb.distance import Distance, similarity
from agno.vectordb.local._file import COLUMNS, MEMORY, Condition, Conditions, File, numbers_of, put, record_of
from agno.vectordb.search import SearchType

_WORD = re.compile(r"\w+")
_MOST_WORDS = 64  # of a query


class LocalVectorDb(VectorStore):
    """A SQLite file with full-text search, which needs no package; where numpy is installed it is quicker by far.

    It compares with every vector that the filter leaves, so its answers are exact, and a search takes the longer the more
    there are: with 10,000 chunks of 384 numbers some 50 ms with numpy, half a second without. Several processes may use
    the same file; a write is one transaction. With `db_file=":memory:"` everything is gone with the object.
    """

    search_types = frozenset(SearchType)
    blocking = True  # who is cancelled waits for a write under way

    # What the full-text index has of a chunk, and how much a word in each of it counts.
    columns: ClassVar[dict[str, float]] = {"content": 1.0}

    def __init__(
        self,
        db_file: str | Path,
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
        self.file = File(db_file)

    def indexed(self, record: Record) -> dict[str, str]:
        """What the full-text index has of a record, by the names of `columns`."""
        return {"content": record.content}

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        self.file.close()

    async def _made(self, io: IO) -> bool:
        return bool(await io.call(self.file.is_made))

    async def _make(self, io: IO) -> None:
        await io.call(self.file.make, tuple(self.columns))

    async def _remove(self, io: IO) -> None:
        await io.call(self.file.drop)

    def _claim(self, source: str) -> Claim:
        if self.file.path == MEMORY:
            return super()._claim(source)
        return OnFile(Path(f"{self.file.path}-storing", source))

    # Rows ------------------------------------------------------------------------------------------------------------

    async def _put(self, io: IO, records: Sequence[Record]) -> None:
        await io.call(self._write, None, records)

    async def _swap(self, io: IO, where: Node, records: Sequence[Record]) -> None:
        await io.call(self._write, where, records)

    async def _erase(self, io: IO, where: Node) -> None:
        await io.call(self._write, where, ())

    def _write(self, where: Node | None, records: Sequence[Record]) -> None:
        """Remove what fits, then store records, in one transaction."""
        with self.file.writing() as connection:
            if where is not None:
                condition, values = _sql(where)
                connection.execute(f"DELETE FROM agno_chunks WHERE {condition}", values)
            for record in records:
                put(connection, record, self.indexed(record))

    async def _relabel(self, io: IO, where: Node, content_hash: str, content_id: str | None) -> None:
        await io.call(self._rename, where, Record("", "", content_hash=content_hash, content_id=content_id))

    def _rename(self, where: Node, wanted: Record) -> None:
        condition, values = _sql(where)
        statement = f"UPDATE agno_chunks SET content_hash = ?, content_id = ?, source = ? WHERE {condition}"
        with self.file.writing() as connection:
            connection.execute(statement, [wanted.content_hash, wanted.content_id, wanted.source, *values])

    async def _rows(self, io: IO, where: Node, limit: int | None = None) -> list[Record]:
        condition, values = _sql(where)
        statement = f"SELECT {COLUMNS} FROM agno_chunks WHERE {condition} ORDER BY key LIMIT ?"
        rows = await io.call(self.asked, statement, [*values, -1 if limit is None else limit])
        return [record_of(row) for row in rows]

    async def _ids(self, io: IO, where: Node) -> set[str]:
        condition, values = _sql(where)
        return {id for (id,) in await io.call(self.asked, f"SELECT id FROM agno_chunks WHERE {condition}", values)}

    def asked(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a SELECT."""
        with self.file.reading() as connection:
            return connection.execute(statement, values).fetchall()

    # Searching -------------------------------------------------------------------------------------------------------

    async def _nearest(self, io: IO, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        found: list[Hit] = await io.call(self._compared, embedding, limit, where)
        return found

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        found: list[Hit] = await io.call(self._matching, query, limit, where)
        return found

    def _compared(self, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        return self.hits(self.near(embedding, limit, where))

    def near(self, embedding: list[float], limit: int, where: Node) -> list[tuple[int, float]]:
        """Keys and similarities of the chunks that fit, the best first."""
        condition, values = _sql(where)
        rows = self.asked(f"SELECT key, embedding FROM agno_chunks WHERE {condition} ORDER BY key", values)
        scores = self._similarities(embedding, [vector for _, vector in rows])
        best = heapq.nlargest(limit, zip(scores, (-key for key, _ in rows), strict=True))
        return [(-key, score) for score, key in best]

    def _similarities(self, query: list[float], vectors: list[bytes]) -> Iterable[float]:
        wrong = next((len(vector) // 4 for vector in vectors if len(vector) != 4 * len(query)), None)
        if wrong is not None:
            raise VectorDbError(
                f"{self.file.path} has vectors of {wrong} numbers, but the question's has {len(query)}: use the embedder "
                "that they were made with, or another db_file=."
            )
        return (
            _by_numpy(query, vectors, self.distance) if _numpy_is_there() else _by_hand(query, vectors, self.distance)
        )

    def _matching(self, query: str, limit: int, where: Node) -> list[Hit]:
        words = [word for word in dict.fromkeys(_WORD.findall(query.lower())) if word not in COMMON_WORDS]
        words = (words or _WORD.findall(query))[:_MOST_WORDS]
        found = self.ranked(" OR ".join(f'"{word}"' for word in words), limit, where) if words else []
        return self.hits(found)

    def ranked(self, match: str, limit: int, where: Node) -> list[tuple[int, float]]:
        """Keys and scores of the chunks that fit an expression of FTS5, the best first."""
        condition, values = _sql(where)
        weights = ", ".join(map(str, self.columns.values()))
        statement = (
            f"SELECT key, -bm25(agno_words, {weights}) FROM agno_words JOIN agno_chunks ON key = agno_words.rowid "
            f"WHERE agno_words MATCH ? AND {condition} ORDER BY 2 DESC, 1 LIMIT ?"
        )
        return self.asked(statement, [match, *values, limit])

    def hits(self, found: Iterable[tuple[int, float]]) -> list[Hit]:
        """The records of these keys, in this order."""
        scores = dict(found)
        rows = {}
        for keys in _parts(list(scores), 500):
            places = ", ".join("?" * len(keys))
            for row in self.asked(f"SELECT {COLUMNS} FROM agno_chunks WHERE key IN ({places})", keys):
                rows[row[0]] = record_of(row)
        return [Hit(rows[key], score) for key, score in scores.items() if key in rows]  # one may have gone meanwhile

    def __repr__(self) -> str:
        return f"LocalVectorDb({self.file.path!r})"


def _sql(where: Node) -> Condition:
    return said(where, Conditions())


def _parts(keys: list[int], size: int) -> Iterable[list[int]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _numpy_is_there() -> bool:
    return importlib.util.find_spec("numpy") is not None


def _by_numpy(query: list[float], vectors: list[bytes], measure: Distance) -> list[float]:
    import numpy as np

    wanted = np.array(query, dtype=np.float32)
    table = np.frombuffer(b"".join(vectors), dtype=np.float32).reshape(len(vectors), len(query))
    if measure is Distance.l2:
        return [similarity(far, measure) for far in np.linalg.norm(table - wanted, axis=1).tolist()]
    scores = table @ wanted
    if measure is Distance.cosine:
        lengths = np.linalg.norm(table, axis=1) * np.linalg.norm(wanted)
        scores = scores / np.where(lengths > 0, lengths, 1)
    return list(scores.astype(float).tolist())


def _by_hand(query: list[float], vectors: list[bytes], measure: Distance) -> list[float]:
    if measure is Distance.l2:
        return [similarity(math.dist(query, numbers_of(vector)), measure) for vector in vectors]
    if measure is Distance.max_inner_product:
        return [sum(map(mul, query, numbers_of(vector))) for vector in vectors]
    own = math.hypot(*query) or 1.0
    return [
        sum(map(mul, query, numbers)) / (own * (math.hypot(*numbers) or 1.0)) for numbers in map(numbers_of, vectors)
    ]


__all__ = ["LocalVectorDb"]
