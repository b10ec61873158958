"""Embeddings of Nebius AI Studio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from agno.knowledge.embedder.openai import OpenAIEmbedder


@dataclass
class NebiusEmbedder(OpenAIEmbedder):
    """Models of Nebius AI Studio; the key comes from `NEBIUS_API_KEY` or `api_key=`."""

    id: str = "BAAI/bge-en-icl"
    dimensions: int | None = 1024

    provider: ClassVar[str] = "Nebius"
    key_variables: ClassVar[tuple[str, ...]] = ("NEBIUS_API_KEY",)
    url: ClassVar[str | None] = "https://api.studio.nebius.com/v1/"


__all__ = ["NebiusEmbedder"]
