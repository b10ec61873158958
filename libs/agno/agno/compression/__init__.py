"""Keeping long tool results out of the model's context."""

from agno.compression.manager import CompressionManager

__all__ = ["CompressionManager"]
