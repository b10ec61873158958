from agents import Agent, OpenAIChatCompletionsModel, Runner
from openai import AsyncOpenAI


def hello(url: str) -> str:
    model = OpenAIChatCompletionsModel("scripted", AsyncOpenAI(base_url=url, api_key="none"))
    return Runner.run_sync(Agent(name="a", instructions="Help.", model=model), "hi").final_output
