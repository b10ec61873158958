"""Embeddings of any server that speaks OpenAI's protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from agno.knowledge.embedder.openai import OpenAIEmbedder


@dataclass
class OpenAILikeEmbedder(OpenAIEmbedder):
    """`OpenAILikeEmbedder(id="...", dimensions=..., base_url="http://host/v1")`; `dimensions` is what the model gives."""

    id: str = "not-provided"

    provider: ClassVar[str] = "The server at base_url"
    key_variables: ClassVar[tuple[str, ...]] = ()
    default_key: ClassVar[str | None] = "not-provided"

    def address(self) -> str | None:
        address = super().address()
        if address is None and not (self.client_params or {}).get("base_url"):
            raise ValueError(f"{type(self).__name__} does not know where to ask: give base_url='http://host/v1'.")
        return address


__all__ = ["OpenAILikeEmbedder"]
