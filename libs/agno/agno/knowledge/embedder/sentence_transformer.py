"""Embeddings on this machine by Sentence Transformers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from agno._io import IO
from agno.knowledge._sdk import LoadedOnce, with_sdk
from agno.knowledge.embedder.base import Embedder, Usage, Vector


@dataclass
class SentenceTransformerEmbedder(Embedder):
    """A model that runs here, with torch; it is downloaded at its first use, or `id` is a folder.

    `dimensions` is what the model gives. `prompt` stands in front of each text. `client_params` are further arguments of
    `SentenceTransformer`, such as `device` or `truncate_dim`. `MiniLMEmbedder` computes the default model without torch.
    """

    id: str = "sentence-transformers/all-MiniLM-L6-v2"
    dimensions: int | None = 384
    prompt: str | None = None
    normalize_embeddings: bool = False
    client_params: dict[str, Any] | None = None
    sentence_transformer_client: Any = None  # a `SentenceTransformer` made elsewhere

    package: ClassVar[str] = "sentence-transformers"
    _local: LoadedOnce = field(default_factory=LoadedOnce, init=False, repr=False, compare=False)

    async def embed_batch(self, io: IO, texts: list[str]) -> tuple[list[Vector], Usage | None]:
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        vectors: list[Vector] = await io.call(self._local.use, self._load, lambda model: self._encoded(model, clean))
        return vectors, None

    def _encoded(self, model: Any, texts: list[str]) -> Any:
        found = model.encode(
            texts, prompt=self.prompt, normalize_embeddings=self.normalize_embeddings, show_progress_bar=False
        )
        return found.astype(float).tolist()

    def _load(self) -> Any:
        given = self.sentence_transformer_client
        return given if given is not None else with_sdk(self, self.package, self._make)

    def _make(self) -> Any:
        import sentence_transformers

        return sentence_transformers.SentenceTransformer(self.id, **(self.client_params or {}))


__all__ = ["SentenceTransformerEmbedder"]
