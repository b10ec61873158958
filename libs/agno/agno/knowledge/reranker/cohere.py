"""Cohere's rerankers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agno.knowledge.reranker._sdk import SdkReranker


class CohereReranker(SdkReranker):
    """A reranking model of Cohere; the key comes from `CO_API_KEY`, `COHERE_API_KEY` or `api_key=`.

    `client_params` are further arguments of the client, such as `base_url` or `timeout` in seconds.
    """

    model: str = "rerank-multilingual-v3.0"
    api_key: str | None = None
    client_params: dict[str, Any] | None = None
    cohere_client: Any = None
    async_client: Any = None

    package: ClassVar[str] = "cohere"
    module: ClassVar[str] = "cohere"
    provider: ClassVar[str] = "Cohere"
    key_variables: ClassVar[tuple[str, ...]] = ("CO_API_KEY", "COHERE_API_KEY")
    given_clients: ClassVar[tuple[str, str]] = ("cohere_client", "async_client")

    def make_client(self) -> Any:
        import cohere

        return cohere.ClientV2(**self._client_arguments())

    def make_async_client(self) -> Any:
        import cohere

        return cohere.AsyncClientV2(**self._client_arguments())

    def _client_arguments(self) -> dict[str, Any]:
        extra = self.client_params or {}
        return {"api_key": extra.get("api_key") or self.require_key(self.api_key), **extra}

    def request(self, query: str, texts: list[str]) -> dict[str, Any]:
        return {"model": self.model, "query": query, "documents": texts, "request_options": {"max_retries": 0}}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        return client.rerank(**request)

    def parse(self, response: Any) -> Iterable[tuple[int, float]]:
        return [(one.index, one.relevance_score) for one in response.results]


__all__ = ["CohereReranker"]
