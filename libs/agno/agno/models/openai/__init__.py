"""OpenAI's models, and those that speak its chat protocol."""

from agno.models.openai.chat import OpenAIChat
from agno.models.openai.like import OpenAILike

__all__ = ["OpenAIChat", "OpenAILike"]
