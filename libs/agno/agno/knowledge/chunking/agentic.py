"""Chunks that a model cuts."""

from __future__ import annotations

import re
from typing import Any

from agno._io import IO, asynchronous, sync
from agno.knowledge.chunking._text import check_sizes, chunks_of, cut
from agno.knowledge.chunking.strategy import ChunkingStrategy
from agno.knowledge.document import Document
from agno.models.message import Message
from agno.models.utils import get_model

_DEFAULT_MODEL = "openai-chat:gpt-4o"
_QUESTION = """Where in the text below does one theme end and the next begin? Look at its first {size} characters. Choose \
the best place to cut: behind a complete thought, and as late as makes sense.

Answer with the number of characters before the cut, between 1 and {size}, and nothing else.

<text>
{text}
</text>"""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class AgenticChunking(ChunkingStrategy):
    """Asks a model for the best place to cut within each `max_chunk_size` characters.

    An answer that is no position in the window is not used: the window is then cut at its last space. `model` is a Model or
    "provider:id"; None is the OpenAI chat model.
    """

    def __init__(self, model: Any = None, max_chunk_size: int = 5000) -> None:
        check_sizes("AgenticChunking", max_chunk_size, 0)
        self.model = model
        self.max_chunk_size = max_chunk_size

    @property
    def chunk_size(self) -> int:
        """`max_chunk_size`, by the name that other chunkers have for it."""
        return self.max_chunk_size

    async def _chunk(self, io: IO, /, document: Document) -> list[Document]:
        """The chunks of a document; one that is short enough comes back as it is. Errors of the model travel."""
        if len(document.content) <= self.max_chunk_size:
            return [document]
        rest, found = self.clean_text(document.content), []
        while len(rest) > self.max_chunk_size:
            end = await self._end(io, rest)
            found.append(rest[:end])
            rest = rest[end:]
        return chunks_of(document, [*found, rest])

    chunk = sync(_chunk)  # type: ignore[arg-type]  # mypy expects the self of the base
    achunk = asynchronous(_chunk)  # type: ignore[arg-type]

    async def _end(self, io: IO, text: str) -> int:
        """Where to cut; at least one character ahead."""
        if not hasattr(self.model, "response"):
            self.model = get_model(self.model or _DEFAULT_MODEL)
        size = self.max_chunk_size
        question = Message(role="user", content=_QUESTION.format(size=size, text=text[:size]))
        answer = await io.pick(self.model.response, self.model.aresponse, [question])
        numbers = _NUMBER.findall(str(answer.content or ""))
        end = int(numbers[0]) if len(numbers) == 1 and numbers[0].isdigit() else 0
        return end if 0 < end <= size else len(next(cut(text, size)))


__all__ = ["AgenticChunking"]
