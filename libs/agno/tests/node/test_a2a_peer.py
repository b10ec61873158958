"""The true clients of A2A for JavaScript, of version 1.x and 0.3, talk to an agent behind a key."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.media import Image
from agno.os import AgentOS
from agno.os.interfaces.a2a import A2A
from agno.os.settings import AgnoAPISettings
from agno.testing import ScriptedModel, fails, says, wants
from agno.tools import tool
from agno.tools.function import ToolResult

from os_serving import served

pytestmark = pytest.mark.node
HERE = Path(__file__).parent
KEY = "the key"
CLIENTS = [(sdk, binding) for sdk in ("1.3", "0.3") for binding in ("JSONRPC", "HTTP+JSON")]
Turns = list[dict[str, Any]]


def converse(agent: Agent, client: tuple[str, str], *turns: dict[str, Any]) -> Turns:
    """What the client saw in each turn."""
    service = AgentOS(agents=[agent], interfaces=[A2A(agents=[agent])], settings=AgnoAPISettings(os_security_key=KEY))
    with served(service) as server:
        card = f"{server.url}/a2a/agents/helper/.well-known/agent-card.json"
        scenario = {"card": card, "sdk": client[0], "binding": client[1], "key": KEY, "turns": turns}
        peer = ["node", str(HERE / "peers" / "a2a.mjs")]
        done = subprocess.run(peer, input=json.dumps(scenario), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen: Turns = json.loads(done.stdout)
    return seen


def states(turn: dict[str, Any]) -> list[str]:
    """The states in their order, each once."""
    found = [event["state"] for event in turn["events"] if event["state"]]
    return list(dict.fromkeys(found))


def text(turn: dict[str, Any]) -> str:
    """The answer as it came in pieces."""
    said = ""
    for event in turn["events"]:
        if event["kind"] == "artifact":
            said = said + event["text"] if event["append"] else event["text"]
    return said


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


def draw() -> ToolResult:
    """Draw."""
    return ToolResult(content="drawn", images=[Image(content=b"a png", mime_type="image/png")])


async def wait() -> str:
    """Wait."""
    await asyncio.sleep(60)
    return "done"


@pytest.mark.parametrize("client", CLIENTS, ids="-".join)
def test_a_conversation(client: tuple[str, str]) -> None:
    turns = (wants("draw"), says("It is drawn."), wants("pay", amount=5), says("Paid."), fails(RuntimeError("sk-secret")),
             wants("wait"), says("never read"))  # fmt: skip
    model = ScriptedModel(*turns)
    agent = Agent(name="Helper", model=model, tools=[draw, pay, wait])
    files = client != (
        "0.3",
        "HTTP+JSON",
    )  # there, both SDKs encode bytes in their own ways, and this one loses `append`
    file = {"name": "cat.png", "type": "image/png", "base64": base64.b64encode(b"a cat").decode()}
    first = {"say": "Draw this", "file": file} if files else {"say": "Draw this"}

    seen = converse(
        agent,
        client,
        first,
        {"say": "Pay 5"},
        {"task": True, "data": {"approved": True}},
        {"say": "Fail"},
        {"say": "Wait", "cancelAt": "working"},
        {"get": True},
        {"get": True, "id": "unheard-of"},
        {"push": True},
    )
    drawn, asked, paid, failed, cancelled, got, unknown, pushed = seen

    assert [turn["error"] for turn in seen[:6]] == [None] * 6
    assert states(drawn) == ["submitted", "working", "completed"]
    assert [image.content for image in model.requests[0].messages[-1].images or ()] == ([b"a cat"] if files else [])
    assert next(event["text"] for event in drawn["events"] if event["kind"] == "artifact") == "It i"
    (picture,) = [file for event in drawn["events"] for file in event["files"]]
    assert picture["type"] == "image/png"
    assert base64.b64decode(picture["base64"]) == b"a png" or not files
    assert states(asked) == ["submitted", "working", "input-required"]
    (question,) = asked["events"][-1]["asked"][0]["questions"]
    assert (question["tool_name"], question["tool_args"]) == ("pay", {"amount": 5})
    assert states(paid) == ["working", "completed"]
    assert text(paid) == "Paid." or not files
    assert paid["events"][0]["id"] == asked["events"][0]["id"]
    assert states(failed)[-1] == "failed" and "sk-secret" not in json.dumps(failed)
    assert states(cancelled)[-1] == "canceled" and got["events"][0]["state"] == "canceled"
    assert unknown["error"] and pushed["error"]
