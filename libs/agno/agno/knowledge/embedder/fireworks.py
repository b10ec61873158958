"""Embeddings of Fireworks AI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from agno.knowledge.embedder.openai import OpenAIEmbedder


@dataclass
class FireworksEmbedder(OpenAIEmbedder):
    """Models of Fireworks AI; the key comes from `FIREWORKS_API_KEY` or `api_key=`."""

    id: str = "nomic-ai/nomic-embed-text-v1.5"
    dimensions: int | None = 768

    provider: ClassVar[str] = "Fireworks"
    key_variables: ClassVar[tuple[str, ...]] = ("FIREWORKS_API_KEY",)
    url: ClassVar[str | None] = "https://api.fireworks.ai/inference/v1"


__all__ = ["FireworksEmbedder"]
