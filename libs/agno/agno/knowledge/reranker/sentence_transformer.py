"""Rerankers on this machine by Sentence Transformers."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, PrivateAttr

from agno._io import IO
from agno.knowledge._need import is_installed
from agno.knowledge._sdk import LoadedOnce
from agno.knowledge.reranker.base import Reranker


class SentenceTransformerReranker(Reranker):
    """A cross-encoder that runs here, with torch; it is downloaded at its first use, or `model` is a folder.

    `model_kwargs` go to the model as it is loaded, such as `{"torch_dtype": "float16"}`; `client_params` are further
    arguments of `CrossEncoder`, such as `device`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, populate_by_name=True, protected_namespaces=())

    model: str = "BAAI/bge-reranker-v2-m3"
    model_kwargs: dict[str, Any] | None = None
    client_params: dict[str, Any] | None = None

    package: ClassVar[str] = "sentence-transformers"

    _local: LoadedOnce = PrivateAttr(default_factory=LoadedOnce)

    def model_post_init(self, context: Any) -> None:
        # at once, because later on errors of a reranker are warnings
        super().model_post_init(context)
        if not is_installed("sentence_transformers"):
            raise ImportError(
                "SentenceTransformerReranker needs the package 'sentence-transformers': pip install sentence-transformers"
            )

    async def scores(self, io: IO, query: str, texts: list[str]) -> list[float]:
        pairs = [(query, text.encode("utf-8", "replace").decode()) for text in texts]
        found: list[float] = await io.call(
            self._local.use,
            self._load,
            lambda model: [float(score) for score in model.predict(pairs, show_progress_bar=False)],
        )
        return found

    def _load(self) -> Any:
        import sentence_transformers

        return sentence_transformers.CrossEncoder(
            self.model, model_kwargs=self.model_kwargs, **(self.client_params or {})
        )


__all__ = ["SentenceTransformerReranker"]
