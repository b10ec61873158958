"""What all runs share: status, the base of all events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, get_args

import msgspec

from agno.models.response import ToolExecution
from agno.utils.codec import Coded
from agno.utils.dttm import now_epoch
from agno.utils.lazy import lazily


class RunStatus(str, Enum):
    """The state of a run. Values are upper case; `RunStatus("cancelled")` and `RunStatus("CANCELLED")` are the same."""

    pending = "PENDING"
    running = "RUNNING"
    completed = "COMPLETED"
    paused = "PAUSED"
    cancelled = "CANCELLED"
    error = "ERROR"
    regenerated = "REGENERATED"

    @classmethod
    def _missing_(cls, value: object) -> RunStatus | None:
        return cls.__members__.get(value.lower()) if isinstance(value, str) else None


def to_json(data: Any, indent: int | None = 2) -> str:
    """JSON text; non-ASCII stays readable."""
    raw = msgspec.json.encode(data, enc_hook=str)
    return (msgspec.json.format(raw, indent=indent) if indent else raw).decode()


@lazily
@dataclass
class BaseRunOutputEvent(Coded):
    """Base of all events. `event` tells the kind; the fields that are not set are None."""

    created_at: int = field(default_factory=now_epoch)
    event: str = ""

    def to_json(self, indent: int | None = 2) -> str:
        """The event as JSON text."""
        return to_json(self.to_dict(), indent)

    @property
    def is_paused(self) -> bool:
        """True if the run waits for a person after this event."""
        return False

    @property
    def is_cancelled(self) -> bool:
        """True if the run was cancelled."""
        return False

    @property
    def tools_requiring_confirmation(self) -> list[ToolExecution]:
        """The tool calls that a person has to confirm, or was asked to."""
        return [tool for tool in getattr(self, "tools", None) or () if tool.requires_confirmation]

    @property
    def tools_requiring_user_input(self) -> list[ToolExecution]:
        """The tool calls whose values a person gives."""
        return [tool for tool in getattr(self, "tools", None) or () if tool.requires_user_input]

    @property
    def tools_awaiting_external_execution(self) -> list[ToolExecution]:
        """The tool calls that are executed outside of the run."""
        return [tool for tool in getattr(self, "tools", None) or () if tool.external_execution_required]


def step_position(index: Any) -> Any:
    """A step index read from JSON: nested positions are tuples."""
    return tuple(index) if isinstance(index, list) else index


@dataclass
class RunEventBase(BaseRunOutputEvent):
    """What every event of an agent's or a team's run carries."""

    run_id: str | None = None
    session_id: str | None = None
    parent_run_id: str | None = None
    workflow_id: str | None = None
    workflow_run_id: str | None = None
    step_id: str | None = None
    step_name: str | None = None
    step_index: int | tuple[int, ...] | None = field(default=None, metadata={"decode": step_position})
    nested_depth: int | None = None
    tools: list[ToolExecution] | None = None
    content: Any = None


def registry(union: Any) -> dict[str, type[BaseRunOutputEvent]]:
    """The event classes of a union, by the value of `event`."""
    return {cls.event: cls for cls in get_args(union)}


def revive(
    data: Mapping[str, Any],
    known: Mapping[str, type[BaseRunOutputEvent]],
    otherwise: type[BaseRunOutputEvent] | None = None,
) -> Any:
    """The event that a dict describes. A kind that is not known: an `otherwise`, or ValueError without one."""
    found = known.get(str(data.get("event")), otherwise)
    if found is None:
        raise ValueError(f"Unknown event {data.get('event')!r}. Known events: {', '.join(sorted(known))}.")
    return found.from_dict(data)


__all__ = ["BaseRunOutputEvent", "RunEventBase", "RunStatus", "registry", "revive", "step_position", "to_json"]
