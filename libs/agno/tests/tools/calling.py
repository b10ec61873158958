"""Call a tool in either colour, and look at it the same way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from agno._io import ASYNC, SYNC, drive
from agno.tools.execution import execute
from agno.tools.function import Function, FunctionCall, FunctionExecutionResult

in_both_colours = pytest.mark.parametrize("colour", ["sync", "async"])


@dataclass
class Called:
    """What a call showed."""

    items: list[Any]  # the events of a generator tool
    outcome: FunctionExecutionResult
    call: FunctionCall

    @property
    def result(self) -> Any:
        assert self.outcome.status == "success", self.outcome.error
        return self.outcome.result


def call(tool: Any, arguments: dict[str, Any] | None = None, colour: str = "sync", **scope: Any) -> Called:
    """Execute one call to its end."""
    function = tool if isinstance(tool, Function) else Function.from_callable(tool)
    made = FunctionCall(function, arguments, call_id="c1")
    items: list[Any] = []

    async def keep(item: Any) -> None:
        items.append(item)

    if colour == "sync":
        drive(execute(SYNC, made, scope, keep))
    else:
        asyncio.run(execute(ASYNC, made, scope, keep))
    assert made.outcome is not None
    return Called(items, made.outcome, made)
