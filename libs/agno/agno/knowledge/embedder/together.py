"""Embeddings of Together AI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from agno.knowledge.embedder.openai import OpenAIEmbedder


@dataclass
class TogetherEmbedder(OpenAIEmbedder):
    """Models of Together AI; the key comes from `TOGETHER_API_KEY` or `api_key=`."""

    id: str = "togethercomputer/m2-bert-80M-32k-retrieval"
    dimensions: int | None = 768

    provider: ClassVar[str] = "Together"
    key_variables: ClassVar[tuple[str, ...]] = ("TOGETHER_API_KEY",)
    url: ClassVar[str | None] = "https://api.together.xyz/v1"


__all__ = ["TogetherEmbedder"]
