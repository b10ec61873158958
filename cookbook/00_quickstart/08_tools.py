"""Tools are functions. Their schema comes from type hints and docstring; `@tool` sets more; a Toolkit groups several.

A parameter named `run_context` is filled in by Agno and hidden from the model.

Prints:
    celsius: {'fahrenheit': {'type': 'number', 'description': 'The temperature to convert.'}}
    celsius returned: 20.0
    plan_route returned: Tram 5 takes 12 minutes from Museum to Harbour
    show_balance returned: 100, asked by ada
"""

from agno.agent import Agent
from agno.models.offline import OfflineModel
from agno.run.context import RunContext
from agno.tools import Function, Toolkit, tool


def celsius(fahrenheit: float) -> float:
    """Convert a temperature to celsius.

    Args:
        fahrenheit: The temperature to convert.
    """
    return round((fahrenheit - 32) / 1.8, 1)


@tool(name="plan_route", cache_results=True)
def route(start: str, end: str) -> str:
    """Plan a tram route between two places."""
    return f"Tram 5 takes 12 minutes from {start} to {end}"


class Accounts(Toolkit):
    """Tools that share something."""

    def __init__(self) -> None:
        self.balance = 100
        super().__init__(name="accounts", tools=[self.show_balance])

    def show_balance(self, run_context: RunContext) -> str:
        """Show the balance of the account."""
        return f"{self.balance}, asked by {run_context.user_id}"


agent = Agent(model=OfflineModel(), tools=[celsius, route, Accounts()])

if __name__ == "__main__":
    described = Function.from_callable(celsius)
    print(f"{described.name}: {described.parameters['properties']}")
    print(agent.run("Convert 68 fahrenheit to celsius").content)
    print(agent.run('Plan a tram route from "Museum" to "Harbour"').content)
    print(agent.run("Show the balance of my account", user_id="ada").content)
