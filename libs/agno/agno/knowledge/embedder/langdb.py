"""Embeddings through LangDB's gateway."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

from agno.exceptions import ModelAuthenticationError
from agno.knowledge.embedder.openai import OpenAIEmbedder

_HOST = "https://api.us-east-1.langdb.ai"


@dataclass
class LangDBEmbedder(OpenAIEmbedder):
    """Models that LangDB's gateway knows.

    The key comes from `LANGDB_API_KEY` or `api_key=`, the project from `LANGDB_PROJECT_ID` or `project_id=`. `label`
    marks the requests in LangDB's traces.
    """

    id: str = "text-embedding-ada-002"
    dimensions: int | None = 1536
    project_id: str | None = None
    label: str | None = None

    provider: ClassVar[str] = "LangDB"
    key_variables: ClassVar[tuple[str, ...]] = ("LANGDB_API_KEY",)

    def address(self) -> str | None:
        if self.base_url:
            return self.base_url
        project = self.project_id or os.environ.get("LANGDB_PROJECT_ID")
        if not project:
            raise ModelAuthenticationError(
                "LangDBEmbedder has no project: set LANGDB_PROJECT_ID in the environment or give project_id=."
            )
        return f"{os.environ.get('LANGDB_API_BASE_URL') or _HOST}/{project}/v1"

    def client_arguments(self) -> dict[str, Any]:
        headers = {"default_headers": {"x-label": self.label}} if self.label else {}
        return {**headers, **super().client_arguments()}


__all__ = ["LangDBEmbedder"]
