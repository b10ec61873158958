"""What a scripted model says: turns, written as a test reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from agno.models.message import Citations, Message
from agno.models.metrics import Metrics
from agno.utils.ids import new_id


@dataclass(frozen=True)
class Call:
    """A tool call that the model asks for."""

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"call_{new_id()[:8]}")

    @property
    def text(self) -> str:
        """The arguments as JSON text; text is sent as it is, so it may be broken."""
        return self.arguments if isinstance(self.arguments, str) else msgspec.json.encode(self.arguments).decode()


@dataclass(frozen=True)
class Turn:
    """One answer of the model."""

    text: str | None = None
    calls: tuple[Call, ...] = ()
    reasoning: str | None = None
    parsed: Any = None
    citations: Citations | None = None
    usage: Metrics = field(default_factory=lambda: Metrics(input_tokens=10, output_tokens=5, total_tokens=15))
    error: Exception | None = None  # raised instead of an answer, or after `break_after` pieces of it
    break_after: int = 0
    latency: float = 0.0  # seconds before the first piece
    chunk_size: int = 4  # characters in a streamed piece

    def with_(self, **changes: Any) -> Turn:
        """The same turn with other facts."""
        return replace(self, **changes)


Scripted = Turn | Callable[[list[Message]], Turn]


def says(text: str, **facts: Any) -> Turn:
    """The model answers with text."""
    return Turn(text=text, **facts)


def call(name: str, **arguments: Any) -> Call:
    """A tool call, for `wants`."""
    return Call(name, arguments)


def wants(*calls: str | Call, **arguments: Any) -> Turn:
    """The model asks for tools: `wants("add", a=1, b=2)`, or several: `wants(call("add", a=1), call("now"))`."""
    made = [Call(item, arguments) if isinstance(item, str) else item for item in calls]
    return Turn(calls=tuple(made))


def fails(error: Exception, *, after: int = 0, text: str | None = None) -> Turn:
    """The request fails; in a stream `after` so many pieces of `text`."""
    return Turn(text=text, error=error, break_after=after)


__all__ = ["Call", "Scripted", "Turn", "call", "fails", "says", "wants"]
