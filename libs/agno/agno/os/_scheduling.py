"""Schedules of a service: where they are kept, and the worker that runs what is due."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agno.os._components import Components
from agno.scheduler.scheduler import Scheduler
from agno.scheduler.schedules import Schedules


class Scheduling:
    """Schedules in `db`, or in the first database there is; `works` says whether this service runs them itself."""

    def __init__(self, components: Components, db: Any, works: bool, poll_interval: float) -> None:
        db = db if db is not None else next(iter(components.dbs.values()), None)
        self.schedules = Schedules(db) if db is not None else None
        self.worker: Scheduler | None = None
        if works:
            if db is None:
                raise ValueError("AgentOS(scheduler=True) needs a database to keep schedules in: give it db=.")
            self.worker = Scheduler(
                db, lambda kind, key: components.of_kind[kind].get(key), poll_interval=poll_interval
            )

    @asynccontextmanager
    async def working(self, grace: float) -> AsyncIterator[None]:
        """Run what is due meanwhile; at the end, what goes on has `grace` seconds."""
        if self.worker is None:
            yield
            return
        await self.worker.start()
        try:
            yield
        finally:
            await self.worker.stop(grace)

    def wake(self) -> None:
        """Look now for what is due."""
        if self.worker is not None:
            self.worker.wake()


__all__ = ["Scheduling"]
