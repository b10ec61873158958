"""The port of rerankers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, field_validator

from agno._io import ASYNC, IO, SYNC, drive
from agno.knowledge._arguments import whole
from agno.knowledge.document import Document
from agno.utils.log import log_warning


class Reranker(BaseModel):
    """Orders documents by how well they answer a query. A reranker of your own overrides `scores`, or `rerank`.

    `top_n` is how many are kept, all without it. If the scores cannot be had, the documents stay as they are: the search
    has found something, and a worse order is better than nothing.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, populate_by_name=True)

    top_n: int | None = None

    @field_validator("top_n")
    @classmethod
    def _keeps_some(cls, value: int | None) -> int | None:
        if value is not None:
            whole(cls.__name__, "top_n", value)
        return value

    async def scores(self, io: IO, query: str, texts: list[str]) -> list[float]:
        """How well each text answers the query, more is better."""
        raise NotImplementedError(f"{type(self).__name__} has no `scores`: a reranker overrides it.")

    async def _rerank(self, io: IO, query: str, documents: list[Document]) -> list[Document]:
        """The documents with their `reranking_score`, best first."""
        if not documents:
            return []
        if type(self).rerank is not Reranker.rerank:  # a reranker that overrides `rerank` alone
            own: list[Document] = await io.call(self.rerank, query, documents)
            return own
        try:
            scores = await self.scores(io, query, [document.content for document in documents])
        except NotImplementedError:
            raise
        except Exception as error:  # a border: a service that may be down
            log_warning(f"{type(self).__name__} failed, the documents stay in their order: {error}")
            return documents
        if len(scores) != len(documents):
            log_warning(
                f"{type(self).__name__} scored {len(scores)} of {len(documents)} documents: they stay as they are."
            )
            return documents
        for document, score in zip(documents, scores, strict=True):
            document.reranking_score = score
        ranked = sorted(documents, key=lambda document: document.reranking_score or 0.0, reverse=True)
        return ranked if self.top_n is None else ranked[: self.top_n]

    # written out, because pydantic takes an attribute made by `sync(...)` for a field

    def rerank(self, query: str, documents: list[Document]) -> list[Document]:
        """The documents with their `reranking_score`, best first."""
        return drive(self._rerank(SYNC, query, documents))

    async def arerank(self, query: str, documents: list[Document]) -> list[Document]:
        """The same, awaited."""
        return await self._rerank(ASYNC, query, documents)


__all__ = ["Reranker"]
