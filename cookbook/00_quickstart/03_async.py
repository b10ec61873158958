"""Many runs on one agent at the same time."""

import asyncio

from agno.agent import Agent
from agno.models.offline import OfflineModel

agent = Agent(model=OfflineModel())


async def main() -> None:
    outputs = await asyncio.gather(*[agent.arun(f"Question {n}", session_id=f"user-{n}") for n in range(5)])
    for output in outputs:
        print(output.session_id, output.content)


asyncio.run(main())
