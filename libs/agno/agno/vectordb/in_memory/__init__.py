"""Vectors in this process, without a package."""

from agno.vectordb.in_memory.in_memory import InMemoryVectorDb

__all__ = ["InMemoryVectorDb"]
