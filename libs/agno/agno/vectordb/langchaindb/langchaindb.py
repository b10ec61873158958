"""Search by a vector store or a retriever of LangChain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agno._io import IO
from agno.filters import FilterExpr
from agno.knowledge.document import Document
from agno.vectordb._searching import SearchOnly


class LangChainVectorDb(SearchOnly):
    """Searches what LangChain keeps: `LangChainVectorDb(vectorstore=store)`.

    `search_kwargs` are those of LangChain's retrievers. A `knowledge_retriever` is a retriever of your own, used as it is: how
    many documents it gives, it decides itself, up to the limit. Filters, a dict of equal pairs, are handed to the vector
    store as `filter`; a retriever of your own takes none, so filters are refused then.
    """

    def __init__(
        self,
        vectorstore: Any = None,
        search_kwargs: dict[str, Any] | None = None,
        knowledge_retriever: Any = None,
    ) -> None:
        if vectorstore is None and knowledge_retriever is None:
            raise ValueError("LangChainVectorDb needs vectorstore= or knowledge_retriever=.")
        self.vectorstore, self.knowledge_retriever = vectorstore, knowledge_retriever
        self.search_kwargs = search_kwargs

    async def _found(self, io: IO, query: str, limit: int, filters: Any) -> Sequence[Document]:
        retriever = self._retriever(limit, _checked(filters))
        found = await io.pick(retriever.invoke, retriever.ainvoke, query)
        return [
            Document(content=one.page_content, id=getattr(one, "id", None), meta_data=dict(one.metadata or {}))
            for one in found
        ]

    def _retriever(self, limit: int, filters: dict[str, Any]) -> Any:
        if self.knowledge_retriever is not None:
            if filters:
                raise NotImplementedError(
                    "LangChainVectorDb cannot hand filters to a knowledge_retriever=: give vectorstore= in its place."
                )
            return self.knowledge_retriever
        wanted = {**(self.search_kwargs or {}), "k": limit}
        if filters:
            own = wanted.get("filter") or {}
            if not isinstance(own, dict):
                raise NotImplementedError(
                    "search_kwargs has a filter of its own kind, to which no others can be added."
                )
            if crossed := [key for key in own if key in filters and own[key] != filters[key]]:
                raise ValueError(f"search_kwargs filters by {crossed[0]!r} already, with another value.")
            wanted["filter"] = {**own, **filters}
        return self.vectorstore.as_retriever(search_kwargs=wanted)


def _checked(filters: Any) -> dict[str, Any]:
    """Equal pairs, which nearly every store of LangChain takes."""
    if filters is None or filters == []:
        return {}
    if isinstance(filters, FilterExpr) or not isinstance(filters, dict):
        raise NotImplementedError(
            f"LangChain's stores have no common words for {filters!r}: filter by a dict of values that must be equal."
        )
    return filters


__all__ = ["LangChainVectorDb"]
