"""OpenAI's models, and every server that speaks the same protocol."""

from agno.models.openai.chat import OpenAIChat
from agno.models.openai.like import OpenAILike
from agno.models.openai.responses import OpenAIResponses

__all__ = ["OpenAIChat", "OpenAILike", "OpenAIResponses"]
