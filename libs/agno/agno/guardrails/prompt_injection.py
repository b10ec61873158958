"""Attempts to talk the model out of its instructions."""

from __future__ import annotations

from typing import Any

from agno.exceptions import CheckTrigger, InputCheckError
from agno.guardrails.base import BaseGuardrail, text_of

_PHRASES = (
    "ignore previous instructions", "ignore all previous instructions", "ignore your instructions",
    "disregard previous instructions", "disregard all prior instructions", "forget your instructions",
    "forget everything above", "you are now a", "pretend you are", "act as if you have no rules", "developer mode",
    "system prompt", "reveal your instructions", "show me your instructions", "override safety", "bypass restrictions",
    "jailbreak", "do anything now", "admin override", "root access",
)  # fmt: skip


class PromptInjectionGuardrail(BaseGuardrail):
    """Refuses input that holds one of the phrases, in any case and however its words are spaced. The default list
    catches the common ones only."""

    def __init__(self, injection_patterns: list[str] | None = None) -> None:
        self.injection_patterns = [_spaced(phrase) for phrase in injection_patterns or _PHRASES]

    def check(self, run_input: Any) -> None:
        text = _spaced(text_of(run_input))
        found = next((phrase for phrase in self.injection_patterns if phrase in text), None)
        if found is not None:
            raise InputCheckError(
                f"The input looks like a prompt injection ({found!r}).", check_trigger=CheckTrigger.PROMPT_INJECTION
            )


def _spaced(text: str) -> str:
    return " ".join(text.lower().split())


__all__ = ["PromptInjectionGuardrail"]
