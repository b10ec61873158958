"""The seam for whoever watches runs: their steps, requests to models, tool calls and retrievals.

Each of these is a coroutine, `work`, that the engine makes and awaits. If `watcher` is set, it is given the work and what it
is about, and gives a coroutine back that does the work and ends as it does. Nobody watches by default, and that costs one
look at `watcher`.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from agno._io.apart import set_apart

Work = Coroutine[Any, Any, Any]


class Watcher(Protocol):
    """Watches; what it raises itself ends the run, so it must not. It adds nothing to results and takes nothing away."""

    def run(self, run: Any, work: Work) -> Work:
        """A run of an agent, a team or a workflow (`agno._engine.context.Run`), from its start to its end."""
        ...

    def step(self, node: Any, place: Any, work: Work) -> Work:
        """A step or a container of steps of a workflow; gives its StepOutput."""
        ...

    def request(self, exchange: Any, model: Any, assistant: Any, work: Work) -> Work:
        """One request to a model, one attempt; the answer is on the assistant message afterwards."""
        ...

    def tool(self, exchange: Any, slot: Any, work: Work) -> Work:
        """One tool call; its outcome is on the slot afterwards."""
        ...

    def retrieval(self, query: str, count: int | None, work: Work) -> Work:
        """One search of the knowledge; gives the hits."""
        ...

    def failed(self, error: Exception) -> None:
        """The run that goes on here failed: told also where the error is not raised."""
        ...


watcher: Watcher | None = None


def watch(by: Watcher | None) -> None:
    """Let somebody watch all runs that begin from now on; None: nobody."""
    global watcher
    watcher = by
    set_apart(by is not None)


__all__ = ["Watcher", "Work", "watch", "watcher"]
