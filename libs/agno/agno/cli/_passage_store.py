"""Passages in a local vector database, ranked for questions: by their words first, then by their meaning."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import PurePath

from agno._io import IO, asynchronous, sync
from agno.knowledge.document import Document
from agno.utils._common_words import COMMON_WORDS
from agno.vectordb._conditions import EVERYTHING, Node
from agno.vectordb._records import Hit, Record
from agno.vectordb.local import LocalVectorDb

_TERM = re.compile(r"\w+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAME = re.compile(r"\w*(?:_\w|[a-z][A-Z])\w*")  # snake_case or CamelCase
_DEFINED = re.compile(r"^\s*(?:async )?(?:def|class|function|func|fn|struct|interface|type|const) (\w+)", re.M)
_IMPORT = re.compile(r"^(?:import |from \S+ import |__all__|#include|using |require\().*$", re.M)
_NO_PROSE = frozenset({"LICENSE", "LICENCE", "COPYING", "NOTICE", "MAKEFILE", "DOCKERFILE"})
_PROSE = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".html", ".htm", ".pdf", ".tex", ""})
_CANDIDATES = 500  # passages that are looked at more closely
_LONGEST_QUERY = 32  # words
_RELATED = 0.3  # similarity of what is found by its meaning alone

Ranking = list[tuple[int, float]]  # keys of passages with their scores, the best first


class PassageStore(LocalVectorDb):
    """Keeps passages: `name` of a document is its path, its metadata has the place, the section and the number there.

    `meaning` is how much the nearest vector counts beside the best words. With 0 the words decide alone.
    """

    columns = {"path": 0.3, "section": 1.6, "content": 1.0}
    meaning: float = 0.0

    def indexed(self, record: Record) -> dict[str, str]:
        """A name like `OfflineModel` is found by its words, too, and not where it is imported."""
        path, text = record.name or "", record.content
        text = text if _is_prose(path) else _IMPORT.sub("", text)
        humps = " ".join(name for name in set(_TERM.findall(text)) if _HUMP.search(name))
        return {
            "path": path.replace("/", " "),
            "section": str(record.meta_data.get("section", "")),
            "content": f"{text}\n{_HUMP.sub(' ', humps)}",
        }

    # What is there ---------------------------------------------------------------------------------------------------

    def content_hashes(self) -> set[str]:
        """Of which contents there is something."""
        return {found for (found,) in self.asked("SELECT DISTINCT content_hash FROM agno_chunks")}

    def passages_of(self, path: str) -> list[Document]:
        """The passages of a file, in their order."""
        keys = self.asked("SELECT key FROM agno_chunks WHERE name = ? ORDER BY key", [path])
        found = [hit.record.document() for hit in self.hits((key, 0.0) for (key,) in keys)]
        return sorted(found, key=lambda document: int(document.meta_data.get("number", 0)))

    # Searching -------------------------------------------------------------------------------------------------------

    async def _find(self, io: IO, query: str, limit: int) -> list[Hit]:
        """The passages that answer best, with their scores: 1 is the best by words."""
        embedding = await self._query_vector(io, query) if self.meaning else []
        return await self._both(io, query, embedding, limit, EVERYTHING)

    find, afind = sync(_find), asynchronous(_find)

    async def _worded(self, io: IO, query: str, limit: int, where: Node) -> list[Hit]:
        found: list[Hit] = await io.call(lambda: self.hits(self._by_words(query, where)[:limit]))
        return found

    async def _both(self, io: IO, query: str, embedding: list[float], limit: int, where: Node) -> list[Hit]:
        found: list[Hit] = await io.call(lambda: self.hits(self._ranking(query, embedding, where)[:limit]))
        return found

    def _ranking(self, query: str, embedding: list[float], where: Node) -> Ranking:
        worded = self._by_words(query, where)
        top = max((score for _, score in worded), default=0.0) or 1.0
        scores = {key: score / top for key, score in worded}
        if self.meaning:
            near = self.near(embedding, _CANDIDATES, where)
            nearest = max((score for _, score in near), default=0.0) or 1.0
            for key, score in near:
                if key in scores or score >= _RELATED:
                    scores[key] = scores.get(key, 0.0) + self.meaning * max(0.0, score) / nearest
        return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))

    def _by_words(self, query: str, where: Node) -> Ranking:
        """BM25, times how much of the query a passage covers, times what its kind of file is worth."""
        words = list(dict.fromkeys(word.lower() for word in _words(query)))[:_LONGEST_QUERY]
        rows = self.ranked(" OR ".join(map(_quoted, words)), _CANDIDATES, where) if words else []
        if not rows:
            return []
        weights, holders = self._terms(words)
        total = sum(weights) or 1.0
        pairs = self._keys_with([f"{_quoted(a)} + {_quoted(b)}" for a, b in pairwise(words)])
        records = {key: hit.record for (key, _), hit in zip(rows, self.hits(rows), strict=True)}
        names = set(_NAME.findall(query))
        ranking = []
        for key, relevance in rows:
            covered = sum(w for w, keys in zip(weights, holders, strict=True) if key in keys) / total
            together = 1 + 0.2 * sum(key in keys for keys in pairs)
            ranking.append((key, relevance * (0.15 + covered**2) * together * _worth(records[key], names)))
        return sorted(ranking, key=lambda pair: (-pair[1], pair[0]))

    def _terms(self, words: list[str]) -> tuple[list[float], list[set[int]]]:
        """How telling each word is, and which passages have it. A word that nobody has is as telling as the rarest."""
        holders = self._keys_with([_quoted(word) for word in words])
        ((count,),) = self.asked("SELECT count(*) FROM agno_chunks")
        known = [math.log(1 + count / len(keys)) if keys else 0.0 for keys in holders]
        return [weight or max(known) for weight in known], holders

    def _keys_with(self, queries: list[str]) -> list[set[int]]:
        statement = "SELECT rowid FROM agno_words WHERE agno_words MATCH ?"
        return [{key for (key,) in self.asked(statement, [query])} for query in queries]


def _is_prose(path: str) -> bool:
    return PurePath(path).suffix.lower() in _PROSE


def _worth(record: Record, names: set[str]) -> float:
    """Prose explains, code and tests only show; a question that names a thing of the code wants its definition."""
    path = PurePath(record.name or "")
    prose = path.suffix.lower() in _PROSE
    if not prose and names & set(_DEFINED.findall(record.content)):
        return 2.5
    if path.stem.upper() in _NO_PROSE or any(part.startswith("test") for part in path.parts):
        return 0.3
    return 1.0 if prose else 0.35


def _words(query: str) -> list[str]:
    words: list[str] = _TERM.findall(f"{query} {_HUMP.sub(' ', query)}" if _HUMP.search(query) else query)
    return [word for word in words if word.lower() not in COMMON_WORDS] or words


def _quoted(word: str) -> str:
    return f'"{word}"'


__all__ = ["PassageStore"]
