"""Embeddings of Jina AI, over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from agno.knowledge.embedder._sdk import SdkEmbedder
from agno.knowledge.embedder.base import Usage, Vector


@dataclass
class JinaEmbedder(SdkEmbedder):
    """Embeddings of Jina AI; the key comes from `JINA_API_KEY` or `api_key=`. It needs no package.

    With `late_chunking` the texts of one batch are read as one document, in whose light each is embedded. `timeout` is in
    seconds. `request_params` is merged last into every request, `client_params` last into the arguments of httpx.
    """

    id: str = "jina-embeddings-v3"
    dimensions: int | None = 1024
    embedding_type: str = "float"
    late_chunking: bool = False
    user: str | None = None
    api_key: str | None = None
    base_url: str = "https://api.jina.ai/v1/embeddings"
    headers: dict[str, str] | None = None
    timeout: float | None = None
    request_params: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None
    client: Any = None  # an httpx.Client
    async_client: Any = None

    package: ClassVar[str] = "httpx"
    provider: ClassVar[str] = "Jina"
    key_variables: ClassVar[tuple[str, ...]] = ("JINA_API_KEY",)

    def make_client(self) -> Any:
        import httpx

        return httpx.Client(**self._client_arguments())

    def make_async_client(self) -> Any:
        import httpx

        return httpx.AsyncClient(**self._client_arguments())

    def _client_arguments(self) -> dict[str, Any]:
        key = self.require_key(self.api_key)
        headers = {"Authorization": f"Bearer {key}", **(self.headers or {})}
        return {"headers": headers, "timeout": self.timeout or 60.0, **(self.client_params or {})}

    def request(self, texts: list[str]) -> dict[str, Any]:
        named = {
            "dimensions": self.dimensions,
            "embedding_type": self.embedding_type,
            "late_chunking": self.late_chunking or None,
            "user": self.user,
        }
        given = {name: value for name, value in named.items() if value is not None}
        return {"model": self.id, "input": texts, **given, **(self.request_params or {})}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        return client.post(self.base_url, json=request)

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        answer = response.raise_for_status().json()
        found = sorted(answer["data"], key=lambda one: one["index"])
        return [one["embedding"] for one in found], answer.get("usage")


__all__ = ["JinaEmbedder"]
