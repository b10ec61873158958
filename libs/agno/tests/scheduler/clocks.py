"""A clock that stands until it is moved, and what the tests of the scheduler share."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agno.agent import Agent
from agno.testing import ScriptedModel, says

in_both_colours = pytest.mark.parametrize("colour", ["sync", "async"])
START = 1_760_000_000  # 8 minutes and 20 seconds before 9:00 in UTC, on a Thursday


class Clock:
    """Epoch seconds."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


def ask(schedules: Any, colour: str, method: str, *given: Any, **named: Any) -> Any:
    """Call a method, or its async twin."""
    if colour == "sync":
        return getattr(schedules, method)(*given, **named)
    return asyncio.run(getattr(schedules, f"a{method}")(*given, **named))


def at(text: str, zone: str = "UTC") -> int:
    """The epoch seconds of a time in a place."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def reporter(*turns: Any, **settings: Any) -> Agent:
    """An agent to be run."""
    return Agent(name="Reporter", model=ScriptedModel(*(turns or (says("done"),)), repeat=True), **settings)
