"""A run is a stream of events. `stream=True` gives content, tools and ends; `stream_events=True` gives all of them.

Prints:
    add(a=2, b=3) -> 5
    RunStarted
    RunCompleted
"""

from agno.agent import Agent, RunContentEvent, ToolCallCompletedEvent
from agno.models.offline import OfflineModel


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


agent = Agent(model=OfflineModel(), tools=[add])

if __name__ == "__main__":
    for event in agent.run("Add 2 and 3", stream=True):
        match event:
            case RunContentEvent(content=str(text)):
                print(text, end="", flush=True)
            case ToolCallCompletedEvent(tool=call):
                arguments = ", ".join(f"{name}={value!r}" for name, value in call.tool_args.items())
                print(f"{call.tool_name}({arguments}) -> {call.result}")
    print("\n")

    for event in agent.run("Add 2 and 3", stream=True, stream_events=True):
        print(event.event)
