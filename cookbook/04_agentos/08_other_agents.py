"""An agent that other agents reach by A2A: with the client of the protocol's SDK, a person allows a payment.

The service runs in this process, on a port of this machine; models follow scripts, so that this runs without a key.

Prints:
    card: Treasurer, skills: treasurer
    working
    input_required: The tool pay wants to run. Allow it?
    working
    completed: The 30 euros are paid.
"""

import asyncio
import socket
import threading
import time

import httpx
import uvicorn
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.types import Message, Part, Role, SendMessageRequest, TaskState

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool


@tool(requires_confirmation=True)
def pay(euros: int) -> str:
    """Pays."""
    return f"paid {euros}"


model = ScriptedModel(wants("pay", euros=30), says("The 30 euros are paid."))
treasurer = Agent(name="Treasurer", model=model, tools=[pay], db=InMemoryDb())
app = AgentOS(agents=[treasurer], a2a_interface=True).get_app()


async def say(client, text: str, task_id: str = "") -> str:
    """Sends a message, shows what happens, and gives the id of the task."""
    message = Message(message_id=text, role=Role.ROLE_USER, parts=[Part(text=text)], task_id=task_id)
    answer = shown = ""
    async for event in client.send_message(SendMessageRequest(message=message)):
        task_id = event.task.id or task_id
        answer += "".join(part.text for part in event.artifact_update.artifact.parts)
        status = event.status_update.status
        state = TaskState.Name(status.state).removeprefix("TASK_STATE_").lower()
        if event.HasField("status_update") and state != shown:
            said = answer if state == "completed" else "".join(part.text for part in status.message.parts[:1])
            print(f"{state}: {said}" if said and state != "working" else state)
            shown = state
    return task_id


async def main(url: str) -> None:
    async with httpx.AsyncClient() as http:
        card = await A2ACardResolver(http, f"{url}/a2a/agents/treasurer").get_agent_card()
        print(f"card: {card.name}, skills: {', '.join(skill.id for skill in card.skills)}")
        client = ClientFactory(ClientConfig(httpx_client=http)).create(card)
        task_id = await say(client, "Pay the bill")
        await say(client, "yes", task_id)


listener = socket.create_server(("127.0.0.1", 0))
server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
thread.start()
while not server.started:
    time.sleep(0.01)
asyncio.run(main(f"http://127.0.0.1:{listener.getsockname()[1]}"))
server.should_exit = True
thread.join()
