"""What agents can look up: reading content, cutting it into chunks, storing and searching them."""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "Knowledge":  # lies above this room, but users look for it here
        return getattr(import_module("agno.knowledge.knowledge"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ()  # `Knowledge` comes at its first use
