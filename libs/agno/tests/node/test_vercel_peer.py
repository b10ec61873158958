"""The true client of Vercel's AI SDK holds chats with an agent, a team and a workflow."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.media import Image
from agno.models.message import Citations, UrlCitation
from agno.os._failures import Shown
from agno.os.interfaces._hosted import event_of
from agno.os.interfaces.vercel import Vercel
from agno.os.interfaces.vercel._chunks import Translator
from agno.run.agent import CustomEvent, RunCompletedEvent
from agno.team import Team
from agno.testing import ScriptedModel, fails, says, thinks, wants
from agno.tools import tool
from agno.tools.function import ToolResult
from agno.workflow import Step, Workflow

from os_serving import app_of, request, served

pytestmark = pytest.mark.node
HERE = Path(__file__).parent
PAINT = {"name": "paint", "inputSchema": {"type": "object", "properties": {"colour": {"type": "string"}}}}


def converse(interface: Vercel, *turns: dict[str, Any], path: str = "/api/chat", **body: Any) -> dict[str, Any]:
    """What the page saw: per turn its error, its end and its messages."""
    return converse_with(app_of(interface), *turns, path=path, **body)


def converse_with(app: Any, *turns: dict[str, Any], path: str = "/api/chat", **body: Any) -> dict[str, Any]:
    """The same with an app."""
    with served(app) as server:
        scenario = {"api": server.url + path, "body": body, "turns": turns}
        peer = ["node", str(HERE / "peers" / "vercel.mjs")]
        done = subprocess.run(peer, input=json.dumps(scenario), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def parts(seen: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [p for m in seen["messages"] if m["role"] == "assistant" for p in m["parts"] if p["type"] == kind]


def texts(seen: dict[str, Any]) -> list[str]:
    return [part["text"] for part in parts(seen, "text")]


def count() -> str:
    """Count."""
    return "2"


def broken() -> str:
    """Break."""
    raise RuntimeError("no ink")


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


def test_text_reasoning_tools_and_usage_reach_the_page() -> None:
    model = ScriptedModel(wants("count"), thinks("let me see", "You are at two."))

    seen = converse(Vercel(agent=Agent(model=model, tools=[count])), {"say": "Count one up"})

    assert seen["turns"][0]["error"] is None and seen["turns"][0]["finish"]["finishReason"] == "stop"
    assert texts(seen) == ["You are at two."]
    assert [part["text"] for part in parts(seen, "reasoning")] == ["let me see"]
    assert [(part["state"], part["output"]) for part in parts(seen, "tool-count")] == [("output-available", "2")]
    assert set(seen["messages"][-1]["metadata"]["usage"]) == {"inputTokens", "outputTokens", "totalTokens"}


@dataclass
class Painted(CustomEvent):
    """An event of a tool's own."""

    colour: str = ""


def paint() -> Iterator[Any]:
    """Paint."""
    yield Painted(colour="red")
    yield ToolResult(content="painted", images=[Image(content=b"red", mime_type="image/png")])


def test_files_that_a_run_makes_and_events_of_its_tools_reach_the_page() -> None:
    model = ScriptedModel(wants("paint"), says("Here it is."))

    seen = converse(Vercel(agent=Agent(model=model, tools=[paint])), {"say": "Paint"})

    url = "data:image/png;base64,cmVk"
    assert [(part["mediaType"], part["url"]) for part in parts(seen, "file")] == [("image/png", url)]
    assert [part["data"]["colour"] for part in parts(seen, "data-event")] == ["red"]
    assert texts(seen) == ["Here it is."]


def test_sources_reach_the_page_once() -> None:
    found = Citations(urls=[UrlCitation(url="https://a.example/x", title="X")])
    knowing = RunCompletedEvent(run_id="r", content="It rains.", citations=found)
    translator, chunks = Translator(), []
    for event in (knowing, knowing):
        frame = Shown().frame(event)
        chunks += translator.translate(*event_of(frame))

    sources = [chunk for chunk in chunks if chunk["type"] == "source-url"]
    assert sources == [
        {"type": "source-url", "sourceId": "https://a.example/x", "title": "X", "url": "https://a.example/x"}
    ]


def test_a_tool_that_fails_is_a_tool_part_with_an_error() -> None:
    model = ScriptedModel(wants("broken"), says("It broke."))

    seen = converse(Vercel(agent=Agent(model=model, tools=[broken])), {"say": "Print"})

    assert [part["state"] for part in parts(seen, "tool-broken")] == ["output-error"]
    assert texts(seen) == ["It broke."]


@pytest.mark.parametrize("stored", [False, True])
def test_earlier_turns_reach_the_model_once(stored: bool, tmp_path: Path) -> None:
    model = ScriptedModel(says("Hello Ada."), says("You are Ada."))
    db = SqliteDb(db_file=str(tmp_path / "a.db")) if stored else None

    converse(
        Vercel(agent=Agent(model=model, db=db, add_history_to_context=stored)),
        {"say": "I am Ada"},
        {"say": "Who am I?"},
    )

    assert [m.content for m in model.requests[1].messages] == ["I am Ada", "Hello Ada.", "Who am I?"]


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("agreed, state", [(True, "output-available"), (False, "output-denied")])
def test_a_person_approves_a_tool_or_denies_it(stored: bool, agreed: bool, state: str, tmp_path: Path) -> None:
    model = ScriptedModel(wants("pay", amount=5), says("Well then."))
    db = SqliteDb(db_file=str(tmp_path / "a.db")) if stored else None

    seen = converse(Vercel(agent=Agent(model=model, tools=[pay], db=db)), {"say": "Pay 5"}, {"approve": agreed})

    first = [p for p in seen["turns"][0]["messages"][-1]["parts"] if p["type"] == "tool-pay"]
    assert [part["state"] for part in first] == ["approval-requested"]
    assert [turn["error"] for turn in seen["turns"]] == [None, None]
    assert [part["state"] for part in parts(seen, "tool-pay")] == [state]
    assert ("paid 5" in str(model.requests[1].messages[-1].content)) is agreed
    assert texts(seen) == ["Well then."] and [m["role"] for m in seen["messages"]] == ["user", "assistant"]


