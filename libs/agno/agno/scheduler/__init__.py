"""Agents, teams and workflows at set times: again and again, or once; each time by one worker of any number."""

from agno.scheduler.cron import Cron
from agno.scheduler.schedule import Firing, FiringStatus, Schedule
from agno.scheduler.scheduler import Scheduler
from agno.scheduler.schedules import Schedules

__all__ = ["Cron", "Firing", "FiringStatus", "Schedule", "Scheduler", "Schedules"]
