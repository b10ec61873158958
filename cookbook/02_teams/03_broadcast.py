"""A team that broadcasts: every member gets the task, at the same time in asyncio; the leader brings the answers together.

`run_tree` shows who took part, how long it took and what it cost.

Prints:
    They agree on blue.
    Team Jury ...
    ├─ Agent Ann ...
    ├─ Agent Ben ...
    └─ Agent Cy ...
"""

import asyncio

from agno.agent import Agent
from agno.team import Team
from agno.testing import ScriptedModel, says, wants

jury = [Agent(name=name, model=ScriptedModel(says("Blue"))) for name in ("Ann", "Ben", "Cy")]
leader = ScriptedModel(wants("delegate_task_to_members", task_description="Which colour?"), says("They agree on blue."))
team = Team(jury, model=leader, mode="broadcast", name="Jury")


async def main() -> None:
    run = await team.arun("Which colour shall the door have?")
    print(run.content)
    print(team.run_tree(run))


if __name__ == "__main__":
    asyncio.run(main())
