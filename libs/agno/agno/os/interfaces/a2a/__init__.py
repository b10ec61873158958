"""A2A, the protocol between agents (versions 1.x and 0.3)."""

from agno.os.interfaces.a2a.a2a import A2A

__all__ = ["A2A"]
