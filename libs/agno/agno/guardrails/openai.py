"""OpenAI's moderation of the input."""

from __future__ import annotations

import os
from typing import Any

from agno.exceptions import CheckTrigger, InputCheckError, ModelAuthenticationError
from agno.guardrails.base import BaseGuardrail, text_of


class OpenAIModerationGuardrail(BaseGuardrail):
    """Asks OpenAI's moderation model, one request a run. Refuses flagged input: any category, or those listed."""

    def __init__(
        self,
        moderation_model: str = "omni-moderation-latest",
        raise_for_categories: list[str] | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
    ) -> None:
        self.moderation_model = moderation_model
        self.raise_for_categories = raise_for_categories
        self.api_key = api_key
        self.base_url = base_url

    def _settings(self) -> dict[str, Any]:
        key = self.api_key or os.environ.get("OPENAI_API_KEY")
        if not key:
            raise ModelAuthenticationError("OpenAIModerationGuardrail has no key: set OPENAI_API_KEY or pass api_key=.")
        return {"api_key": key, "base_url": self.base_url}

    def check(self, run_input: Any) -> None:
        with _sdk().OpenAI(**self._settings()) as client:
            self._judge(client.moderations.create(model=self.moderation_model, input=text_of(run_input)))

    async def async_check(self, run_input: Any) -> None:
        async with _sdk().AsyncOpenAI(**self._settings()) as client:
            self._judge(await client.moderations.create(model=self.moderation_model, input=text_of(run_input)))

    def _judge(self, response: Any) -> None:
        result = response.results[0]
        flagged = [name for name, value in result.categories.model_dump().items() if value]
        if self.raise_for_categories is not None:
            flagged = [name for name in flagged if name in self.raise_for_categories]
        elif result.flagged and not flagged:
            flagged = ["flagged"]
        if flagged:
            raise InputCheckError(
                f"The input was refused by moderation ({', '.join(flagged)}).",
                check_trigger=CheckTrigger.INPUT_NOT_ALLOWED,
                additional_data={"categories": flagged},
            )


def _sdk() -> Any:
    try:
        import openai
    except ImportError as error:
        raise ImportError("OpenAIModerationGuardrail needs `openai`. Install it with: pip install openai") from error
    return openai


__all__ = ["OpenAIModerationGuardrail"]
