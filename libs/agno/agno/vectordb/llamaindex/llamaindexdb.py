"""Search by a retriever of LlamaIndex."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agno._io import IO
from agno.knowledge.document import Document
from agno.vectordb._searching import SearchOnly


class LlamaIndexVectorDb(SearchOnly):
    """Searches what LlamaIndex keeps: `LlamaIndexVectorDb(knowledge_retriever=index.as_retriever())`.

    How many nodes it finds, the retriever decides itself, up to the limit. It takes no filters, so they are refused: give
    them to the retriever. A `loader` is called once, before the first search.
    """

    def __init__(self, knowledge_retriever: Any, loader: Callable[[], Any] | None = None) -> None:
        if not hasattr(knowledge_retriever, "retrieve"):
            raise ValueError(
                f"{knowledge_retriever!r} is no retriever of LlamaIndex: give index.as_retriever(), which has retrieve()."
            )
        self.knowledge_retriever, self.loader = knowledge_retriever, loader
        self._is_loaded = loader is None

    async def _found(self, io: IO, query: str, limit: int, filters: Any) -> Sequence[Document]:
        if filters:
            raise NotImplementedError("LlamaIndexVectorDb takes no filters: give them to the retriever.")
        if not self._is_loaded and self.loader is not None:
            await io.call(self.loader)
            self._is_loaded = True
        retriever = self.knowledge_retriever
        awaited = getattr(retriever, "aretrieve", None)
        found = await (io.pick(retriever.retrieve, awaited, query) if awaited else io.call(retriever.retrieve, query))
        return [
            Document(content=one.node.get_content(), id=one.node.node_id, meta_data=dict(one.node.metadata or {}))
            for one in found
        ]


__all__ = ["LlamaIndexVectorDb"]
