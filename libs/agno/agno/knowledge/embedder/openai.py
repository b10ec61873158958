"""OpenAI's embeddings, and those of services that speak its protocol."""

from __future__ import annotations

import base64
import os
import struct
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from agno._io import IO, asynchronous, sync
from agno.exceptions import ModelProviderError
from agno.knowledge.embedder._sdk import SdkEmbedder
from agno.knowledge.embedder.base import Usage, Vector, embed_texts

_LARGE = 3072


@dataclass
class OpenAIEmbedder(SdkEmbedder):
    """`OpenAIEmbedder(id="text-embedding-3-small")`; the key comes from `OPENAI_API_KEY` or `api_key=`.

    Left alone, `dimensions` is what the model gives: 1,536, and 3,072 for text-embedding-3-large. `request_params` is
    merged last into every request, `client_params` last into the client's arguments.
    """

    dimensions: int | None = None
    id: str = "text-embedding-3-small"
    encoding_format: str = "float"
    user: str | None = None
    api_key: str | None = None
    organization: str | None = None
    base_url: str | None = None
    request_params: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None
    openai_client: Any = None
    async_client: Any = None

    package: ClassVar[str] = "openai"
    provider: ClassVar[str] = "OpenAI"
    key_variables: ClassVar[tuple[str, ...]] = ("OPENAI_API_KEY",)
    given_clients: ClassVar[tuple[str, str]] = ("openai_client", "async_client")
    url: ClassVar[str | None] = None  # of a service that speaks the protocol
    shortens: ClassVar[str] = "text-embedding-3"  # how the ids of models begin that take `dimensions`

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dimensions is None:
            self.dimensions = _LARGE if self.id == "text-embedding-3-large" else 1536

    def make_client(self) -> Any:
        import openai

        return openai.OpenAI(**self.client_arguments())

    def make_async_client(self) -> Any:
        import openai

        # the SDK's own HTTP client closes itself when it is collected, and fails at that if its loop is gone
        arguments = self.client_arguments()
        if "http_client" not in arguments:
            arguments["http_client"] = openai.DefaultAsyncHttpxClient()
        return openai.AsyncOpenAI(**arguments)

    def address(self) -> str | None:
        """Where requests go; None leaves it to the SDK."""
        return self.base_url or self.url

    def client_arguments(self) -> dict[str, Any]:
        """What both clients are made with. They do not retry: `retries` counts."""
        extra = self.client_params or {}
        key = {} if "api_key" in extra else {"api_key": self.require_key(self.api_key)}
        named = {"organization": self.organization, "base_url": self.address()}
        given = {name: value for name, value in named.items() if value is not None}
        return {**key, "max_retries": 0, **given, **extra}

    def request(self, texts: list[str]) -> dict[str, Any]:
        request: dict[str, Any] = {"input": texts, "model": self.id, "encoding_format": self.encoding_format}
        if self.id.startswith(self.shortens):
            request["dimensions"] = self.dimensions
        if self.user is not None:
            request["user"] = self.user
        return {**request, **(self.request_params or {})}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        return client.embeddings.create(**request)

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        data = getattr(response, "data", None)
        if not data:
            raise ModelProviderError(f"{self.provider} answered without embeddings: is base_url right?", 502)
        found = sorted(data, key=lambda one: one.index if one.index is not None else 0)
        usage = getattr(response, "usage", None)
        return [_floats(one.embedding) for one in found], usage.model_dump(
            exclude_none=True
        ) if usage is not None else None

    async def _vectors(self, io: IO, texts: list[str], batch_size: int = 100) -> list[Vector]:
        """The vectors of texts, in their order."""
        return [one.embedding for one in await embed_texts(io, self, texts, batch_size)]

    get_embeddings_batch, async_get_embeddings_batch = sync(_vectors), asynchronous(_vectors)

    def connection_info(self) -> dict[str, Any] | None:
        base = (self.client_params or {}).get("base_url") or self.address() or os.environ.get("OPENAI_BASE_URL")
        parts = urlsplit(str(base or "https://api.openai.com/v1"))
        public = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
        return {"type": "openai", "base": public.geturl().rstrip("/")}


def _floats(embedding: Any) -> Vector:
    if isinstance(embedding, str):  # base64 of little-endian floats
        packed = base64.b64decode(embedding)
        return list(struct.unpack(f"<{len(packed) // 4}f", packed))
    return list(embedding)


__all__ = ["OpenAIEmbedder"]
