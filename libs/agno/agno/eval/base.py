"""What an evaluation is that runs beside an agent: give one in `pre_hooks` or `post_hooks`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class BaseEval(ABC):
    """An evaluation of a run's input or output. The run goes on whatever it finds, unless it raises a check error.

    Sync runs call `pre_check` and `post_check`, async runs their twins. What is refused is said by an `InputCheckError`
    or an `OutputCheckError`; other errors are logged, and the run goes on.
    """

    @abstractmethod
    def pre_check(self, run_input: Any) -> None:
        """Look at what the caller gave, before the model is asked."""

    @abstractmethod
    async def async_pre_check(self, run_input: Any) -> None:
        """`pre_check` in async runs."""

    @abstractmethod
    def post_check(self, run_output: Any) -> None:
        """Look at what the run gives, before the caller has it."""

    @abstractmethod
    async def async_post_check(self, run_output: Any) -> None:
        """`post_check` in async runs."""


__all__ = ["BaseEval"]
