"""The true client of AG-UI, which checks the order of events itself, talks to an agent, a team and a workflow."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.os.interfaces.agui import AGUI
from agno.run import RunContext
from agno.team import Team
from agno.testing import ScriptedModel, fails, says, thinks, wants
from agno.tools import tool
from agno.workflow import Step, Workflow

from os_serving import app_of, served

pytestmark = pytest.mark.node
HERE = Path(__file__).parent
COLOUR = {
    "name": "paint",
    "description": "Paints the page",
    "parameters": {"type": "object", "properties": {"colour": {"type": "string"}}},
}


def converse(interface: AGUI, *turns: dict[str, Any], state: Any = None) -> dict[str, Any]:
    """What the client saw: per turn its events and interrupts, in the end its messages and state."""
    with served(app_of(interface)) as server:
        scenario = {"url": f"{server.url}/agui", "threadId": "t1", "state": state or {}, "turns": turns}
        peer = ["node", str(HERE / "peers" / "agui.mjs")]
        done = subprocess.run(peer, input=json.dumps(scenario), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def kinds(turn: dict[str, Any]) -> list[str]:
    return [event["type"] for event in turn["events"]]


def texts(seen: dict[str, Any]) -> list[str]:
    return [m["content"] for m in seen["messages"] if m["role"] == "assistant" and m.get("content")]


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


def count(run_context: RunContext) -> str:
    """Count."""
    state = run_context.session_state
    assert state is not None
    state["n"] = state.get("n", 0) + 1
    return str(state["n"])


def test_text_reasoning_tools_and_state_reach_the_client() -> None:
    model = ScriptedModel(wants("count"), thinks("let me see", "You are at two."))

    seen = converse(AGUI(agent=Agent(model=model, tools=[count])), {"say": "Count one up"}, state={"n": 1})

    assert seen["turns"][0]["error"] is None
    assert texts(seen) == ["You are at two."]
    assert [m["content"] for m in seen["messages"] if m["role"] == "tool"] == ["2"]
    assert [m["content"] for m in seen["messages"] if m["role"] == "reasoning"] == ["let me see"]
    assert seen["state"] == {"n": 2}


def test_earlier_turns_are_in_the_session_and_not_sent_twice(tmp_path: Path) -> None:
    model = ScriptedModel(says("Hello Ada."), says("You are Ada."))
    agent = Agent(model=model, db=SqliteDb(db_file=str(tmp_path / "a.db")), add_history_to_context=True)

    converse(AGUI(agent=agent), {"say": "I am Ada"}, {"say": "Who am I?"})

    assert [m.content for m in model.requests[1].messages] == ["I am Ada", "Hello Ada.", "Who am I?"]


@pytest.mark.parametrize("stored", [False, True])
def test_a_tool_of_the_page_ends_the_run_and_its_result_continues_it(stored: bool, tmp_path: Path) -> None:
    model = ScriptedModel(wants("paint", colour="red"), says("The page is red."))
    agent = Agent(model=model, db=SqliteDb(db_file=str(tmp_path / "a.db")) if stored else None)

    seen = converse(
        AGUI(agent=agent), {"say": "Red!", "tools": [COLOUR]}, {"results": {"paint": "painted"}, "tools": [COLOUR]}
    )

    assert [turn["error"] for turn in seen["turns"]] == [None, None]
    assert kinds(seen["turns"][0])[-2:] == ["TOOL_CALL_END", "RUN_FINISHED"]
    assert seen["turns"][0]["interrupts"] == []
    assert model.requests[1].messages[-1].content == "painted"
    assert texts(seen) == ["The page is red."]


@pytest.mark.parametrize(
    "answer, result",
    [({"answer": {"approved": True}}, "paid 5"), ({"answer": False}, "rejected"), ({"decline": True}, "declined")],
)
def test_a_person_decides_through_an_interrupt(answer: dict[str, Any], result: str) -> None:
    model = ScriptedModel(wants("pay", amount=5), says("Well then."))

    seen = converse(AGUI(agent=Agent(model=model, tools=[pay])), {"say": "Pay 5"}, answer)

    assert [i["reason"] for i in seen["turns"][0]["interrupts"]] == ["confirmation"]
    assert [turn["error"] for turn in seen["turns"]] == [None, None]
    assert result in str(model.requests[1].messages[-1].content)
    assert texts(seen) == ["Well then."]


def test_members_of_a_team_are_sub_agents() -> None:
    member = Agent(name="Reader", model=ScriptedModel(says("It is a poem.")))
    delegate = wants("delegate_task_to_member", member_id="reader", task_description="read")
    team = Team(members=[member], model=ScriptedModel(delegate, says("A poem.")))

    seen = converse(AGUI(team=team), {"say": "What is it?"})

    assert seen["turns"][0]["error"] is None
    started = [event for event in seen["turns"][0]["events"] if event["type"] == "SUBAGENT_STARTED"]
    assert [event["name"] for event in started] == ["Reader"]
    assert "A poem." in texts(seen)


def test_steps_of_a_workflow_are_steps() -> None:
    agent = Agent(name="Writer", model=ScriptedModel(says("draft")))
    workflow = Workflow(name="Text", steps=[Step(name="write", agent=agent), lambda step_input: "final"])

    seen = converse(AGUI(workflow=workflow), {"say": "Write"})

    assert seen["turns"][0]["error"] is None
    steps = [event["stepName"] for event in seen["turns"][0]["events"] if event["type"] == "STEP_FINISHED"]
    assert steps[0] == "write" and len(steps) == 2
    assert texts(seen)[-1] == "final"


def test_an_image_reaches_the_model() -> None:
    model = ScriptedModel(says("A cat."))
    data = base64.b64encode(b"png bytes").decode()
    part = {"type": "image", "source": {"type": "data", "value": data, "mimeType": "image/png"}}

    seen = converse(AGUI(agent=Agent(model=model)), {"say": "What is it?", "parts": [part]})

    assert seen["turns"][0]["error"] is None
    assert [image.content for image in model.requests[0].messages[-1].images or ()] == [b"png bytes"]


def test_an_error_is_a_run_error_and_says_nothing_of_the_inside() -> None:
    model = ScriptedModel(fails(RuntimeError("the key sk-secret is wrong")))

    seen = converse(AGUI(agent=Agent(model=model)), {"say": "Hi"})

    last = seen["turns"][0]["events"][-1]
    assert last["type"] == "RUN_ERROR" and "error id" in last["message"]
    assert "sk-secret" not in json.dumps(seen)


def test_a_client_that_leaves_cancels_the_run() -> None:
    left = threading.Event()

    async def wait() -> str:
        """Wait."""
        try:
            await asyncio.sleep(30)
        finally:
            left.set()
        return "done"

    agent = Agent(model=ScriptedModel(wants("wait"), says("never read")), tools=[wait])

    seen = converse(AGUI(agent=agent), {"say": "Hi", "abortAt": "TOOL_CALL_START"})

    assert "TEXT_MESSAGE_CONTENT" not in kinds(seen["turns"][0])
    assert left.wait(30), "the tool went on"
