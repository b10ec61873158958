"""Running a component: once for agents and teams, in every mode."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic, Literal, TypeVar, overload

from pydantic import BaseModel
from typing_extensions import Unpack

from agno._engine.modes import Mode, explain, start
from agno._io import ASYNC, SYNC
from agno.agent._options import ContinueOptions, RunOptionsDict
from agno.agent._runs import continued_run, new_run
from agno.models.message import Message
from agno.utils.later import later

_tree = later("agno._engine.tree")  # seldom needed

O = TypeVar("O")  # noqa: E741  # what a run gives
E = TypeVar("E")  # what happens in it

Input = str | list[Any] | dict[str, Any] | Message | BaseModel | list[Message] | None


class Running(Generic[O, E]):
    """`run`, `continue_run` and their async versions; `explain` and `run_tree`, which show a run before and after it."""

    @overload
    def run(
        self, input: Input = ..., *, stream: Literal[False] | None = ..., **options: Unpack[RunOptionsDict]
    ) -> O: ...
    @overload
    def run(self, input: Input = ..., *, stream: Literal[True], **options: Unpack[RunOptionsDict]) -> Iterator[E]: ...
    def run(self, input: Input = None, *, stream: bool | None = None, **options: Any) -> Any:
        """Run and return the output, or, with `stream=True`, an iterator over the events of the run.

        `RunOptionsDict` lists the options. Errors of the model and of hooks are raised, after the run was stored; a
        stream ends with a `RunErrorEvent` instead.
        """
        mode = Mode.of(SYNC, self, stream, options)
        return start(new_run(self, input, mode), mode)

    @overload
    async def arun(
        self, input: Input = ..., *, stream: Literal[False] | None = ..., **options: Unpack[RunOptionsDict]
    ) -> O: ...
    @overload
    def arun(
        self, input: Input = ..., *, stream: Literal[True], **options: Unpack[RunOptionsDict]
    ) -> AsyncIterator[E]: ...
    def arun(self, input: Input = None, *, stream: bool | None = None, **options: Any) -> Any:
        """`run` for asyncio: await it, or, with `stream=True`, use `async for` (without await)."""
        mode = Mode.of(ASYNC, self, stream, options)
        return start(new_run(self, input, mode), mode)

    def continue_run(
        self, run_response: O | None = None, *, stream: bool | None = None, **options: Unpack[ContinueOptions]
    ) -> Any:
        """Continue a run, given as its output or by `run_id`: answer what it waits for, resume it, or branch off from it.

        `ContinueOptions` lists the options. The output that is passed in is not changed.
        """
        mode = Mode.of(SYNC, self, stream, dict(options))
        return start(continued_run(self, run_response, mode), mode)

    def acontinue_run(
        self, run_response: O | None = None, *, stream: bool | None = None, **options: Unpack[ContinueOptions]
    ) -> Any:
        """`continue_run` for asyncio: await it, or, with `stream=True`, use `async for`."""
        mode = Mode.of(ASYNC, self, stream, dict(options))
        return start(continued_run(self, run_response, mode), mode)

    def explain(self, input: Input = None, **options: Unpack[RunOptionsDict]) -> dict[str, Any]:
        """The first request that `run(input)` would send to the model, as a dict. Nothing is sent and nothing is stored."""
        return explain(new_run(self, input, Mode.of(SYNC, self, False, dict(options))))

    def run_tree(self, run_response: O) -> str:
        """A finished run as text, one line for each run inside it: who ran, how long, for how many tokens and at what cost."""
        text: str = _tree.tree_of(run_response)
        return text


__all__ = ["Input", "Running"]
