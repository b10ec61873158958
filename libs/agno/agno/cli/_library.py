"""A store of passages as tools for an agent."""

from __future__ import annotations

from typing import Any

import msgspec

from agno.cli._passage_store import PassageStore
from agno.knowledge.document import Document
from agno.tools.toolkit import Toolkit

_INSTRUCTIONS = (
    "Answer from the documents only. Search first; search again with other words if the passages do not answer. "
    "Quote the passage that carries the answer and name its source exactly as given, for example `docs/a.md:12-18`. "
    "If the documents do not say it, say so."
)
_PART = 12_000  # characters of a document in one answer


class Library(Toolkit):
    """The tools `search_documents`, `read_document` and `list_documents`."""

    def __init__(self, store: PassageStore, paths: list[str]) -> None:
        self._store, self._paths = store, paths
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
        hits = self._store.find(query, max(1, min(limit, 50))) if query.strip() else []
        found = [_described(hit.record.document(), hit.score or 0.0) for hit in hits]
        return msgspec.json.encode(found).decode()

    def read_document(self, path: str, part: int = 1) -> str:
        """Read a document. A long one comes in parts.

        Args:
            path: Its path, as `list_documents` gives it.
            part: Which part; 1 is the first.
        """
        passages = self._store.passages_of(path) if path in self._paths else []
        if not passages:
            return f"There is no document {path!r}; list_documents gives the paths."
        text = "\n\n".join(f"[{_source(passage)}]\n{passage.content}" for passage in passages)
        parts = -(-len(text) // _PART)
        part = max(1, min(part, parts))
        more = f"\n\n(Part {part} of {parts}.)" if parts > 1 else ""
        return text[(part - 1) * _PART : part * _PART] + more

    def list_documents(self) -> str:
        """List the paths of all documents."""
        return "\n".join(self._paths)


def _described(passage: Document, score: float) -> dict[str, Any]:
    described = {"source": _source(passage), "section": passage.meta_data.get("section"), "text": passage.content}
    return {name: value for name, value in described.items() if value} | {"score": round(score, 3)}


def _source(passage: Document) -> str:
    return f"{passage.name}{passage.meta_data.get('place', '')}"


__all__ = ["Library"]
