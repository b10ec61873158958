"""Cohere's embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from agno.knowledge.embedder._sdk import SdkEmbedder
from agno.knowledge.embedder.base import Usage, Vector

_DIMENSIONS = {"embed-english-light-v3.0": 384, "embed-multilingual-light-v3.0": 384, "embed-v4.0": 1536}


@dataclass
class CohereEmbedder(SdkEmbedder):
    """Embeddings of Cohere; the key comes from `CO_API_KEY`, `COHERE_API_KEY` or `api_key=`.

    Left alone, `dimensions` is what the model gives: 1,024 for most, 384 for the light ones; embed-v4.0 takes a wish.
    `input_type` says what the vectors are for, such as search_document. `request_params` is merged last into every
    request, `client_params` last into the client's arguments.
    """

    id: str = "embed-english-v3.0"
    dimensions: int | None = None
    batch_size: int = 96  # the most that Cohere takes
    input_type: str = "search_query"
    embedding_types: list[str] | None = None
    api_key: str | None = None
    request_params: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None
    cohere_client: Any = None
    async_client: Any = None

    package: ClassVar[str] = "cohere"
    provider: ClassVar[str] = "Cohere"
    key_variables: ClassVar[tuple[str, ...]] = ("CO_API_KEY", "COHERE_API_KEY")
    given_clients: ClassVar[tuple[str, str]] = ("cohere_client", "async_client")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._shortened = self.dimensions is not None and self.id.startswith("embed-v4")
        if self.dimensions is None:
            self.dimensions = _DIMENSIONS.get(self.id, 1024)

    def make_client(self) -> Any:
        import cohere

        return cohere.ClientV2(**self._client_arguments())

    def make_async_client(self) -> Any:
        import cohere

        return cohere.AsyncClientV2(**self._client_arguments())

    def _client_arguments(self) -> dict[str, Any]:
        extra = self.client_params or {}
        return {"api_key": extra.get("api_key") or self.require_key(self.api_key), **extra}

    def request(self, texts: list[str]) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.id,
            "texts": texts,
            "input_type": self.input_type,
            "embedding_types": self.embedding_types or ["float"],
            "request_options": {"max_retries": 0},
        }
        if self._shortened:
            request["output_dimension"] = self.dimensions
        return {**request, **(self.request_params or {})}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        return client.embed(**request)

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        units = response.meta.billed_units if response.meta else None
        tokens = getattr(units, "input_tokens", None)
        return _vectors(response.embeddings), None if tokens is None else {"input_tokens": int(tokens)}


def _vectors(embeddings: Any) -> list[Vector]:
    """The first type that was asked for: floats, else whole numbers."""
    if isinstance(embeddings, list):
        return embeddings
    for kind in ("float_", "float", "int8", "uint8", "binary", "ubinary"):
        if found := getattr(embeddings, kind, None):
            return [[float(number) for number in vector] for vector in found]
    return []


__all__ = ["CohereEmbedder"]
