"""The same agent in asyncio code: `await agent.arun(...)`, or `async for` over `agent.arun(..., stream=True)`.

A run changes nothing on the agent, so one agent serves many runs at once. Async tools work in sync runs, too.

Prints:
    area returned: 120
    area returned: 360
    ...
    RunCompleted
    sync: area returned: 35
"""

import asyncio

from agno.agent import Agent
from agno.models.offline import OfflineModel


async def area(width: int, height: int) -> int:
    """Look up the area of a room."""
    await asyncio.sleep(0.01)
    return width * height


agent = Agent(model=OfflineModel(), tools=[area])


async def main() -> None:
    rooms = [(10, 12), (12, 30), (3, 4)]
    runs = [agent.arun(f"What is the area of a room of {width} by {height}?") for width, height in rooms]
    for run in await asyncio.gather(*runs):
        print(run.content)
    async for event in agent.arun("What is the area of a room of 2 by 2?", stream=True, stream_events=True):
        print(event.event)


if __name__ == "__main__":
    asyncio.run(main())
    print("sync:", agent.run("What is the area of a room of 5 by 7?").content)
