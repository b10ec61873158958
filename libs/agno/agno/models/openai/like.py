"""Providers that speak OpenAI's chat protocol."""

from __future__ import annotations

from dataclasses import dataclass, field

from agno.models.openai.chat import OpenAIChat


@dataclass
class OpenAILike(OpenAIChat):
    """Any server with OpenAI's chat completions: give `id`, `base_url` and `api_key`."""

    id: str = "not-provided"
    name: str | None = "OpenAILike"
    provider: str | None = None
    api_key: str | None = "not-provided"
    role_map: dict[str, str] | None = field(default_factory=lambda: {"system": "system"})


__all__ = ["OpenAILike"]
