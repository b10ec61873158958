"""Two workers on one database. They may be in two processes, or on two machines: each firing has one of them.

What fails is tried again, and goes on from what is stored: the tool that succeeded does not run a second time.

Prints:
    together they ran 21
    firings 21, schedules 21
    paid once: [70]
    rent: completed after 2 attempts
"""

import asyncio
import time

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.scheduler import Scheduler, Schedules
from agno.testing import ScriptedModel, fails, says, wants

paid = []


def pay(amount: int) -> str:
    """Pay an amount."""
    paid.append(amount)
    return "paid"


db = SqliteDb(db_file="office.db")
clerk = Agent(name="Clerk", model=ScriptedModel(says("filed"), repeat=True))
payer = Agent(
    name="Payer", model=ScriptedModel(wants("pay", amount=70), fails(503), says("All paid.")), tools=[pay], db=db
)
schedules = Schedules(db)


async def work() -> None:
    workers = [Scheduler(db, [clerk, payer]) for _ in range(2)]
    await asyncio.gather(*(worker.run_due() for worker in workers))


if __name__ == "__main__":
    for number in range(20):
        schedules.create(f"File {number}", clerk, "File it", run_at=time.time())
    rent = schedules.create("Rent", payer, "Pay 70", run_at=time.time(), max_retries=1, retry_delay_seconds=0)

    asyncio.run(work())
    firings, count = schedules.firings()
    print("together they ran", sum(firing.status.value == "completed" for firing in firings))
    print(f"firings {count}, schedules {len({firing.schedule_id for firing in firings})}")
    print("paid once:", paid)
    [firing], _ = schedules.firings(rent.id)
    print("rent:", firing.status.value, "after", firing.attempt, "attempts")
