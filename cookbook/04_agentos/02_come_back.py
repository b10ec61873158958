"""A client leaves in the middle of a stream, comes back, and gets the rest: no event is missing, none comes twice.

Prints:
    left after event 3
    came back: 4 to 5 first, and the last one is RunCompleted
"""

import asyncio
import json

import httpx

from agno.agent import Agent
from agno.os import AgentOS
from agno.testing import ScriptedModel

poet = Agent(name="Poet", model=ScriptedModel("The rain in Spain stays mainly in the plain."))
app = AgentOS(agents=[poet]).get_app()


def events(text: str) -> list[dict[str, str]]:
    """Server-sent events as dicts with id, event and data."""
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]


async def main() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://os.local") as client:
        stream = await client.post("/agents/poet/runs", data={"message": "A line, please", "stream": "true"})
        seen = events(stream.text)[:4]  # what had arrived when the train entered the tunnel
        run_id = json.loads(seen[0]["data"])["run_id"]
        print("left after event", seen[-1]["id"])

        rest = await client.get(f"/agents/poet/runs/{run_id}/stream", headers={"Last-Event-ID": seen[-1]["id"]})
        after = events(rest.text)
        print(f"came back: {after[0]['id']} to {after[1]['id']} first, and the last one is {after[-1]['event']}")


if __name__ == "__main__":
    asyncio.run(main())
