"""An agent as a service, asked in the same process: for a plain answer, for a stream, and for what it serves.

The model follows a script, so that this runs without a key. `agent_os.serve(app)` would serve it to others.

Prints:
    200 Seven planets and Neptune.
    RunStarted, RunContent, RunCompleted
    agents: ['Astronomer']
"""

import asyncio

import httpx

from agno.agent import Agent
from agno.os import AgentOS
from agno.testing import ScriptedModel

astronomer = Agent(name="Astronomer", model=ScriptedModel("Seven planets and Neptune.", repeat=True))
agent_os = AgentOS(name="Observatory", agents=[astronomer])
app = agent_os.get_app()


async def main() -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://os.local") as client:
        answer = await client.post("/agents/astronomer/runs", data={"message": "How many planets?"})
        print(answer.status_code, answer.json()["content"])

        stream = await client.post("/agents/astronomer/runs", data={"message": "Again?", "stream": "true"})
        kinds = [line.removeprefix("event: ") for line in stream.text.splitlines() if line.startswith("event: ")]
        print(", ".join(kind for kind in dict.fromkeys(kinds) if not kind.startswith("Model")))

        config = (await client.get("/config")).json()
        print("agents:", [one["name"] for one in config["agents"]])


if __name__ == "__main__":
    asyncio.run(main())
