"""Shortens tool results with a model, before they fill the context."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from agno._io import IO, asynchronous, sync
from agno.models._loop import Exchange, converse
from agno.models.base import Model
from agno.models.message import Message
from agno.models.utils import get_model
from agno.utils.log import log_exception

DEFAULT_LIMIT = 3
_CHARACTERS_PER_TOKEN = 4  # an estimate: every provider counts differently, and asking costs a request
_MOST_KNOWN = 1_000  # short texts that a manager keeps
_PROMPT = """Shorten the result of a tool so that a model can go on working with it.
Keep every fact it may need: names, numbers with their units, dates, ids, links, quotations, error texts.
Leave out phrases, repetition, markup and navigation. Write notes instead of sentences. Add nothing. Give the notes only."""


@dataclass
class CompressionManager:
    """Writes `compressed_content` on tool messages; the model reads that, the stored text stays as it was.

    `compress_tool_results_limit`: so many results of the run that were not shortened yet are shortened together (3 if
    neither limit is given). `compress_token_limit`: shorten when the messages have about so many tokens. `stats` counts
    what all runs together shortened: results, and characters before and after.
    """

    model: Model | str | None = None  # of the run, if left out
    compress_tool_results: bool = True
    compress_tool_results_limit: int | None = None
    compress_token_limit: int | None = None
    compress_tool_call_instructions: str | None = None
    stats: dict[str, int] = field(default_factory=dict)

    def should_compress(
        self, messages: list[Message], tools: list[Any] | None = None, model: Any = None, response_format: Any = None
    ) -> bool:
        """True if one of the limits is reached and there is something to shorten."""
        if not self.compress_tool_results or not _open(messages):
            return False
        if self.compress_token_limit is not None and estimated_tokens(messages, tools) >= self.compress_token_limit:
            return True
        limit = self.compress_tool_results_limit
        if limit is None and self.compress_token_limit is None:
            limit = DEFAULT_LIMIT
        return limit is not None and sum(not message.from_history for message in _open(messages)) >= limit

    async def ashould_compress(
        self, messages: list[Message], tools: list[Any] | None = None, model: Any = None, response_format: Any = None
    ) -> bool:
        """`should_compress` for asyncio."""
        return self.should_compress(messages, tools, model, response_format)

    async def _compress(
        self, io: IO, messages: list[Message], model: Model | str | None = None, spent: list[Message] | None = None
    ) -> None:
        """Shorten every tool result among the messages. One that cannot be shortened stays whole, with a log line.

        What the model said is added to `spent`.
        """
        chosen = self.model or model
        if chosen is None:
            raise ValueError("CompressionManager has no model to shorten with: give CompressionManager(model=...).")
        found = spent if spent is not None else []
        await io.gather(*[self._shorten(io, get_model(chosen), message, found) for message in _open(messages)])

    compress = sync(_compress)
    acompress = asynchronous(_compress)

    async def _shorten(self, io: IO, model: Model, message: Message, spent: list[Message]) -> None:
        text = message.get_content_string()
        if (known := self._known.get(message.id)) is not None:
            message.compressed_content = known
            return
        asked = f"Tool: {message.tool_name}\nResult:\n{text}"
        prompt = self.compress_tool_call_instructions or _PROMPT
        exchange = Exchange(
            io=io,
            model=model,
            messages=[Message(role="system", content=prompt), Message(role="user", content=asked)],
        )
        try:
            await converse(exchange)
        except Exception:
            log_exception(f"the result of tool {message.tool_name!r} could not be shortened; it is sent as it is")
            return
        spent.append(exchange.messages[-1])
        if shorter := str(exchange.response.content or "").strip():
            message.compressed_content = shorter
            self._count(len(text), len(shorter))
            self._remember(message)

    @property
    def _known(self) -> dict[str, str]:
        """Short texts by the id of their message: a result of an earlier run, which is stored whole, is shortened once."""
        known: dict[str, str] = self.__dict__.setdefault("_shortened", {})
        return known

    def _remember(self, message: Message) -> None:
        known = self._known
        known[message.id] = message.compressed_content or ""
        for oldest in list(known)[: max(0, len(known) - _MOST_KNOWN)]:
            known.pop(oldest, None)

    def _count(self, before: int, after: int) -> None:
        for name, more in (("tool_results_compressed", 1), ("original_size", before), ("compressed_size", after)):
            self.stats[name] = self.stats.get(name, 0) + more


def _open(messages: list[Message]) -> list[Message]:
    """Tool results that are not shortened yet."""
    return [m for m in messages if m.tool_call_id is not None and m.compressed_content is None and m.content]


def as_compressed(messages: list[Message]) -> list[Message]:
    """The messages as the model reads them: shortened results in the place of whole ones."""
    return [
        m if m.compressed_content is None else m.model_copy(update={"content": m.compressed_content}) for m in messages
    ]


def estimated_tokens(messages: list[Message], tools: list[Any] | None = None) -> int:
    """About how many tokens a request has."""
    characters = sum(len(m.compressed_content or m.get_content_string()) for m in messages)
    characters += sum(len(str(m.tool_calls)) for m in messages if m.tool_calls)
    if tools:
        characters += len(msgspec.json.encode(tools, enc_hook=str))
    return characters // _CHARACTERS_PER_TOKEN


__all__ = ["DEFAULT_LIMIT", "CompressionManager", "as_compressed", "estimated_tokens"]
