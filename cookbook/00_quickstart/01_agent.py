"""An agent with a tool. Replace OfflineModel by OpenAIChat(id="gpt-4o") once you have a key."""

from agno.agent import Agent
from agno.models.offline import OfflineModel


def weather(city: str) -> str:
    """Look up the weather in a city."""
    return f"Sunny in {city}, 24 degrees"


agent = Agent(model=OfflineModel(), tools=[weather], markdown=True)
agent.print_response("What is the weather in Rome?")
