"""Embeddings of a llama.cpp server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from agno.knowledge.embedder.openai import OpenAIEmbedder


@dataclass
class LlamaCppEmbedder(OpenAIEmbedder):
    """The model of `llama-server --embeddings`, on this machine or at `base_url`; `dimensions` is what the model gives."""

    id: str = "default"  # the server has one model, whatever it is called

    provider: ClassVar[str] = "llama.cpp"
    key_variables: ClassVar[tuple[str, ...]] = ()
    default_key: ClassVar[str | None] = "not-provided"
    url: ClassVar[str | None] = "http://127.0.0.1:8080/v1"


__all__ = ["LlamaCppEmbedder"]
