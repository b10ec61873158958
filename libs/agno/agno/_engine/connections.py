"""What a run records of the services it used: never a key, never a password."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from agno._engine.context import Run

_RECORDED = ("base", "version", "type", "deployment_name")  # of what `connection_info()` gives; nothing else is kept


def note_connections(run: Run) -> None:
    """Put where the model, and the embedder of the knowledge, are reached onto the output. The facts `last_run_api_…`
    of a session are read from there."""
    found = {"api": connection(run.model)}
    if run.context.knowledge is not None:
        found["embedder"] = _embedder(run.context.knowledge)
    elif not found["api"]:
        return
    if known := {name: facts for name, facts in found.items() if facts}:
        run.output.model_provider_data = {**(run.output.model_provider_data or {}), **known}


def connection(service: Any) -> dict[str, Any]:
    """Where a model or an embedder is reached, as far as it says so."""
    tell = getattr(service, "connection_info", None)
    told: dict[str, Any] = (tell() if tell is not None else None) or {}
    if not told:
        return told
    facts = {name: told[name] for name in _RECORDED if told.get(name) is not None}
    if "base" in facts:
        facts["base"] = _public(str(facts["base"]))
    return facts


def _embedder(knowledge: Any) -> dict[str, Any]:
    used = getattr(getattr(knowledge, "vector_db", None), "embedder", None)
    if used is None:
        return {}
    provider = getattr(used, "provider", None) or type(used).__name__
    return {"name": getattr(used, "id", None), "provider": provider, **connection(used)}


def _public(url: str) -> str:
    """The address without user, password and query."""
    if "@" not in url and "?" not in url and "#" not in url:
        return url
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


__all__ = ["connection", "note_connections"]
