"""Answers kept in files. The key covers everything that is sent: messages, media, tools, settings, format."""

from __future__ import annotations

import hashlib
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from agno.models.response import ModelResponse
from agno.utils.ids import new_id

if TYPE_CHECKING:
    from agno.models.base import Model

_DEFAULT_DIR = Path.home() / ".agno" / "cache" / "model_responses"
_VOLATILE = frozenset({"id", "created_at", "metrics", "from_history", "add_to_agent_memory"})


class ResponseCache:
    """The file that keeps the answer to one request."""

    def __init__(self, model: Model, arguments: dict[str, Any], *, stream: bool) -> None:
        directory = Path(model.cache_dir) if model.cache_dir else _DEFAULT_DIR
        self.path = directory / f"{_key(model, arguments, stream)}.json"
        self.ttl = model.cache_ttl

    def read(self) -> list[ModelResponse] | None:
        """The parts of the kept answer; None if there is none, or it is older than `cache_ttl` seconds."""
        try:
            kept = msgspec.json.decode(self.path.read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        if self.ttl is not None and time.time() - kept["timestamp"] > self.ttl:
            self.path.unlink(missing_ok=True)
            return None
        return [ModelResponse.from_dict(part) for part in kept["parts"]]

    def write(self, parts: list[ModelResponse]) -> None:
        """Keep an answer. The file appears at once, so that a reader never sees half of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{new_id()}")  # its own: two threads may keep the same answer at once
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
