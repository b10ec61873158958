"""A page with Vercel's AI SDK asks an agent; in the page, `useChat` and `DefaultChatTransport` do what is done here by hand.

    const transport = new DefaultChatTransport({ api: "http://localhost:7777/api/chat/poet" });
    const { messages, sendMessage } = useChat({ transport });

Prints:
    v1
    start, start-step, text-start, text-delta, text-end, finish-step, finish
    The rain in Spain.
"""

import asyncio
import json

import httpx

from agno.agent import Agent
from agno.os import AgentOS
from agno.os.interfaces.vercel import Vercel
from agno.testing import ScriptedModel

poet = Agent(name="Poet", model=ScriptedModel("The rain in Spain."))
app = AgentOS(agents=[poet], interfaces=[Vercel(agents=[poet])]).get_app()


async def main() -> None:
    message = {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "A line, please"}]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://os.local") as client:
        answer = await client.post("/api/chat/poet", json={"id": "chat-1", "messages": [message]})
    print(answer.headers["x-vercel-ai-ui-message-stream"])
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    chunks = [json.loads(line) for line in lines if line != "[DONE]"]
    print(*dict.fromkeys(chunk["type"] for chunk in chunks), sep=", ")
    print("".join(chunk.get("delta", "") for chunk in chunks))


if __name__ == "__main__":
    asyncio.run(main())
