"""Language models. Import the provider's package: `from agno.models.openai import OpenAIChat`."""
