"""The API of OpenAI, for programs that know no other."""

from agno.os.interfaces.openai.openai import OpenAIApi

__all__ = ["OpenAIApi"]
