"""How a service begins a run, and what it does when the answer is out: hooks in the background, memories, the summary of the
session."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from agno._io import ASYNC
from agno.utils.log import log_exception, log_warning

EVERYTHING = {"stream": True, "stream_events": True, "yield_run_output": True}  # the options of a run that is watched

Begin = Callable[..., Any]
"""`arun` or `acontinue_run` with what to do, but for how: it is called with `background_tasks` and the way to stream."""

Work = tuple[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]]


class Following:
    """The work that follows answers, while it is done. `at_rest` is called when nothing is left of it."""

    def __init__(self, every_hook: bool = False, at_rest: Callable[[], None] = lambda: None) -> None:
        self._every_hook, self._at_rest = every_hook, at_rest
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def later(self) -> Later:
        """What a run gets as `background_tasks`."""
        return Later(self._begin, self._every_hook)

    def _begin(self, later: Later) -> None:
        task = asyncio.get_running_loop().create_task(later.work_off())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks:
            self._at_rest()

    def give_up(self) -> None:
        """Stop what is being done."""
        for task in self._tasks:
            task.cancel()

    async def settle(self, grace: float) -> None:
        """Let it come to its end for `grace` seconds; what is left then is given up."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
            self.give_up()


class Later:
    """What one answer leaves for later; its run gets it as `background_tasks`. `with later:` stands around the answer, and
    behind it `begin(later)` is called, if something was left.

    With `takes_every_hook`, hooks that are not marked for the background are left for later, too. Guardrails never are.
    """

    def __init__(self, begin: Callable[[Later], None], takes_every_hook: bool = False) -> None:
        self._begin, self.takes_every_hook = begin, takes_every_hook
        self._works: deque[Work] = deque()

    def __enter__(self) -> Later:
        return self

    def __exit__(self, *_: object) -> None:
        self.begin()

    def begin(self) -> None:
        """The answer is out."""
        if self._works:
            self._begin(self)

    async def behind(self, answer: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        """The parts of an answer as they come; the work begins behind the last one."""
        with self:
            async with aclosing(answer):
                async for part in answer:
                    yield part

    def add_task(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Do this later. It may be called from any thread."""
        self._works.append((work, args, kwargs))

    async def work_off(self) -> None:
        """Do all of it, in the order in which it came. What fails is logged, and the rest is done."""
        while self._works:
            work, args, kwargs = self._works[0]
            try:
                await ASYNC.call(work, *args, **kwargs)
            except asyncio.CancelledError:
                log_warning(f"Given up, since the service stops, after the answer was out: {self._names()}")
                raise
            except Exception:  # the border: the answer is out, so there is only the log to tell it to
                log_exception(f"{_name(work)!r} failed after the answer was out")
            self._works.popleft()

    def _names(self) -> str:
        return ", ".join(_name(work) for work, _, _ in self._works)


def _name(work: Callable[..., Any]) -> str:
    return str(getattr(work, "__name__", type(work).__name__))


__all__ = ["EVERYTHING", "Begin", "Following", "Later"]
