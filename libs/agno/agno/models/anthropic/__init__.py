"""Anthropic's models."""

from agno.models.anthropic.claude import Claude

__all__ = ["Claude"]
