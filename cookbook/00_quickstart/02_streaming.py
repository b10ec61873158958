"""Everything that happens in a run, as it happens."""

from agno.agent import Agent, RunContentEvent, ToolCallCompletedEvent
from agno.models.offline import OfflineModel


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


agent = Agent(model=OfflineModel(), tools=[add])
for event in agent.run("Add 2 and 40", stream=True):
    match event:
        case ToolCallCompletedEvent(tool=tool):
            print(f"[{tool.tool_name} -> {tool.result}]")
        case RunContentEvent(content=str(text)):
            print(text, end="", flush=True)
print()
