"""Models by name."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

from agno.models.base import Model

# provider key -> module and class; the modules are imported when they are asked for
PROVIDERS = {
    "openai": ("agno.models.openai", "OpenAIResponses"),
    "openai-responses": ("agno.models.openai", "OpenAIResponses"),
    "openai-chat": ("agno.models.openai", "OpenAIChat"),
    "openai-like": ("agno.models.openai", "OpenAILike"),
    "anthropic": ("agno.models.anthropic", "Claude"),
    "google": ("agno.models.google", "Gemini"),
    "gemini": ("agno.models.google", "Gemini"),
    "ollama": ("agno.models.ollama", "Ollama"),
    "offline": ("agno.models.offline", "OfflineModel"),
}


def get_model(model: Any, model_provider: str | None = None) -> Model:
    """A model from an instance, from `"provider:model_id"`, or from an id and a provider. Raises ValueError otherwise."""
    if isinstance(model, Model):
        return model
    if isinstance(model, type):
        raise ValueError(f"A model is an instance, not the class {model.__name__}: write {model.__name__}().")
    if not isinstance(model, str):
        raise ValueError(f"A model is a Model or a text such as 'openai:gpt-4o', not {type(model).__name__}.")
    provider, model_id = model_provider, model
    if provider is None:
        provider, _, model_id = model.partition(":")
        if not provider.strip() or not model_id.strip():
            raise ValueError(f"{model!r} is no model: write provider:model_id, for example 'openai:gpt-4o'.")
    key = provider.strip().lower()
    if key not in PROVIDERS:
        near = get_close_matches(key, PROVIDERS, 1, cutoff=0.75)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"Unknown model provider {provider!r}. {hint}Providers: {', '.join(sorted(PROVIDERS))}.")
    module, name = PROVIDERS[key]
    found: Model = getattr(import_module(module), name)(id=model_id.strip())
    return found


__all__ = ["PROVIDERS", "get_model"]
