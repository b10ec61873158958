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
    ("GEMINI_API_KEY", "google:gemini-2.0-flash-001"),
)
_OLLAMA_PORT = 11434


def chosen_model(given: str | None) -> Model:
    """The model that was asked for; else the first whose key is set, a running Ollama, or the offline model.

    Raises ValueError for a name that is none, ImportError without its SDK, ModelAuthenticationError without a key.
    """
    model = get_model(given if given is not None else _first_at_hand())
    if (client_of := getattr(model, "get_client", None)) is not None:
        client_of()  # a missing key is told before anything is read or typed
    return model


def _first_at_hand() -> str:
    for variable, model in _BY_KEY:
        if os.environ.get(variable):
            return model
    name = _ollama_model()
    return f"ollama:{name}" if name else "offline:offline"


def _ollama_model() -> str | None:
    """The first model of a running Ollama server, or None."""
    host, port, scheme = _ollama_address(os.environ.get("OLLAMA_HOST") or "")
    try:
        socket.create_connection((host, port), timeout=0.3).close()
        listing: dict[str, Any] = httpx.get(f"{scheme}://{_bracketed(host)}:{port}/api/tags", timeout=2).json()
        models = listing.get("models") or []
        return models[0].get("name") if models else None
    except (OSError, ValueError, AttributeError, httpx.HTTPError, httpx.InvalidURL):
        return None  # another server, or none


def _ollama_address(host: str) -> tuple[str, int, str]:
    """Host, port and scheme of what Ollama takes as OLLAMA_HOST: `http://box:11434`, `box:11434`, `box`."""
    parts = urlparse(host if "://" in host else f"http://{host}")
    try:
        port = parts.port
    except ValueError:
        port = None
    name = parts.hostname or "127.0.0.1"
    return "127.0.0.1" if name == "0.0.0.0" else name, port or _OLLAMA_PORT, parts.scheme or "http"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


__all__ = ["chosen_model"]
