"""Models by name."""

from __future__ import annotations

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
    if not isinstance(model, str):
        raise ValueError(f"A model is a Model or a text such as 'openai:gpt-4o', not {type(model).__name__}.")
    provider, model_id = model_provider, model
    if provider is None:
        provider, separator, model_id = model.partition(":")
        if not separator or not provider or not model_id:
            raise ValueError(f"{model!r} is no model: write provider:model_id, for example 'openai:gpt-4o'.")
    key = provider.strip().lower()
    if key not in PROVIDERS:
        raise ValueError(f"Unknown model provider {provider!r}. Providers: {', '.join(sorted(PROVIDERS))}.")
    module, name = PROVIDERS[key]
    found: Model = getattr(import_module(module), name)(id=model_id.strip())
    return found


__all__ = ["PROVIDERS", "get_model"]
