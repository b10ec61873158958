"""Mistral's embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from agno.knowledge.embedder._sdk import SdkEmbedder
from agno.knowledge.embedder.base import Usage, Vector


@dataclass
class MistralEmbedder(SdkEmbedder):
    """Embeddings of Mistral; the key comes from `MISTRAL_API_KEY` or `api_key=`.

    `endpoint` is another address, `timeout` is in seconds, `max_retries` is how often a failure that may pass is tried
    again, in the place of `retries`. `request_params` is merged last into every request, `client_params` last into the
    client's arguments.
    """

    id: str = "mistral-embed"
    dimensions: int | None = 1024
    api_key: str | None = None
    endpoint: str | None = None
    max_retries: int | None = None
    timeout: float | None = None
    request_params: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None
    mistral_client: Any = None  # has both colours

    package: ClassVar[str] = "mistralai"
    provider: ClassVar[str] = "Mistral"
    key_variables: ClassVar[tuple[str, ...]] = ("MISTRAL_API_KEY",)
    given_clients: ClassVar[tuple[str, str]] = ("mistral_client", "mistral_client")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_retries is not None:
            self.retries = self.max_retries

    def make_client(self) -> Any:
        return _sdk().Mistral(**self._client_arguments())

    make_async_client = make_client

    def _client_arguments(self) -> dict[str, Any]:
        extra = self.client_params or {}
        milliseconds = None if self.timeout is None else int(self.timeout * 1000)
        named = {"server_url": self.endpoint, "timeout_ms": milliseconds}
        given = {name: value for name, value in named.items() if value is not None}
        return {"api_key": extra.get("api_key") or self.require_key(self.api_key), **given, **extra}

    def request(self, texts: list[str]) -> dict[str, Any]:
        return {"model": self.id, "inputs": texts, **(self.request_params or {})}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        return client.embeddings.create(**request)

    async def _aask(self, request: dict[str, Any]) -> Any:
        return await self.get_async_client().embeddings.create_async(**request)

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        found = sorted(response.data, key=lambda one: one.index or 0)
        usage = response.usage
        counts = {"prompt_tokens": usage.prompt_tokens, "total_tokens": usage.total_tokens} if usage else None
        return [list(one.embedding or ()) for one in found], counts


def _sdk() -> Any:
    """The module with the client, which moved in version 2."""
    try:
        from mistralai import client

        return client if hasattr(client, "Mistral") else _older()
    except ImportError:
        return _older()


def _older() -> Any:
    import mistralai

    if not hasattr(mistralai, "Mistral"):
        raise ImportError("mistralai has no client")
    return mistralai


__all__ = ["MistralEmbedder"]
