"""What the managers of memories, culture, learnings and summaries share: a model that works for them, and a database."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from agno._io import IO
from agno.models._loop import Exchange, converse
from agno.models.base import Model
from agno.models.defaults import DEFAULT_OPENAI_MODEL_ID
from agno.models.message import Message
from agno.models.utils import get_model
from agno.tools.function import Function
from agno.utils.log import log_warning

M = TypeVar("M", bound="Manager")


class Manager:
    """Base of dataclasses with a `model`, and a `db` unless they store nothing themselves.

    An agent fills in what a manager lacks, on a copy for each run (`for_run`), so one manager serves many runs.
    """

    model: Model | str | None
    db: Any
    _no_db: ClassVar[str] = ""  # what is said where there is no database

    def _copy_for_run(self: M, *, model: Any, db: Any = None, **facts: Any) -> M:
        """A copy with the model and the database that this one lacks, and with further private attributes."""
        twin = copy.copy(self)
        twin.model = self.model if self.model is not None else model
        if "db" in self.__dict__:
            twin.db = self.db if self.db is not None else db
        twin.__dict__.update(facts, _spent=[])
        return twin

    @property
    def spent(self) -> list[Message]:
        """What the model said to a copy made for a run; its metrics are what that cost. Elsewhere nothing is kept."""
        found: list[Message] | None = self.__dict__.get("_spent")
        return [] if found is None else found

    def get_model(self) -> Model:
        """The model that is asked: the one that is set, else OpenAI's default chat model."""
        return get_model(self.model if self.model is not None else f"openai-chat:{DEFAULT_OPENAI_MODEL_ID}")

    def _has_db(self) -> bool:
        """True if there is a database; else a warning says what to do."""
        if self.db is None:
            log_warning(self._no_db)
        return self.db is not None

    async def _let_work(
        self, io: IO, messages: list[Message], tools: Mapping[str, Function], *, limit: int, strict: bool = True
    ) -> str:
        """Let the model call tools, at most `limit` times, until it answers. Returns its last words."""
        start = len(messages)
        exchange = Exchange(
            io=io,
            model=self.get_model(),
            messages=messages,
            functions=tools,
            tools=[{"type": "function", "function": tool.definition(strict=strict)} for tool in tools.values()],
            tool_call_limit=limit,
        )
        try:
            await converse(exchange)
        finally:
            self.spent.extend(messages[start:])
        return str(exchange.response.content or "")


def conversation_text(messages: Sequence[Message]) -> str:
    """What user and assistant said, a line for each message, without history."""
    kept = [m for m in messages if m.role in ("user", "assistant") and m.content and not m.from_history]
    return "\n".join(f"{m.role.capitalize()}: {m.get_content_string()}" for m in kept)


__all__ = ["Manager", "conversation_text"]
