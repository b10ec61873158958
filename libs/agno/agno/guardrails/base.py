"""What a guardrail is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from agno.utils.rebuild import Rebuildable


class BaseGuardrail(Rebuildable, ABC):
    """A check of a run's input. Use it in `pre_hooks`; raise InputCheckError to refuse."""

    @abstractmethod
    def check(self, run_input: Any) -> None:
        """Look at the input, in sync runs."""

    async def async_check(self, run_input: Any) -> None:
        """Look at the input, in async runs; the same as `check` unless overridden."""
        self.check(run_input)


def text_of(run_input: Any) -> str:
    """The text that a guardrail looks at."""
    read = getattr(run_input, "input_content_string", None)
    return read() if read is not None else str(run_input)


__all__ = ["BaseGuardrail", "text_of"]
