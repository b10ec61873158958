"""Answers that need no script: embeddings, moderations and lists of models."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Callable, Collection, Sequence
from typing import Any

from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.testing._wire import texts
from agno.testing.script import Turn

CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
Moderate = Callable[[str], Collection[str]]


def moderation(body: Any, moderate: Moderate) -> dict[str, Any]:
    """OpenAI's answer on texts; `moderate` names the categories that a text falls into."""
    given = body.get("input", "")
    parts = given if isinstance(given, list) and all(isinstance(part, str) for part in given) else [texts(given)]
    return {
        "id": "modr-scripted",
        "model": body.get("model", "omni-moderation-latest"),
        "results": [_judged(part, moderate(part)) for part in parts],
    }


def _judged(text: str, found: Collection[str]) -> dict[str, Any]:
    unknown = sorted(set(found) - set(CATEGORIES))
    if unknown:
        raise AssertionError(f"There is no moderation category {unknown[0]!r}; there are {', '.join(CATEGORIES)}.")
    return {
        "flagged": bool(found),
        "categories": {name: name in found for name in CATEGORIES},
        "category_scores": {name: 0.99 if name in found else 0.001 for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] if name in found else [] for name in CATEGORIES},
    }


Embed = Callable[[list[str]], Sequence[Sequence[float]] | Turn]


def embeddings(body: Any, embed: Embed | None) -> dict[str, Any] | Turn:
    """OpenAI's answer on texts: by `embed`, or else hashed words. A turn that fails is given back."""
    given = body.get("input", [])
    parts = [given] if isinstance(given, str) else list(given)
    vectors = (embed or _hashed(body.get("dimensions")))(parts)
    if isinstance(vectors, Turn):
        return vectors
    packed = body.get("encoding_format") == "base64"
    listed = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else list(vector)}
        for index, vector in enumerate(vectors)
    ]
    tokens = sum(len(part) // 4 + 1 for part in parts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": body.get("model", "scripted"), "data": listed, "usage": usage}


def _hashed(dimensions: int | None) -> Embed:
    embedder = HashingEmbedder(dimensions or 1536)
    return lambda parts: embedder.get_embeddings_batch_and_usage(parts)[0]


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def openai_models(names: Sequence[str]) -> dict[str, Any]:
    """OpenAI's list of models."""
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "scripted"} for name in names]
    return {"object": "list", "data": listed}


def ollama_tags(names: Sequence[str]) -> dict[str, Any]:
    """Ollama's list of models."""
    details = {"format": "gguf", "family": "llama", "parameter_size": "1B", "quantization_level": "Q4_0"}
    return {
        "models": [
            {
                "name": name,
                "model": name,
                "modified_at": "2025-01-01T00:00:00Z",
                "size": 1_000_000_000,
                "digest": hashlib.sha256(name.encode()).hexdigest(),
                "details": {**details, "parent_model": "", "families": ["llama"]},
            }
            for name in names
        ]
    }
