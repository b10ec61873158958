"""Google's embeddings: Gemini and Vertex AI."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

from agno.knowledge.embedder._sdk import SdkEmbedder
from agno.knowledge.embedder.base import Usage, Vector


@dataclass
class GeminiEmbedder(SdkEmbedder):
    """Embeddings of Gemini; the key comes from `GOOGLE_API_KEY` or `api_key=`.

    With `vertexai` (or `GOOGLE_GENAI_USE_VERTEXAI`) they come from Vertex AI, from `project_id` and `location` (else
    `GOOGLE_CLOUD_PROJECT` and `GOOGLE_CLOUD_LOCATION`). `task_type` says what the vectors are for, such as
    RETRIEVAL_DOCUMENT. `request_params` is merged last into the config of every request, `client_params` last into the
    client's arguments.
    """

    id: str = "gemini-embedding-exp-03-07"
    dimensions: int | None = 1536
    task_type: str | None = "RETRIEVAL_QUERY"
    title: str | None = None
    api_key: str | None = None
    vertexai: bool = False
    project_id: str | None = None
    location: str | None = None
    request_params: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None
    gemini_client: Any = None

    package: ClassVar[str] = "google-genai"
    provider: ClassVar[str] = "Google"
    key_variables: ClassVar[tuple[str, ...]] = ("GOOGLE_API_KEY",)
    given_clients: ClassVar[tuple[str, str]] = ("gemini_client", "gemini_client")

    def make_client(self) -> Any:
        import google.genai as genai

        return genai.Client(**self._client_arguments())

    def make_async_client(self) -> Any:
        return _Async(self.make_client())

    def get_async_client(self) -> Any:
        return _Async(self.gemini_client) if self.gemini_client is not None else super().get_async_client()

    def _client_arguments(self) -> dict[str, Any]:
        extra = {"http_options": {}, **(self.client_params or {})}
        if isinstance(options := extra["http_options"], dict):
            # one attempt: `retries` counts, and the SDK's own pauses would add to it
            extra["http_options"] = {"retry_options": {"attempts": 1}, **options}
        if self.vertexai or os.environ.get("GOOGLE_GENAI_USE_VERTEXAI", "").lower() in ("true", "1"):
            place = {
                "project": self.project_id or os.environ.get("GOOGLE_CLOUD_PROJECT"),
                "location": self.location or os.environ.get("GOOGLE_CLOUD_LOCATION"),
            }
            return {"vertexai": True, **({"api_key": self.api_key} if self.api_key else place), **extra}
        return {**extra, "api_key": extra.get("api_key") or self.require_key(self.api_key)}

    def request(self, texts: list[str]) -> dict[str, Any]:
        named = {"task_type": self.task_type, "title": self.title, "output_dimensionality": self.dimensions}
        config = {name: value for name, value in named.items() if value is not None}
        return {"model": self.id, "contents": texts, "config": {**config, **(self.request_params or {})}}

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        return client.models.embed_content(**request)

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        found = response.embeddings or []
        return [list(one.values or ()) for one in found], _usage(response, found)


class _Async:
    """The asynchronous part of a client, which would close itself if nobody kept the whole."""

    def __init__(self, client: Any) -> None:
        self.whole = client
        self.models = client.aio.models

    async def aclose(self) -> None:
        await self.whole.aio.aclose()
        self.whole.close()


def _usage(response: Any, found: list[Any]) -> Usage | None:
    """Vertex AI counts tokens for each text, Gemini for a request, if at all."""
    counted = getattr(response, "usage_metadata", None)
    tokens = getattr(counted, "prompt_token_count", None)
    if tokens is None:
        each = [
            one.statistics.token_count for one in found if one.statistics and one.statistics.token_count is not None
        ]
        tokens = int(sum(each)) if each else None
    return None if tokens is None else {"prompt_tokens": tokens, "total_tokens": tokens}


__all__ = ["GeminiEmbedder"]
