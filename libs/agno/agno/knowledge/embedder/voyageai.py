"""Embeddings of Voyage AI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from agno.knowledge.embedder._sdk import SdkEmbedder
from agno.knowledge.embedder.base import Usage, Vector


@dataclass
class VoyageAIEmbedder(SdkEmbedder):
    """Embeddings of Voyage AI; the key comes from `VOYAGE_API_KEY` or `api_key=`.

    `timeout` is in seconds, `max_retries` is how often a failure that may pass is tried again, in the place of `retries`.
    `request_params` is merged last into every request (`input_type`, `output_dimension`), `client_params` last into the
    client's arguments.
    """

    id: str = "voyage-2"
    dimensions: int | None = 1024
    api_key: str | None = None
    base_url: str | None = None
    max_retries: int | None = None
    timeout: float | None = None
    request_params: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None
    voyage_client: Any = None
    async_client: Any = None

    package: ClassVar[str] = "voyageai"
    provider: ClassVar[str] = "Voyage AI"
    key_variables: ClassVar[tuple[str, ...]] = ("VOYAGE_API_KEY",)
    given_clients: ClassVar[tuple[str, str]] = ("voyage_client", "async_client")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_retries is not None:
            self.retries = self.max_retries

    def make_client(self) -> Any:
        return _sdk().Client(**self._client_arguments())

    def make_async_client(self) -> Any:
        return _sdk().AsyncClient(**self._client_arguments())

    def _client_arguments(self) -> dict[str, Any]:
        extra = self.client_params or {}
        named = {"base_url": self.base_url, "timeout": self.timeout}
        given = {name: value for name, value in named.items() if value is not None}
        return {"api_key": extra.get("api_key") or self.require_key(self.api_key), **given, **extra}

    def request(self, texts: list[str]) -> dict[str, Any]:
        return {"texts": texts, "model": self.id, **(self.request_params or {})}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        return client.embed(**request)

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        return [list(map(float, vector)) for vector in response.embeddings], {"total_tokens": response.total_tokens}


def _sdk() -> Any:
    import voyageai

    return voyageai


__all__ = ["VoyageAIEmbedder"]
