"""Default model ids."""

DEFAULT_OPENAI_MODEL_ID = "gpt-4o"
