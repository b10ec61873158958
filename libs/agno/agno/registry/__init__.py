"""What stored components refer to by name."""

from agno.registry.registry import Registry

__all__ = ["Registry"]
