"""How long it takes to build an agent, and to run it, and how much memory that needs.

Prints:
    building: 20 times measured
    running: 20 times measured
    faster than a second: True
"""

import asyncio

from agno.agent import Agent
from agno.eval import PerformanceEval
from agno.testing import ScriptedModel, says

agent = Agent(model=ScriptedModel(says("Hello!"), repeat=True))


def build() -> Agent:
    return Agent(name="New", instructions="Be brief.")


async def ask() -> None:
    await agent.arun("Hi")


if __name__ == "__main__":
    built = PerformanceEval(build, num_iterations=20).run(print_summary=True)
    print("building:", len(built.run_times), "times measured")

    asked = asyncio.run(PerformanceEval(ask, num_iterations=20, measure_memory=False).arun())
    print("running:", len(asked.run_times), "times measured")
    print("faster than a second:", asked.p95_run_time < 1)
