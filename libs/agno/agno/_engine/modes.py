"""The edges of a run: four modes, each a fold over the same events."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from agno._engine.background import announced, watched
from agno._engine.context import Run
from agno._engine.lifecycle import Body, live
from agno._engine.rehearsing import request_of
from agno._io import ASYNC, IO, SYNC, Outlet, aiterate, drive, iterate

# what `stream=True` shows; `stream_events=True` shows everything
PLAIN_EVENTS = frozenset(
    {"RunContent", "ToolCallStarted", "ToolCallCompleted", "ToolCallError", "CustomEvent", "RunPaused", "RunCancelled",
     "RunError"}
)  # fmt: skip
PLAIN_EVENTS = PLAIN_EVENTS | {f"Team{name}" for name in PLAIN_EVENTS}
PLAIN_EVENTS = PLAIN_EVENTS | {
    *("WorkflowStarted", "WorkflowRunContent", "StepOutput", "WorkflowPaused", "WorkflowCompleted", "WorkflowError"),
    *("WorkflowCancelled", "StepPaused", "StepExecutorPaused", "StepOutputReview", "ConditionPaused", "RouterPaused"),
}


@dataclass(slots=True)
class Mode:
    """How one run is driven: its colour, streamed or not, and what of it the caller sees."""

    io: IO
    streaming: bool
    every_event: bool
    with_output: bool
    options: dict[str, Any]
    background: bool = False  # give the run back as soon as it is stored, and let it go on by itself

    @classmethod
    def of(cls, io: IO, component: Any, stream: bool | None, options: dict[str, Any]) -> Mode:
        """As a call of `run` (with `SYNC`) or of `arun` says. Takes its options out of those of the run."""
        streaming = bool(component.stream if stream is None else stream)
        if not options:
            if not streaming:
                return _PLAIN[io.is_async]
            return cls(io, streaming, component.stream_events, False, options)
        every = options.pop("stream_events", None)
        older = options.pop("stream_intermediate_steps", None)
        every = component.stream_events if every is None and older is None else bool(every or older)
        new, old = options.pop("yield_run_output", None), options.pop("yield_run_response", None)
        background = bool(options.pop("background", None))
        if background and not io.is_async:
            raise ValueError("background=True needs an event loop to go on in: use arun() or acontinue_run().")
        return cls(io, streaming, streaming and every, bool(new or old), options, background)


_PLAIN = {False: Mode(SYNC, False, False, False, {}), True: Mode(ASYNC, False, False, False, {})}


def start(run: Run, mode: Mode) -> Any:
    """Drive a run in the given mode."""
    if mode.background:
        return launch(run, mode)
    if not mode.streaming:
        if mode.io.is_async:
            return _output(run)
        drive(live(run, run.component.body))
        return run.output
    outlet = Outlet()
    run.give = outlet.give
    run.shown = None if mode.every_event else PLAIN_EVENTS
    work = functools.partial(_with_output if mode.with_output else live, run, run.component.body)
    return aiterate(work, outlet) if mode.io.is_async else iterate(work, outlet)


def launch(run: Run, mode: Mode) -> Any:
    """Let a run go on by itself: its output at once, as it is stored, or with `stream=True` its events."""
    if run.component.db is None:
        raise ValueError(f"background=True needs a db= on {run.component!r}, where the run can be looked up.")
    if not mode.streaming:
        return announced(run, lambda: live(run, run.component.body))
    run.shown = None if mode.every_event else PLAIN_EVENTS
    return watched(run, functools.partial(_with_output if mode.with_output else live, run, run.component.body))


async def _output(run: Run) -> Any:
    await live(run, run.component.body)
    return run.output


async def _with_output(run: Run, body: Body) -> None:
    await live(run, body)
    await run.give(run.output)


def explain(run: Run) -> dict[str, Any]:
    """The first request of a run, without sending it."""
    return drive(request_of(run))


__all__ = ["PLAIN_EVENTS", "Mode", "explain", "launch", "start"]
