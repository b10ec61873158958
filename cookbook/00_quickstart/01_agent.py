"""An agent: a model, instructions, tools.

Here the model is `OfflineModel`, which needs no key: rules that call tools and quote what they return. For a language
model set a key and write `model=OpenAIChat(id="gpt-4o")`, `model=Claude(...)`, `model=Gemini(...)` or `model="openai:gpt-4o"`.

Prints:
    weather returned: Sunny in Rome
"""

from agno.agent import Agent
from agno.models.offline import OfflineModel


def weather(city: str) -> str:
    """Look up the weather in a city."""
    return f"Sunny in {city}"


agent = Agent(model=OfflineModel(), tools=[weather], instructions="Answer in one sentence.")

if __name__ == "__main__":
    answer = agent.run("How is the weather in Rome?")
    print(answer.content)
    print(f"{answer.metrics.total_tokens} tokens, {len(answer.messages)} messages")
