"""What a row offers. Each method does the work of one scenario in that row's own way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Protocol


class Session(Protocol):
    """One conversation that is stored somewhere."""

    def turn(self) -> str:
        """Ask, and give the answer."""

    def shown(self) -> int:
        """How many messages the model was shown in the last turn, without the system message."""

    def stored(self) -> int:
        """How many turns the store holds, read back from it."""

    def close(self) -> None:
        """Give back what is open."""


class Row:
    """A framework at work. `missing` says for scenarios that it has no call for why the cell is empty."""

    missing: dict[str, str] = {}

    def construct(self) -> object:
        """An agent with a system message and one tool."""
        raise NotImplementedError

    def turn(self) -> str:
        """One run, answered at once by a model in this process; the answer."""
        raise NotImplementedError

    async def turn_async(self) -> str:
        raise NotImplementedError

    def tools(self) -> str:
        """A run whose model asks for the tool TOOL_ROUNDS times, then answers."""
        raise NotImplementedError

    async def tools_async(self) -> str:
        raise NotImplementedError

    def team(self) -> str:
        """A leader gives a task to all of TEAM members, reads their answers, then answers itself."""
        raise NotImplementedError

    async def team_async(self) -> str:
        raise NotImplementedError

    def steps(self) -> str:
        """STEPS agents one after the other, each asked what the one before answered; the last answer."""
        raise NotImplementedError

    async def steps_async(self) -> str:
        raise NotImplementedError

    def parallel(self) -> str:
        """BRANCHES agents side by side; the answer, if all of them gave it."""
        raise NotImplementedError

    async def parallel_async(self) -> str:
        raise NotImplementedError

    def nested_stream(self) -> Iterator[str]:
        """`stream` of an agent in a sequence in a sequence in a workflow, with whatever events tell where it is."""
        raise NotImplementedError

    def stream(self) -> Iterator[str]:
        """A run that streams CHUNKS pieces of text."""
        raise NotImplementedError

    def stream_async(self) -> AsyncIterator[str]:
        raise NotImplementedError

    def session(self, file: Path | None) -> Session:
        """A new conversation, in a SQLite file or in memory; the model is shown the last HISTORY_RUNS runs."""
        raise NotImplementedError

    def loopback(self, url: str) -> Callable[[], Awaitable[str]]:
        """A run whose model is asked over HTTP, with OpenAI's SDK as the row sets it up by itself."""
        raise NotImplementedError
