"""OpenAI's embeddings in Azure."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from agno.knowledge.embedder.openai import OpenAIEmbedder


@dataclass
class AzureOpenAIEmbedder(OpenAIEmbedder):
    """A deployment of an embedding model in Azure.

    What is not given comes from the environment: `AZURE_EMBEDDER_OPENAI_API_KEY`, `AZURE_EMBEDDER_OPENAI_ENDPOINT`,
    `AZURE_EMBEDDER_OPENAI_API_VERSION` (else 2024-10-21) and `AZURE_EMBEDDER_DEPLOYMENT` (else the `id`). In the place of
    a key stands a token of Entra ID (`azure_ad_token`, or a function that gives one).
    """

    dimensions: int | None = 1536
    api_version: str | None = None
    azure_endpoint: str | None = None
    azure_deployment: str | None = None
    azure_ad_token: str | None = None
    azure_ad_token_provider: Callable[[], Any] | None = None

    provider: ClassVar[str] = "Azure OpenAI"
    key_variables: ClassVar[tuple[str, ...]] = ("AZURE_EMBEDDER_OPENAI_API_KEY",)

    def make_client(self) -> Any:
        import openai

        return openai.AzureOpenAI(**self.client_arguments())

    def make_async_client(self) -> Any:
        import openai

        arguments = self.client_arguments()
        if "http_client" not in arguments:
            arguments["http_client"] = openai.DefaultAsyncHttpxClient()
        return openai.AsyncAzureOpenAI(**arguments)

    def client_arguments(self) -> dict[str, Any]:
        extra = self.client_params or {}
        named = {
            "api_version": self.api_version or os.environ.get("AZURE_EMBEDDER_OPENAI_API_VERSION") or "2024-10-21",
            "organization": self.organization,
            "azure_ad_token": self.azure_ad_token,
            "azure_ad_token_provider": self.azure_ad_token_provider,
            **self._place(),
        }
        given = {name: value for name, value in named.items() if value is not None}
        if not {"azure_ad_token", "azure_ad_token_provider", "api_key"} & {*given, *extra} or self.api_key:
            given["api_key"] = self.require_key(self.api_key)
        return {"max_retries": 0, **given, **extra}

    def address(self) -> str | None:
        place = self._place()
        return place.get("base_url") or place.get("azure_endpoint")

    def _place(self) -> dict[str, str | None]:
        """Where the deployment is: a base URL says it all, else an endpoint and a name."""
        if self.base_url:
            return {"base_url": self.base_url}
        extra = self.client_params or {}
        endpoint = self.azure_endpoint or os.environ.get("AZURE_EMBEDDER_OPENAI_ENDPOINT")
        if not endpoint and not {"azure_endpoint", "base_url"} & extra.keys():
            raise ValueError(
                "AzureOpenAIEmbedder has no endpoint: set AZURE_EMBEDDER_OPENAI_ENDPOINT in the environment or give "
                "azure_endpoint=."
            )
        deployment = self.azure_deployment or os.environ.get("AZURE_EMBEDDER_DEPLOYMENT")
        return {"azure_endpoint": endpoint, "azure_deployment": deployment}


__all__ = ["AzureOpenAIEmbedder"]
