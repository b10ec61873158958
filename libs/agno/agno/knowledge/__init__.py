"""What agents can look up: reading content, cutting it into chunks, storing and searching them."""

from typing import Any

from agno.utils.later import later

_knowledge = later("agno.knowledge.knowledge")


def __getattr__(name: str) -> Any:
    if name == "Knowledge":  # lies above this room, but users look for it here
        return _knowledge.Knowledge
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ()  # `Knowledge` comes at its first use
