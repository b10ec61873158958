"""Servers that speak OpenAI's protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from agno.models.openai.chat import OpenAIChat


@dataclass
class OpenAILike(OpenAIChat):
    """A model behind a server that speaks chat completions, at `base_url`.

    For a provider of its own, subclass it and state `id`, `name`, `provider`, `base_url`, `api_key = None` and
    `key_variables`; the other settings are those of `OpenAIChat`.
    """

    id: str = "not-provided"
    name: str | None = "OpenAILike"
    provider: str | None = None
    api_key: str | None = "not-provided"

    roles: ClassVar[dict[str, str]] = {"developer": "system", "model": "assistant"}
    # OpenRouter wants the details of the reasoning back, Gemini its signatures of tool calls
    echoes: ClassVar[frozenset[str]] = frozenset({"reasoning_details", "extra_content"})

    @property
    def native_reasoning(self) -> bool:  # type: ignore[override]  # depends on the id
        return "deepseek-r1" in self.id.lower()


__all__ = ["OpenAILike"]
