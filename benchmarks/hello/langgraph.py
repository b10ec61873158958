from langchain.agents import create_agent
from langchain_openai import ChatOpenAI


def hello(url: str) -> str:
    agent = create_agent(ChatOpenAI(model="scripted", base_url=url, api_key="none"), system_prompt="Help.")
    return agent.invoke({"messages": [{"role": "user", "content": "hi"}]})["messages"][-1].content
