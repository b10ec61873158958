"""Rerankers of an Infinity server, over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from agno.knowledge.reranker._sdk import SdkReranker


class InfinityReranker(SdkReranker):
    """A reranking model of an Infinity server at `url`, else at `host` and `port`. It needs no package.

    Other servers with the same request will do: vLLM, llama.cpp (`url="http://host:8080/v1"`), Jina
    (`url="https://api.jina.ai/v1"`). `timeout` is in seconds.
    """

    model: str = "BAAI/bge-reranker-base"
    host: str = "localhost"
    port: int = 7997
    url: str | None = None
    api_key: str | None = None
    verify_ssl: bool = True
    timeout: float = 60.0
    client: Any = None  # an httpx.Client
    async_client: Any = None

    package: ClassVar[str] = "httpx"
    module: ClassVar[str] = "httpx"
    provider: ClassVar[str] = "Infinity"

    def make_client(self) -> Any:
        import httpx

        return httpx.Client(**self._client_arguments())

    def make_async_client(self) -> Any:
        import httpx

        return httpx.AsyncClient(**self._client_arguments())

    def _client_arguments(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return {"headers": headers, "verify": self.verify_ssl, "timeout": self.timeout}

    def request(self, query: str, texts: list[str]) -> dict[str, Any]:
        return {"model": self.model, "query": query, "documents": texts, "return_documents": False}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        address = self.url or f"http://{self.host}:{self.port}"
        return client.post(f"{address.rstrip('/')}/rerank", json=request)

    def parse(self, response: Any) -> Iterable[tuple[int, float]]:
        answer = response.raise_for_status().json()
        return [(one["index"], one["relevance_score"]) for one in answer["results"]]


__all__ = ["InfinityReranker"]
