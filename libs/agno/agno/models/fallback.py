"""Other models to try when the main one fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agno.exceptions import ContextWindowExceededError, ModelRateLimitError
from agno.models.base import Model


@dataclass
class FallbackConfig:
    """Which models to try, in order, after which error of the main model.

    `on_rate_limit` and `on_context_overflow` serve their errors; `on_error` serves all others, and also these two where
    their own list is empty. `callback(primary id, fallback id, error)` hears of every change, in either colour.
    """

    on_error: Sequence[Model | str] = field(default_factory=list)
    on_rate_limit: Sequence[Model | str] = field(default_factory=list)
    on_context_overflow: Sequence[Model | str] = field(default_factory=list)
    callback: Callable[[str, str, Exception], Any] | None = None

    def models_for(self, error: Exception) -> Sequence[Model | str]:
        """The models to try after an error; none if the configuration does not say."""
        chosen: Sequence[Model | str] = ()
        if isinstance(error, ModelRateLimitError):
            chosen = self.on_rate_limit
        elif isinstance(error, ContextWindowExceededError):
            chosen = self.on_context_overflow
        return chosen or self.on_error


__all__ = ["FallbackConfig"]
