"""A program that only knows OpenAI's chat completions talks to an agent: the model is the agent's id.

Prints:
    the models: painter
    Blue, like the sea.
"""

import asyncio

import httpx
import openai

from agno.agent import Agent
from agno.os import AgentOS
from agno.os.interfaces.openai import OpenAIApi
from agno.testing import ScriptedModel

painter = Agent(name="Painter", model=ScriptedModel("Blue, like the sea."))
app = AgentOS(agents=[painter], interfaces=[OpenAIApi(agents=[painter])]).get_app()


async def main() -> None:
    # here without a network; of a served AgentOS, base_url is all that is needed
    here = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    async with openai.AsyncOpenAI(base_url="http://os.local/v1", api_key="none", http_client=here) as client:
        print("the models:", *[model.id async for model in client.models.list()])
        stream = await client.chat.completions.create(
            model="painter", messages=[{"role": "user", "content": "Which colour?"}], stream=True
        )
        async for chunk in stream:
            print(chunk.choices[0].delta.content or "", end="")
        print()


if __name__ == "__main__":
    asyncio.run(main())
