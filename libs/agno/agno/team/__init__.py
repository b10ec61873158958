"""Teams, and what their runs give."""

from agno.run.team import (
    MemoryUpdateCompletedEvent,
    MemoryUpdateStartedEvent,
    ReasoningCompletedEvent,
    ReasoningStartedEvent,
    ReasoningStepEvent,
    RunCancelledEvent,
    RunCompletedEvent,
    RunContentEvent,
    RunContinuedEvent,
    RunErrorEvent,
    RunPausedEvent,
    RunStartedEvent,
    TeamRunEvent,
    TeamRunOutput,
    TeamRunOutputEvent,
    ToolCallCompletedEvent,
    ToolCallStartedEvent,
)
from agno.session import TeamSession
from agno.team.mode import TeamMode
from agno.team.team import Team

__all__ = [
    "MemoryUpdateCompletedEvent",
    "MemoryUpdateStartedEvent",
    "ReasoningCompletedEvent",
    "ReasoningStartedEvent",
    "ReasoningStepEvent",
    "RunCancelledEvent",
    "RunCompletedEvent",
    "RunContentEvent",
    "RunContinuedEvent",
    "RunErrorEvent",
    "RunPausedEvent",
    "RunStartedEvent",
    "Team",
    "TeamMode",
    "TeamRunEvent",
    "TeamRunOutput",
    "TeamRunOutputEvent",
    "TeamSession",
    "ToolCallCompletedEvent",
    "ToolCallStartedEvent",
]