def test_a_tool_of_the_page_runs_in_the_page() -> None:
    model = ScriptedModel(wants("paint", colour="red"), says("The page is red."))

    seen = converse(Vercel(agent=Agent(model=model)), {"say": "Red!"}, {"results": {"paint": "painted"}}, tools=[PAINT])

    assert [turn["error"] for turn in seen["turns"]] == [None, None]
    assert model.requests[1].messages[-1].content == "painted"
    assert [part["state"] for part in parts(seen, "tool-paint")] == ["output-available"]
    assert texts(seen) == ["The page is red."]


def test_files_reach_the_model() -> None:
    model = ScriptedModel(says("A cat."))
    url = "data:image/png;base64," + base64.b64encode(b"png bytes").decode()
    text = "data:text/plain;base64," + base64.b64encode(b"notes").decode()
    files = [{"type": "file", "mediaType": "image/png", "url": url}]
    files.append({"type": "file", "mediaType": "text/plain", "url": text, "filename": "notes.txt"})

    seen = converse(Vercel(agent=Agent(model=model)), {"say": "What is it?", "files": files})

    message = model.requests[0].messages[-1]
    assert seen["turns"][0]["error"] is None
    assert [image.content for image in message.images or ()] == [b"png bytes"]
    assert [file.filename for file in message.files or ()] == ["notes.txt"]


def test_teams_and_workflows_have_addresses_of_their_own() -> None:
    member = Agent(name="Reader", model=ScriptedModel(says("It is a poem.")))
    delegate = wants("delegate_task_to_member", member_id="reader", task_description="read")
    team = Team(name="Crew", members=[member], model=ScriptedModel(delegate, says("A poem.")))
    workflow = Workflow(name="Text", steps=[Step(name="write", executor=lambda step_input: "final")])
    interface = Vercel(teams=[team], workflows=[workflow])

    of_team = converse(interface, {"say": "What is it?"}, path="/api/chat/crew")
    of_workflow = converse(interface, {"say": "Write"}, path="/api/chat/text")

    assert texts(of_team) == ["A poem."] and texts(of_workflow) == ["final"]
    assert [part["data"] for part in parts(of_workflow, "data-step")] == [{"name": "write", "status": "completed"}]


def test_an_error_says_nothing_of_the_inside() -> None:
    seen = converse(Vercel(agent=Agent(model=ScriptedModel(fails(RuntimeError("key sk-secret"))))), {"say": "Hi"})

    assert "error id" in seen["turns"][0]["error"] and "sk-secret" not in json.dumps(seen)


def test_an_answer_can_be_regenerated(tmp_path: Path) -> None:
    model = ScriptedModel(says("One."), says("Two."))
    agent = Agent(model=model, db=SqliteDb(db_file=str(tmp_path / "a.db")), add_history_to_context=True)

    seen = converse(Vercel(agent=agent), {"say": "A number"}, {"regenerate": True})

    assert [turn["error"] for turn in seen["turns"]] == [None, None]
    assert texts(seen) == ["Two."] and [m.content for m in model.requests[1].messages] == ["A number"]


def slow() -> tuple[Any, threading.Event, threading.Event]:
    """A tool that waits, what lets it end, and what says that it ended."""
    go, left = threading.Event(), threading.Event()

    async def wait() -> str:
        """Wait."""
        try:
            while not go.is_set():
                await asyncio.sleep(0.01)
        finally:
            left.set()
        return "waited"

    return wait, go, left


def test_a_page_that_stops_cancels_the_run() -> None:
    wait, _, left = slow()
    agent = Agent(model=ScriptedModel(wants("wait"), says("never read")), tools=[wait])

    seen = converse(Vercel(agent=agent), {"say": "Hi", "stopAt": "tool-wait"})

    assert seen["turns"][0]["finish"]["isAbort"] is True and texts(seen) == []
    assert left.wait(30), "the tool went on"


def test_a_page_that_comes_back_reads_the_answer_from_its_beginning() -> None:
    wait, go, _ = slow()
    agent = Agent(model=ScriptedModel(wants("wait"), says("Here you are.")), tools=[wait])
    interface = Vercel(agent=agent, resumable=True)
    app = app_of(interface)
    app.add_api_route("/open", go.set, methods=["POST"])
    seen = converse_with(app, {"say": "Hi", "stopAt": "tool-wait"}, {"resume": "/open"})

    assert [turn["error"] for turn in seen["turns"]] == [None, None]
    assert [part["output"] for part in parts(seen, "tool-wait")] == ["waited"]
    assert texts(seen) == ["Here you are."]


def test_there_is_nothing_to_come_back_to_where_no_answer_is_being_made() -> None:
    answer = request(app_of(Vercel(agent=Agent(model=ScriptedModel()))), "GET", "/api/chat/c1/stream")

    assert answer.status_code == 204
