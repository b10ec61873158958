"""Answers kept in files. The key covers everything that is sent: messages, media, tools, settings, format."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from agno.models.response import ModelResponse

if TYPE_CHECKING:
    from agno.models.base import Model

_DEFAULT_DIR = Path.home() / ".agno" / "cache" / "model_responses"
_VOLATILE = frozenset({"id", "created_at", "metrics", "from_history", "add_to_agent_memory"})


class ResponseCache:
    """The place of one request's answer."""

    def __init__(self, model: Model, arguments: dict[str, Any], stream: bool) -> None:
        directory = Path(model.cache_dir) if model.cache_dir else _DEFAULT_DIR
        self.path = directory / f"{_key(model, arguments, stream)}.json"
        self.ttl = model.cache_ttl

    @classmethod
    def of(cls, model: Model, arguments: dict[str, Any], *, stream: bool) -> ResponseCache | None:
        """The cache of this request, or None if the model keeps none."""
        return cls(model, arguments, stream) if model.cache_response else None

    def read(self) -> list[ModelResponse] | None:
        """The kept parts of the answer, or None."""
        try:
            kept = msgspec.json.decode(self.path.read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        if self.ttl is not None and time.time() - kept["timestamp"] > self.ttl:
            self.path.unlink(missing_ok=True)
            return None
        return [ModelResponse.from_dict(part) for part in kept["parts"]]

    def write(self, parts: list[ModelResponse]) -> None:
        """Keep an answer; a reader never sees half a file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{os.getpid()}")
        content = {"timestamp": time.time(), "parts": [part.to_dict() for part in parts]}
        draft.write_bytes(msgspec.json.encode(content, enc_hook=str))
        draft.replace(self.path)


def _key(model: Model, arguments: dict[str, Any], stream: bool) -> str:
    settings = {
        f.name: getattr(model, f.name)
        for f in fields(model)
        if f.name not in model.client_fields and not f.name.startswith(("cache_", "api_key", "retr", "delay_"))
    }
    messages = [{k: v for k, v in m.to_dict().items() if k not in _VOLATILE} for m in arguments["messages"]]
    response_format = arguments["response_format"]
    if isinstance(response_format, type):
        response_format = response_format.model_json_schema()  # type: ignore[attr-defined]  # a pydantic class
    sent = [
        type(model).__name__,
        settings,
        messages,
        arguments["tools"],
        arguments["tool_choice"],
        response_format,
        stream,
    ]
    return hashlib.sha256(msgspec.json.encode(sent, enc_hook=str, order="sorted")).hexdigest()


__all__ = ["ResponseCache"]
