"""Play a scenario in any of the four modes, and look at it the same way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from agno.run.agent import RunOutput

MODES = ["run", "run_stream", "arun", "arun_stream"]
in_every_mode = pytest.mark.parametrize("mode", MODES)


@dataclass
class Seen:
    """What a run showed: its events (streams only), its output, the error it raised."""

    events: list[Any]
    output: RunOutput | None
    error: Exception | None = None

    @property
    def kinds(self) -> list[str]:
        """The kinds of events; content pieces in a row count once."""
        found: list[str] = []
        for event in self.events:
            if not (event.event == "RunContent" and found[-1:] == ["RunContent"]):
                found.append(event.event)
        return found


def play(agent: Any, given: Any, mode: str, method: str = "run", **options: Any) -> Seen:
    """Run in a mode. An error that is raised is noted, not raised."""
    try:
        if mode == "run":
            return Seen([], getattr(agent, method)(given, **options))
        if mode == "run_stream":
            items = list(
                getattr(agent, method)(given, stream=True, stream_events=True, yield_run_output=True, **options)
            )
            return Seen(items[:-1], items[-1])
        return asyncio.run(_play_async(agent, given, mode, method, options))
    except Exception as error:
        return Seen([], None, error)


async def _play_async(agent: Any, given: Any, mode: str, method: str, options: dict[str, Any]) -> Seen:
    if mode == "arun":
        return Seen([], await getattr(agent, f"a{method}")(given, **options))
    stream = getattr(agent, f"a{method}")(given, stream=True, stream_events=True, yield_run_output=True, **options)
    items = [item async for item in stream]
    return Seen(items[:-1], items[-1])
