"""Google's models."""

from agno.models.google.gemini import Gemini

__all__ = ["Gemini"]
