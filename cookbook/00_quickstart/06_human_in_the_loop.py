"""A tool that waits for a person; the run continues where it stopped."""

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool


@tool(requires_confirmation=True)
def delete(path: str) -> str:
    """Delete a file."""
    return f"deleted {path}"


agent = Agent(model=ScriptedModel(wants("delete", path="a.txt"), says("It is gone.")), tools=[delete], db=InMemoryDb())
run = agent.run("Delete a.txt")
for requirement in run.active_requirements:
    print("Confirming", requirement.tool_execution.tool_name, requirement.tool_execution.tool_args)
    requirement.confirm()
print(agent.continue_run(run).content)
