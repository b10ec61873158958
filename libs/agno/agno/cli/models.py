"""Which model the command uses."""

from __future__ import annotations

import os
import socket
from typing import Any
from urllib.parse import urlparse

import httpx

from agno.models.base import Model
from agno.models.utils import get_model

_BY_KEY = (
    ("OPENAI_API_KEY", "openai-chat:gpt-4o"),
    ("ANTHROPIC_API_KEY", "anthropic:claude-sonnet-4-5"),
    ("GOOGLE_API_KEY", "google:gemini-2.0-flash-001"),
)


def chosen_model(given: str | None) -> Model:
    """The model that was asked for; else the first whose key is set, a running Ollama, or the offline model."""
    if given is not None:
        return get_model(given)
    for variable, model in _BY_KEY:
        if os.environ.get(variable):
            return get_model(model)
    name = _ollama_model()
    return get_model(f"ollama:{name}" if name else "offline:offline")


def _ollama_model() -> str | None:
    """The first model of an Ollama server on this machine, or None."""
    address = urlparse(os.environ.get("OLLAMA_HOST") or "http://127.0.0.1:11434")
    host, port = address.hostname or "127.0.0.1", address.port or 11434
    try:
        socket.create_connection((host, port), timeout=0.2).close()
        listing: dict[str, Any] = httpx.get(f"http://{host}:{port}/api/tags", timeout=1).json()
    except (OSError, ValueError, httpx.HTTPError):
        return None
    models = listing.get("models") or []
    return models[0].get("name") if models else None


__all__ = ["chosen_model"]
