"""An agent that runs every morning at half past eight in Berlin. The clock of this script is moved by hand.

In a service, `AgentOS(agents=[agent], db=db, scheduler=True)` does what `run_due` does here, every 15 seconds.

Prints:
    next: 2026-03-27 08:30 +0100
    ran 1
    after three days off, ran 1
    2026-03-27 08:30 completed
    2026-03-30 08:30 completed
    next: 2026-03-31 08:30 +0200
"""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.scheduler import Scheduler, Schedules
from agno.testing import ScriptedModel, says

BERLIN = ZoneInfo("Europe/Berlin")
now = datetime(2026, 3, 27, 7, 0, tzinfo=BERLIN)


def clock() -> float:
    return now.timestamp()


def shown(seconds: int, form: str = "%Y-%m-%d %H:%M %z") -> str:
    return datetime.fromtimestamp(seconds, BERLIN).strftime(form)


db = SqliteDb(db_file="office.db")
agent = Agent(name="Reporter", model=ScriptedModel(says("Nothing new."), repeat=True), db=db)
schedules = Schedules(db, clock=clock)
scheduler = Scheduler(db, [agent], clock=clock)

if __name__ == "__main__":
    schedule = schedules.create("News", agent, "What is new?", cron_expr="30 8 * * *", timezone="Europe/Berlin")
    print("next:", shown(schedule.next_run_at))

    now = datetime(2026, 3, 27, 8, 30, tzinfo=BERLIN)
    print("ran", asyncio.run(scheduler.run_due()))

    now = datetime(2026, 3, 30, 12, 0, tzinfo=BERLIN)  # nobody looked for three days, and the clocks were put forward
    print("after three days off, ran", asyncio.run(scheduler.run_due()))

    for firing in reversed(schedules.firings(schedule.id)[0]):
        print(shown(firing.due_at, "%Y-%m-%d %H:%M"), firing.status.value)
    print("next:", shown(schedules.get(schedule.id).next_run_at))
