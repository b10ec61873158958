"""Embeddings on this machine by FastEmbed, without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from agno._io import IO
from agno.knowledge._sdk import LoadedOnce, with_sdk
from agno.knowledge.embedder.base import Embedder, Usage, Vector


@dataclass
class FastEmbedEmbedder(Embedder):
    """A model that FastEmbed runs here; it is downloaded at its first use. `dimensions` is what the model gives.

    `client_params` are further arguments of `fastembed.TextEmbedding`, such as `cache_dir` or `specific_model_path`.
    """

    id: str = "BAAI/bge-small-en-v1.5"
    dimensions: int | None = 384
    client_params: dict[str, Any] | None = None
    fastembed_client: Any = None  # a `TextEmbedding` made elsewhere

    package: ClassVar[str] = "fastembed"
    _local: LoadedOnce = field(default_factory=LoadedOnce, init=False, repr=False, compare=False)

    async def embed_batch(self, io: IO, texts: list[str]) -> tuple[list[Vector], Usage | None]:
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        vectors: list[Vector] = await io.call(
            self._local.use, self._load, lambda model: [v.astype(float).tolist() for v in model.embed(clean)]
        )
        return vectors, None

    def _load(self) -> Any:
        return self.fastembed_client if self.fastembed_client is not None else with_sdk(self, self.package, self._make)

    def _make(self) -> Any:
        import fastembed

        return fastembed.TextEmbedding(model_name=self.id, **(self.client_params or {}))


__all__ = ["FastEmbedEmbedder"]
