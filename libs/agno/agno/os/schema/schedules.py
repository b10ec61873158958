"""How schedules are described to clients."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agno.os.schema._given import Given
from agno.scheduler.schedule import Firing, Schedule


class _When(Given):
    model_config = ConfigDict(extra="forbid")

    description: str | None = None
    cron_expr: str | None = Field(default=None, description="Minute, hour, day, month, weekday; or an alias: @daily")
    run_at: int | None = Field(default=None, ge=0, le=2**40, description="Epoch seconds, for what runs once")
    timezone: str | None = Field(default=None, description="Such as Europe/Berlin; UTC without")
    input: Any = None
    run_options: dict[str, Any] | None = None
    timeout_seconds: int | None = Field(default=None, ge=1, le=2**31 - 1)


class ScheduleCreate(_When):
    """A new schedule."""

    name: str = Field(min_length=1, max_length=255)
    component_type: Literal["agent", "team", "workflow"]
    component_id: str
    enabled: bool = True
    user_id: str | None = None
    max_retries: int = Field(default=0, ge=0, le=100)
    retry_delay_seconds: int = Field(default=60, ge=0, le=2**31 - 1)


class ScheduleUpdate(_When):
    """What changes of a schedule."""

    name: str | None = Field(default=None, min_length=1, max_length=255)
    enabled: bool | None = None
    max_retries: int | None = Field(default=None, ge=0, le=100)
    retry_delay_seconds: int | None = Field(default=None, ge=0, le=2**31 - 1)


class ScheduleResponse(BaseModel):
    """A schedule. Times are epoch seconds; `next_run_at` is null when nothing is to come."""

    id: str
    name: str
    description: str | None = None
    enabled: bool
    component_type: str
    component_id: str
    cron_expr: str | None = None
    run_at: int | None = None
    timezone: str | None = None
    next_run_at: int | None = None
    input: Any = None
    run_options: dict[str, Any] | None = None
    user_id: str | None = None
    timeout_seconds: int | None = None
    max_retries: int
    retry_delay_seconds: int
    created_at: int | None = None
    updated_at: int | None = None

    @classmethod
    def of(cls, schedule: Schedule) -> ScheduleResponse:
        """A schedule, as it is shown."""
        return cls.model_validate(schedule.to_dict())


class ScheduleRunResponse(BaseModel):
    """One time that a schedule was due or triggered, and the run that it led to."""

    id: str
    schedule_id: str
    status: str
    source: str
    due_at: int
    attempt: int
    run_id: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    error: str | None = None
    started_at: int | None = None
    finished_at: int | None = None
    created_at: int | None = None

    @classmethod
    def of(cls, firing: Firing) -> ScheduleRunResponse:
        """A firing, as it is shown: of an error, only what kind it is; the log has the rest."""
        shown = firing.to_dict()
        shown["error"] = firing.error.partition(": ")[0] if firing.error is not None else None
        return cls.model_validate(shown)
