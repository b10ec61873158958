"""Full-text search over passages, by SQLite's FTS5 (BM25), as tools for an agent."""

from __future__ import annotations

import re
import sqlite3
import threading

import msgspec

from agno.cli.documents import Passage
from agno.tools.toolkit import Toolkit

_TERM = re.compile(r"\w+")
_INSTRUCTIONS = (
    "Answer from the documents only. Search first; search again with other words if the passages do not answer. "
    "Quote the passage that carries the answer and name its source exactly as given, for example `docs/a.md:12-18`."
)
_STOP = frozenset(["a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "how", "i", "in", "is", "it", "of", "on", "or", "that", "the", "this", "to", "was", "what", "when", "where", "which", "who", "why", "with"])  # fmt: skip


class Library(Toolkit):
    """The tools `search_documents`, `read_document` and `list_documents`."""

    blocking = False  # an index in memory: quicker than a thread

    def __init__(self, passages: list[Passage]) -> None:
        self._passages = passages
        self._lock = threading.Lock()
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute("CREATE VIRTUAL TABLE passages USING fts5(path, text, tokenize='porter unicode61')")
        rows = [(passage.path.replace("/", " "), passage.text) for passage in passages]
        self._index.executemany("INSERT INTO passages (path, text) VALUES (?, ?)", rows)
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
        words = [w for w in _TERM.findall(query) if w.lower() not in _STOP] or _TERM.findall(query)
        if not words:
            return "[]"
        terms = " OR ".join(f'"{word}"' for word in words)
        statement = (
            "SELECT rowid, -bm25(passages, 0.5, 1.0) FROM passages WHERE passages MATCH ? ORDER BY 2 DESC LIMIT ?"
        )
        with self._lock:
            rows = self._index.execute(statement, (terms, max(1, min(limit, 50)))).fetchall()
        found = [
            {"source": self._passages[row - 1].source, "text": self._passages[row - 1].text, "score": round(score, 3)}
            for row, score in rows
        ]
        return msgspec.json.encode(found).decode()

    def read_document(self, path: str) -> str:
        """Read a whole document.

        Args:
            path: Its path, as `list_documents` gives it.
        """
        parts = [p.text for p in self._passages if p.path == path]
        return "\n\n".join(parts) if parts else f"There is no document {path!r}; list_documents gives the paths."

    def list_documents(self) -> str:
        """List the paths of all documents."""
        return "\n".join(dict.fromkeys(p.path for p in self._passages))


__all__ = ["Library"]
