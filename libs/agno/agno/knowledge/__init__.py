"""What agents can look up: reading content, cutting it into chunks, storing and searching them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agno.knowledge.knowledge import Knowledge


def __getattr__(name: str) -> Any:
    if name == "Knowledge":  # at its first use: a reader or a document needs none of it
        return getattr(import_module("agno.knowledge.knowledge"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Knowledge"]
