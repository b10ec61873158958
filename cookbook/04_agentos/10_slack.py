"""An agent in Slack: a message in a thread, a tool that a person allows with a button, and the answer.

Slack itself is played by a small server in this process, which prints what the bot says; with a token of your app and its
signing secret, `Slack(agent)` talks to the real one. The model follows a script, so that this runs without a key.

Prints:
    Ada: Delete a.txt
    bot: The tool delete wants to run. Allow it? name: a.txt
    Ada presses Approve
    bot: a.txt is deleted.
"""

import json
import socket
import threading
import time
from urllib.parse import urlencode

import httpx
import uvicorn
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.os.interfaces.slack import Slack
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool

said: list[dict] = []  # the messages of the bot


async def slack_api(request: Request) -> JSONResponse:
    sent = await request.json() if request.headers.get("content-type", "").startswith("application/json") else {}
    sent = sent or dict(await request.form())
    if request.url.path.endswith("chat.postMessage"):
        said.append(sent)
    return JSONResponse({"ok": True, "ts": f"100.{len(said)}", "channel": sent.get("channel")})


@tool(requires_confirmation=True)
def delete(name: str) -> str:
    """Deletes a file."""
    return f"{name} is gone"


def serve(app) -> str:
    """Serves an app on a port of this machine; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def post(path: str, body: str) -> None:
    """What Slack does: a request with the signature of the app."""
    now = str(int(time.time()))
    signature = SignatureVerifier("secret").generate_signature(timestamp=now, body=body)
    headers = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature}
    httpx.post(f"{service}/slack/{path}", content=body, headers=headers).raise_for_status()


def wait_for(count: int) -> dict:
    while len(said) < count:
        time.sleep(0.01)
    return said[count - 1]


client = WebClient(
    "xoxb-token", base_url=serve(Starlette(routes=[Route("/{path:path}", slack_api, methods=["POST"])])) + "/"
)
model = ScriptedModel(wants("delete", name="a.txt"), says("a.txt is deleted."))
helper = Agent(name="Helper", model=model, tools=[delete], db=InMemoryDb())
service = serve(
    AgentOS(
        agents=[helper], interfaces=[Slack(helper, client=client, signing_secret="secret", streaming=False)]
    ).get_app()
)

print("Ada: Delete a.txt")
event = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U-ada", "ts": "1.1", "text": "Delete a.txt"}
post("events", json.dumps({"type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event": event}))
asked = wait_for(1)
print("bot:", " ".join(asked["text"].split()))

blocks = asked["blocks"] if isinstance(asked["blocks"], list) else json.loads(asked["blocks"])
button = next(one for one in blocks[1]["elements"] if one["style"] == "primary")
print("Ada presses", button["text"]["text"])
press = {
    "type": "block_actions",
    "user": {"id": "U-ada"},
    "channel": {"id": "D1"},
    "message": {"ts": "100.1", "thread_ts": asked["thread_ts"], "text": asked["text"]},
    "actions": [{**button, "action_ts": "5.1"}],
}
post("interactions", urlencode({"payload": json.dumps(press)}))
print("bot:", wait_for(2)["text"])
