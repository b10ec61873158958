"""Full-text search over passages, by SQLite's FTS5, as tools for an agent."""

from __future__ import annotations

import math
import re
import sqlite3
import threading
from itertools import pairwise
from pathlib import PurePath
from typing import Any

import msgspec

from agno.cli._passages import Passage, by_path
from agno.tools.toolkit import Toolkit
from agno.utils._common_words import COMMON_WORDS

_TERM = re.compile(r"\w+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_INSTRUCTIONS = (
    "Answer from the documents only. Search first; search again with other words if the passages do not answer. "
    "Quote the passage that carries the answer and name its source exactly as given, for example `docs/a.md:12-18`. "
    "If the documents do not say it, say so."
)
_NAME = re.compile(r"\w*(?:_\w|[a-z][A-Z])\w*")  # snake_case or CamelCase
_DEFINED = re.compile(r"^\s*(?:async )?(?:def|class|function|func|fn|struct|interface|type|const) (\w+)", re.M)
_IMPORT = re.compile(r"^(?:import |from \S+ import |__all__|#include|using |require\().*$", re.M)
_NO_PROSE = frozenset({"LICENSE", "LICENCE", "COPYING", "NOTICE", "MAKEFILE", "DOCKERFILE"})
_PROSE = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".html", ".htm", ".pdf", ".tex", ""})
_CANDIDATES = 500  # passages that are looked at more closely
_PART = 12_000  # characters of a document in one answer


class Library(Toolkit):
    """The tools `search_documents`, `read_document` and `list_documents`."""

    blocking = False  # an index in memory: quicker than a thread

    def __init__(self, passages: list[Passage]) -> None:
        self._passages = passages
        self._documents = by_path(passages)
        self._lock = threading.Lock()
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(
            "CREATE VIRTUAL TABLE passages USING fts5(path, section, text, tokenize='porter unicode61')"
        )
        self._index.executemany("INSERT INTO passages VALUES (?, ?, ?)", map(_row, passages))
        super().__init__(
            name="library",
            tools=[self.search_documents, self.read_document, self.list_documents],
            instructions=_INSTRUCTIONS,
            add_instructions=True,
        )

    def search_documents(self, query: str, limit: int = 6) -> str:
        """Search the documents. Gives the best passages with their source.

        Args:
            query: Words to look for.
            limit: How many passages.
        """
        words = list(dict.fromkeys(word.lower() for word in _words(query)))[:32]
        with self._lock:
            ranked = self._ranked(words, set(_NAME.findall(query))) if words else []
        found = [self._described(row, score) for score, row in ranked[: max(1, min(limit, 50))]]
        return msgspec.json.encode(found).decode()

    def _ranked(self, words: list[str], names: set[str]) -> list[tuple[float, int]]:
        """Best first: BM25, times how much of the query a passage covers, times what its kind of file is worth."""
        weights, holders = self._terms(words)
        total = sum(weights) or 1.0
        statement = (
            "SELECT rowid, -bm25(passages, 0.3, 1.6, 1.0) FROM passages WHERE passages MATCH ? ORDER BY 2 DESC LIMIT ?"
        )
        rows = self._index.execute(statement, (" OR ".join(map(_quoted, words)), _CANDIDATES)).fetchall()
        pairs = self._rows_with([f"{_quoted(a)} + {_quoted(b)}" for a, b in pairwise(words)])
        ranked = []
        for row, relevance in rows:
            covered = sum(w for w, rows_of in zip(weights, holders, strict=True) if row in rows_of) / total
            together = 1 + 0.2 * sum(row in rows_of for rows_of in pairs)
            ranked.append((relevance * (0.15 + covered**2) * together * self._worth(row, names), row))
        return sorted(ranked, key=lambda pair: (-pair[0], pair[1]))

    def _terms(self, words: list[str]) -> tuple[list[float], list[set[int]]]:
        """How telling each word is, and which passages have it. A word that nobody has is as telling as the rarest."""
        holders = self._rows_with([_quoted(word) for word in words])
        known = [math.log(1 + len(self._passages) / len(rows)) if rows else 0.0 for rows in holders]
        return [weight or max(known) for weight in known], holders

    def _rows_with(self, queries: list[str]) -> list[set[int]]:
        statement = "SELECT rowid FROM passages WHERE passages MATCH ?"
        return [{row for (row,) in self._index.execute(statement, (query,))} for query in queries]

    def _worth(self, row: int, names: set[str]) -> float:
        """Prose explains, code and tests only show; a question that names a thing of the code wants its definition."""
        passage = self._passages[row - 1]
        path = PurePath(passage.path)
        prose = path.suffix.lower() in _PROSE
        if not prose and names & set(_DEFINED.findall(passage.text)):
            return 2.5
        if path.stem.upper() in _NO_PROSE or any(part.startswith("test") for part in path.parts):
            return 0.3
        return 1.0 if prose else 0.35

    def _described(self, row: int, score: float) -> dict[str, Any]:
        passage = self._passages[row - 1]
        described = {"source": passage.source, "section": passage.section, "text": passage.text}
        return {name: value for name, value in described.items() if value} | {"score": round(score, 2)}

    def read_document(self, path: str, part: int = 1) -> str:
        """Read a document. A long one comes in parts.

        Args:
            path: Its path, as `list_documents` gives it.
            part: Which part; 1 is the first.
        """
        passages = self._documents.get(path)
        if passages is None:
            return f"There is no document {path!r}; list_documents gives the paths."
        text = "\n\n".join(f"[{passage.source}]\n{passage.text}" for passage in passages)
        parts = -(-len(text) // _PART)
        part = max(1, min(part, parts))
        more = f"\n\n(Part {part} of {parts}.)" if parts > 1 else ""
        return text[(part - 1) * _PART : part * _PART] + more

    def list_documents(self) -> str:
        """List the paths of all documents."""
        return "\n".join(self._documents)


def _words(query: str) -> list[str]:
    words: list[str] = _TERM.findall(f"{query} {_HUMP.sub(' ', query)}" if _HUMP.search(query) else query)
    return [word for word in words if word.lower() not in COMMON_WORDS] or words


def _quoted(word: str) -> str:
    return f'"{word}"'


def _row(passage: Passage) -> tuple[str, str, str]:
    """A passage as it is indexed: a name like `OfflineModel` is found by its words, too, and not where it is imported."""
    text = passage.text if PurePath(passage.path).suffix.lower() in _PROSE else _IMPORT.sub("", passage.text)
    humps = " ".join(name for name in set(_TERM.findall(text)) if _HUMP.search(name))
    return passage.path.replace("/", " "), passage.section, f"{text}\n{_HUMP.sub(' ', humps)}"


__all__ = ["Library"]
