"""AgentOS as an MCP server: any MCP client finds its agents as tools, asks one, and reads what is stored.

The service runs in this process, on a port of this machine; the model follows a script, so that this runs without a key.

Prints:
    tools: create_memory, delete_memory, ...
    Shop serves: clerk
    COMPLETED: We open at nine.
    sessions: When do you open?
"""

import asyncio
import socket
import threading
import time

import uvicorn
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.testing import ScriptedModel, says

db = InMemoryDb(id="main")
clerk = Agent(name="Clerk", model=ScriptedModel(says("We open at nine.")), db=db)
app = AgentOS(name="Shop", agents=[clerk], enable_mcp=True).get_app()


async def main(url: str) -> None:
    async with streamable_http_client(f"{url}/mcp") as streams, ClientSession(*streams[:2]) as session:
        await session.initialize()
        tools = await session.list_tools()
        print("tools:", ", ".join(sorted(tool.name for tool in tools.tools)))

        config = (await session.call_tool("get_agentos_config", {})).structured_content
        print(f"{config['name']} serves:", ", ".join(agent["id"] for agent in config["agents"]))

        asked = {"agent_id": "clerk", "message": "When do you open?", "session_id": "s"}
        run = (await session.call_tool("run_agent", asked)).structured_content
        print(f"{run['status']}: {run['content']}")

        stored = await session.call_tool("get_sessions_for_agent", {"agent_id": "clerk", "db_id": "main"})
        print("sessions:", *(one["session_name"] for one in stored.structured_content["result"]))


listener = socket.create_server(("127.0.0.1", 0))
server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
thread.start()
while not server.started:
    time.sleep(0.01)
asyncio.run(main(f"http://127.0.0.1:{listener.getsockname()[1]}"))
server.should_exit = True
thread.join()
