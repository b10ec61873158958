"""Users with JSON web tokens: each sees what is its own, and scopes say what it may do.

Prints:
    ann's run: 200
    bob looks at ann's run: 404
    bob, who may only read, asks the agent: 403
    nobody: 401 Authorization header required
"""

import asyncio
import time

import httpx
import jwt

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.os.middleware import JWTSettings
from agno.testing import ScriptedModel

SECRET = "only for this example, and long enough"
helper = Agent(name="Helper", model=ScriptedModel("Hello!", repeat=True), db=InMemoryDb())
app = AgentOS(
    agents=[helper],
    authorization=True,
    authorization_config=JWTSettings(secret_key=SECRET, algorithm="HS256"),
).get_app()


def show(user: str, *scopes: str) -> dict[str, str]:
    """The header with the token of a user; your identity provider makes it."""
    token = jwt.encode({"sub": user, "scopes": scopes, "exp": time.time() + 60}, SECRET, "HS256")
    return {"Authorization": f"Bearer {token}"}


async def main() -> None:
    ann, bob = show("ann", "agents:run", "agents:read"), show("bob", "agents:helper:read")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://os.local") as client:
        run = await client.post("/agents/helper/runs", data={"message": "Hi"}, headers=ann)
        print("ann's run:", run.status_code)
        place = f"/agents/helper/runs/{run.json()['run_id']}"
        print("bob looks at ann's run:", (await client.get(place, headers=bob)).status_code)
        asked = await client.post("/agents/helper/runs", data={"message": "Hi"}, headers=bob)
        print("bob, who may only read, asks the agent:", asked.status_code)
        refused = await client.get("/agents")
        print("nobody:", refused.status_code, refused.json()["detail"])


if __name__ == "__main__":
    asyncio.run(main())
