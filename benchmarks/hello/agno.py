from agno.agent import Agent
from agno.models.openai import OpenAIChat


def hello(url: str) -> str:
    model = OpenAIChat(id="scripted", base_url=url, api_key="none")
    return Agent(model=model, instructions="Help.", telemetry=False).run("hi").content
