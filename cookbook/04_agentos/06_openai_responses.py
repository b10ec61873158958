"""The Responses API: a tool waits for a person, who approves it; the answer goes on from there.

Prints:
    may pay run with {"amount":5}?
    It is paid.
    it is still there: completed
"""

import asyncio

import httpx
import openai

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.os.interfaces.openai import OpenAIApi
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay an amount."""
    return f"paid {amount}"


model = ScriptedModel(wants("pay", amount=5), says("It is paid."))
clerk = Agent(name="Clerk", model=model, tools=[pay], db=InMemoryDb())
app = AgentOS(agents=[clerk], interfaces=[OpenAIApi(agents=[clerk])]).get_app()


async def main() -> None:
    here = httpx.AsyncClient(transport=httpx.ASGITransport(app))
    async with openai.AsyncOpenAI(base_url="http://os.local/v1", api_key="none", http_client=here) as client:
        first = await client.responses.create(model="clerk", input="Pay 5")
        asked = first.output[0]
        assert asked.type == "mcp_approval_request"
        print(f"may {asked.name} run with {asked.arguments}?")

        second = await client.responses.create(
            model="clerk",
            previous_response_id=first.id,
            input=[{"type": "mcp_approval_response", "approval_request_id": asked.id, "approve": True}],
        )
        print(second.output_text)
        print("it is still there:", (await client.responses.retrieve(second.id)).status)


if __name__ == "__main__":
    asyncio.run(main())
