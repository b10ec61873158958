"""A schedule, and what became of each time it was due."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any

from agno.db.tables import Row
from agno.utils.codec import encode


class FiringStatus(str, Enum):
    """Where a firing stands."""

    PENDING = "pending"  # waits for a worker
    RUNNING = "running"
    RETRYING = "retrying"  # failed, and waits for its next attempt
    COMPLETED = "completed"
    PAUSED = "paused"  # the run waits for a person; who continues it is not the scheduler
    CANCELLED = "cancelled"
    FAILED = "failed"


def packed(value: Any) -> dict[str, Any] | None:
    """An input as it is stored: wrapped in an object, because some databases do not take a bare string as JSON."""
    return None if value is None else {"content": encode(value)}


def unpacked(stored: Any) -> Any:
    """The inverse of `packed`."""
    return None if stored is None else stored["content"]


@dataclass
class Schedule:
    """Which agent, team or workflow runs when, and with which input. Times are epoch seconds.

    `next_run_at` is None while it is disabled, and when nothing more is to come. `user_id` is whose runs these are.
    """

    id: str
    name: str
    component_type: str
    component_id: str
    input: Any = None
    description: str | None = None
    enabled: bool = True
    cron_expr: str | None = None
    timezone: str | None = None
    run_at: int | None = None
    next_run_at: int | None = None
    run_options: dict[str, Any] | None = None
    user_id: str | None = None
    timeout_seconds: int | None = None
    max_retries: int = 0
    retry_delay_seconds: int = 60
    created_at: int | None = None
    updated_at: int | None = None

    @classmethod
    def from_row(cls, row: Row) -> Schedule:
        """A schedule as it is stored."""
        made = cls(**{one.name: row[one.name] for one in fields(cls)})
        made.enabled, made.input = bool(made.enabled), unpacked(row["input"])
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass
class Firing:
    """One occurrence of a schedule, due or triggered: the run that it led to, and how that ended.

    `due_at` is the newest due time at that moment: after a downtime one firing stands for all that were missed.
    `attempt` counts the attempts, `takeovers` how often a worker died with it.
    """

    id: str
    schedule_id: str
    status: FiringStatus
    source: str
    due_at: int
    attempt: int = 0
    takeovers: int = 0
    worker: str | None = None
    lease_until: int | None = None
    run_id: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    error: str | None = None
    started_at: int | None = None
    finished_at: int | None = None
    created_at: int | None = None

    @classmethod
    def from_row(cls, row: Row) -> Firing:
        """A firing as it is stored."""
        made = cls(**{one.name: row[one.name] for one in fields(cls)})
        made.status = FiringStatus(made.status)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "status": self.status.value}


__all__ = ["Firing", "FiringStatus", "Schedule", "packed", "unpacked"]
