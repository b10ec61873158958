"""Answers that need no script: moderations and lists of models."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from typing import Any

from agno.testing._wire import texts

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
