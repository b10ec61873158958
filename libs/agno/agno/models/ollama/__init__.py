"""Models that an Ollama server runs."""

from agno.models.ollama.chat import Ollama, OllamaTools

__all__ = ["Ollama", "OllamaTools"]
