"""How to test an agent of yours: a scripted model, and no network."""

from agno.agent import Agent
from agno.testing import ScriptedModel, no_network, says, wants


def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


with no_network(), ScriptedModel(wants("multiply", a=6, b=7), says("42")) as model:
    output = Agent(model=model, tools=[multiply]).run("6 times 7?")
    assert output.content == "42"
    assert model.requests[1].messages[-1].content == "42"
print("The agent multiplies.")
