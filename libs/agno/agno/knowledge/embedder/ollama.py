"""Embeddings of an Ollama server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from agno.knowledge.embedder._sdk import SdkEmbedder
from agno.knowledge.embedder.base import Usage, Vector


@dataclass
class OllamaEmbedder(SdkEmbedder):
    """A model that an Ollama server runs, at `host` (else `OLLAMA_HOST`, else this machine).

    `dimensions` is what the model gives. `options` are those of the model; `request_params` is merged last into every
    request, `client_kwargs` last into the client's arguments.
    """

    id: str = "openhermes"
    dimensions: int | None = 4096
    host: str | None = None
    timeout: Any = None
    options: Any = None
    request_params: dict[str, Any] | None = None
    client_kwargs: dict[str, Any] | None = None
    ollama_client: Any = None
    async_client: Any = None

    package: ClassVar[str] = "ollama"
    provider: ClassVar[str] = "Ollama"
    given_clients: ClassVar[tuple[str, str]] = ("ollama_client", "async_client")

    def make_client(self) -> Any:
        import ollama

        return ollama.Client(**self._client_arguments())

    def make_async_client(self) -> Any:
        import ollama

        return ollama.AsyncClient(**self._client_arguments())

    def _client_arguments(self) -> dict[str, Any]:
        named = {"host": self.host, "timeout": self.timeout}
        given = {name: value for name, value in named.items() if value is not None}
        return {**given, **(self.client_kwargs or {})}

    def request(self, texts: list[str]) -> dict[str, Any]:
        options = {} if self.options is None else {"options": self.options}
        return {"model": self.id, "input": texts, **options, **(self.request_params or {})}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        return client.embed(**request)

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        tokens = response.prompt_eval_count
        usage = None if tokens is None else {"prompt_tokens": tokens, "total_tokens": tokens}
        return [list(vector) for vector in response.embeddings], usage


__all__ = ["OllamaEmbedder"]
