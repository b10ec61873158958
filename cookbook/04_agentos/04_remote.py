"""An agent of another AgentOS as a member of a team here, and the client that reaches everything else of it.

The service runs in this process, on a port of this machine; models follow scripts, so that this runs without a key.

Prints:
    client: Seven planets and Neptune.
    sessions: ['How many planets?']
    team: The astronomer counts eight.
    no such agent: status 404
"""

import socket
import threading
import time

import uvicorn

from agno.agent import Agent
from agno.agent.remote import RemoteAgent
from agno.client import AgentOSClient, NotFoundError
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.team import Team
from agno.testing import ScriptedModel, says, wants

model = ScriptedModel("Seven planets and Neptune.", repeat=True)
astronomer = Agent(id="astronomer", model=model, db=InMemoryDb())
listener = socket.create_server(("127.0.0.1", 0))
server = uvicorn.Server(uvicorn.Config(AgentOS(agents=[astronomer]).get_app(), log_level="warning"))
thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
thread.start()
while not server.started:
    time.sleep(0.01)
url = f"http://127.0.0.1:{listener.getsockname()[1]}"

with AgentOSClient(url) as client:
    print("client:", client.run("agent", "astronomer", "How many planets?").content)
    print("sessions:", [one["session_name"] for one in client.list_sessions()["data"]])

    far = RemoteAgent(url, "astronomer", role="Knows the planets", client=client)
    task = wants("delegate_task_to_member", member_id="astronomer", task_description="Count the planets")
    desk = Team([far], model=ScriptedModel(task, says("The astronomer counts eight.")))
    print("team:", desk.run("How many planets are there?").content)

    try:
        client.get_agent("astrologer")
    except NotFoundError as error:
        print("no such agent: status", error.status_code)

server.should_exit = True
thread.join()
