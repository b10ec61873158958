"""`@pause`: a function that waits for a person wherever it is a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from agno.workflow.types import HumanReview

F = TypeVar("F", bound=Callable[..., Any])


@overload
def pause(function: F, /) -> F: ...
@overload
def pause(**review: Any) -> Callable[[F], F]: ...
def pause(function: Any = None, /, **review: Any) -> Any:
    """Decorator: people are asked before the function runs as a step, by default for confirmation.

    Takes what `HumanReview` takes: `@pause(requires_user_input=True, user_input_message="Which city?")`.
    """
    wanted = HumanReview(**review)
    if not wanted.asks and "requires_confirmation" not in review:  # a message or on_reject= alone still waits
        wanted.requires_confirmation = True

    def mark(marked: Any) -> Any:
        marked.agno_review = wanted
        return marked

    return mark if function is None else mark(function)


__all__ = ["pause"]
