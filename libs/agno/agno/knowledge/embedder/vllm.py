"""Embeddings of vLLM: of its server, or of a model in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from agno._io import IO
from agno.knowledge._sdk import LoadedOnce, with_sdk
from agno.knowledge.embedder.base import Usage, Vector
from agno.knowledge.embedder.openai import OpenAIEmbedder


@dataclass
class VLLMEmbedder(OpenAIEmbedder):
    """With `base_url`, a server of vLLM (`vllm serve MODEL --runner pooling`); without it, the model is loaded here.

    `vllm_kwargs` are further arguments of `vllm.LLM`. A server that asks for a key gets `VLLM_API_KEY` or `api_key=`.
    """

    id: str = "intfloat/e5-mistral-7b-instruct"
    dimensions: int | None = 4096
    enforce_eager: bool = True
    vllm_kwargs: dict[str, Any] | None = None
    vllm_client: Any = None  # a `vllm.LLM` made elsewhere

    provider: ClassVar[str] = "vLLM"
    key_variables: ClassVar[tuple[str, ...]] = ("VLLM_API_KEY",)
    default_key: ClassVar[str | None] = "EMPTY"

    _local: LoadedOnce = field(default_factory=LoadedOnce, init=False, repr=False, compare=False)

    async def embed_batch(self, io: IO, texts: list[str]) -> tuple[list[Vector], Usage | None]:
        if self.base_url or self.openai_client or self.async_client or (self.client_params or {}).get("base_url"):
            return await super().embed_batch(io, texts)
        found: tuple[list[Vector], Usage | None] = await io.call(
            self._local.use, self._load, lambda model: _read(model.embed(texts))
        )
        return found

    def _load(self) -> Any:
        if self.vllm_client is not None:
            return self.vllm_client
        return with_sdk(self, "vllm", self._make)

    def _make(self) -> Any:
        import vllm

        settings = {"runner": "pooling", "enforce_eager": self.enforce_eager, **(self.vllm_kwargs or {})}
        return vllm.LLM(model=self.id, **settings)


def _read(answers: Any) -> tuple[list[Vector], Usage]:
    tokens = sum(len(answer.prompt_token_ids or ()) for answer in answers)
    return [list(answer.outputs.embedding) for answer in answers], {"prompt_tokens": tokens, "total_tokens": tokens}


__all__ = ["VLLMEmbedder"]
