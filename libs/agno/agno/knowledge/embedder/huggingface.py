"""Embeddings of models that Hugging Face runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from agno.knowledge.embedder._sdk import SdkEmbedder
from agno.knowledge.embedder.base import Usage, Vector


@dataclass
class HuggingfaceCustomEmbedder(SdkEmbedder):
    """A model of the Hugging Face hub, by its inference service; the key comes from `HUGGINGFACE_API_KEY` or `api_key=`.

    `id` is a model or the URL of an endpoint of your own; `dimensions` is what it gives. `request_params` is merged last
    into every request, `client_params` last into the client's arguments.
    """

    id: str = "intfloat/multilingual-e5-large"
    dimensions: int | None = 1024
    api_key: str | None = None
    request_params: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None
    huggingface_client: Any = None
    async_client: Any = None

    package: ClassVar[str] = "huggingface-hub"
    provider: ClassVar[str] = "Hugging Face"
    key_variables: ClassVar[tuple[str, ...]] = ("HUGGINGFACE_API_KEY", "HF_TOKEN")
    given_clients: ClassVar[tuple[str, str]] = ("huggingface_client", "async_client")

    def make_client(self) -> Any:
        import huggingface_hub

        return huggingface_hub.InferenceClient(**self._client_arguments())

    def make_async_client(self) -> Any:
        import huggingface_hub

        return huggingface_hub.AsyncInferenceClient(**self._client_arguments())

    def _client_arguments(self) -> dict[str, Any]:
        extra = self.client_params or {}
        key = {} if {"api_key", "token"} & extra.keys() else {"api_key": self.require_key(self.api_key)}
        return {**key, **extra}

    def request(self, texts: list[str]) -> dict[str, Any]:
        return {"text": texts, "model": self.id, **(self.request_params or {})}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        return client.feature_extraction(**request)

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        """A vector for each text; of models that give one for each token, their mean."""
        means = response.mean(axis=1) if response.ndim == 3 else response
        vectors: list[Vector] = (means.reshape(1, -1) if means.ndim == 1 else means).astype(float).tolist()
        return vectors, None


__all__ = ["HuggingfaceCustomEmbedder"]
