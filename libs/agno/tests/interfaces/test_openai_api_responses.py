"""The true SDK of OpenAI talks to agents, teams and workflows through the Responses API, over loopback."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from interfaces.test_openai_api import agent_of, client_of
from pydantic import BaseModel

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.run import RunContext
from agno.team import Team
from agno.testing import ScriptedModel, fails, says, thinks, wants
from agno.tools import tool
from agno.workflow import Step, Workflow

from os_serving import until

PAINT: Any = {"type": "function", "name": "paint", "parameters": {"type": "object", "properties": {}}, "strict": False}


@pytest.fixture
def db(tmp_path: Path) -> SqliteDb:
    return SqliteDb(db_file=str(tmp_path / "a.db"))


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


def test_an_agent_a_team_and_a_workflow_respond() -> None:
    agent, _ = agent_of(says("from the agent"))
    team = Team(name="Crew", members=[Agent(name="A", model=ScriptedModel())], model=ScriptedModel(says("the team")))
    workflow = Workflow(name="Text", steps=[Step(name="write", executor=lambda step_input: "the workflow")])

    with client_of(agent, teams=[team], workflows=[workflow]) as client:
        answers = [client.responses.create(model=name, input="Hi") for name in ("painter", "crew", "text")]

    assert [one.output_text for one in answers] == ["from the agent", "the team", "the workflow"]
    assert [one.status for one in answers] == ["completed"] * 3
    assert all(one.usage is not None for one in answers)


def test_a_stream_has_typed_events_in_their_order() -> None:
    agent, _ = agent_of(thinks("let me see", "red and blue"))

    with client_of(agent) as client, client.responses.stream(model="painter", input="Hi") as stream:
        events: list[Any] = list(stream)
        final = stream.get_final_response()

    kinds = list(dict.fromkeys(event.type for event in events))
    assert kinds == [
        "response.created", "response.in_progress", "response.output_item.added",
        "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done", "response.reasoning_summary_part.done", "response.output_item.done",
        "response.content_part.added", "response.output_text.delta", "response.output_text.done",
        "response.content_part.done", "response.completed",
    ]  # fmt: skip
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert final.output_text == "red and blue"
    assert [item.type for item in final.output] == ["reasoning", "message"]


@pytest.mark.parametrize("stored", [False, True])
def test_a_previous_response_is_the_history(stored: bool, db: SqliteDb) -> None:
    agent, model = agent_of(says("Hello Ada"), says("Ada."), db=db if stored else None)

    with client_of(agent) as client:
        first = client.responses.create(model="painter", input="I am Ada")
        client.responses.create(model="painter", input="Who am I?", previous_response_id=first.id)

    assert [m.content for m in model.requests[1].messages] == ["I am Ada", "Hello Ada", "Who am I?"]


def test_a_conversation_is_a_session_and_instructions_are_of_one_response(db: SqliteDb) -> None:
    agent, model = agent_of(says("Hello Ada"), says("Ada."), db=db)

    with client_of(agent) as client:
        client.responses.create(model="painter", input="I am Ada", conversation="s1", instructions="Rhyme.", user="ada")
        second = client.responses.create(model="painter", input="Who am I?", conversation="s1", user="ada")

    assert "Rhyme." in str(model.requests[0].messages[0].content)
    assert [m.content for m in model.requests[1].messages] == ["I am Ada", "Hello Ada", "Who am I?"]
    assert second.conversation is not None and second.conversation.id == "s1"
    assert agent.get_session("s1", "ada") is not None


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("streamed", [False, True])
def test_a_function_of_the_client_is_called_and_its_output_goes_on(stored: bool, streamed: bool, db: SqliteDb) -> None:
    agent, model = agent_of(wants("paint", colour="red"), says("It is red."), db=db if stored else None)

    with client_of(agent) as client:
        if streamed:
            with client.responses.stream(model="painter", input="Red", tools=[PAINT]) as stream:
                first: Any = stream.get_final_response()
        else:
            first = client.responses.create(model="painter", input="Red", tools=[PAINT])
        (call,) = first.output
        output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "painted"}
        second = client.responses.create(model="painter", input=[output], tools=[PAINT], previous_response_id=first.id)
        with pytest.raises(openai.BadRequestError, match="waits"):
            client.responses.create(model="painter", input=[output], previous_response_id=second.id)

    assert call.type == "function_call" and json.loads(call.arguments) == {"colour": "red"}
    assert second.output_text == "It is red." and second.id != first.id
    assert model.requests[1].messages[-1].content == "painted"


def test_a_client_that_keeps_everything_itself_sends_calls_and_outputs(db: SqliteDb) -> None:
    agent, model = agent_of(wants("paint", colour="red"), says("It is red."), db=db)
    items: list[Any] = [{"role": "user", "content": "Red"}]

    with client_of(agent) as client:
        first: Any = client.responses.create(model="painter", input=items, tools=[PAINT], store=False)
        items += [item.model_dump() for item in first.output]
        items.append({"type": "function_call_output", "call_id": first.output[0].call_id, "output": "painted"})
        second = client.responses.create(model="painter", input=items, tools=[PAINT], store=False)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(second.id)

    assert second.output_text == "It is red."
    assert [m.role for m in model.requests[1].messages] == ["user", "assistant", "tool"]
    assert db.get_sessions("agent") == []


@pytest.mark.parametrize("agreed, result", [(True, "paid 5"), (False, "rejected")])
def test_a_person_approves_a_tool(agreed: bool, result: str) -> None:
    agent, model = agent_of(wants("pay", amount=5), says("Well then."), tools=[pay])

    with client_of(agent) as client:
        first = client.responses.create(model="painter", input="Pay 5")
        (request,) = first.output
        reply: Any = {"type": "mcp_approval_response", "approval_request_id": request.id, "approve": agreed}
        second = client.responses.create(model="painter", input=[reply], previous_response_id=first.id)

    assert request.type == "mcp_approval_request" and request.name == "pay"
    assert result in str(model.requests[1].messages[-1].content) and second.output_text == "Well then."


def test_images_and_files_reach_the_model() -> None:
    agent, model = agent_of(says("A cat."))
    url = "data:image/png;base64," + base64.b64encode(b"png bytes").decode()
    text = "data:text/plain;base64," + base64.b64encode(b"notes").decode()
    parts: Any = [
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": url, "detail": "auto"},
        {"type": "input_file", "file_data": text, "filename": "notes.txt"},
    ]

    with client_of(agent) as client:
        client.responses.create(model="painter", input=[{"role": "user", "content": parts}])

    message = model.requests[0].messages[-1]
    assert [image.content for image in message.images or ()] == [b"png bytes"]
    assert [(file.content, file.filename) for file in message.files or ()] == [(b"notes", "notes.txt")]


class Colour(BaseModel):
    name: str


def test_a_schema_of_the_client_gives_a_structured_answer() -> None:
    agent, _ = agent_of(says('{"name": "red"}'))

    with client_of(agent) as client:
        answer = client.responses.parse(model="painter", input="Hi", text_format=Colour)

    assert answer.output_parsed == Colour(name="red")


def test_dependencies_and_state_come_in_a_field_of_agno() -> None:
    seen: list[Any] = []

    def look(run_context: RunContext) -> str:
        """Look."""
        seen.append((run_context.dependencies, (run_context.session_state or {}).get("n")))
        return "seen"

    agent, _ = agent_of(wants("look"), says("ok"), wants("look"), says("ok"), tools=[look])
    extra = {"agno": {"dependencies": {"shop": "north"}, "session_state": {"n": 1}}}

    with client_of(agent) as client:
        client.responses.create(model="painter", input="Hi", extra_body=extra)
        client.chat.completions.create(model="painter", messages=[{"role": "user", "content": "Hi"}], extra_body=extra)

    assert seen == [({"shop": "north"}, 1)] * 2


def slow() -> tuple[Any, threading.Event, threading.Event]:
    """A tool that waits, what says that it began, and what lets it end."""
    began, go = threading.Event(), threading.Event()

    async def wait() -> str:
        """Wait."""
        began.set()
        while not go.is_set():
            await asyncio.sleep(0.01)
        return "waited"

    return wait, began, go


def test_a_response_in_the_background_is_asked_for_and_its_events_are_read_from_behind_one() -> None:
    wait, began, go = slow()
    agent, _ = agent_of(wants("wait"), says("Here you are."), tools=[wait])

    with client_of(agent) as client:
        first = client.responses.create(model="painter", input="Hi", background=True)
        assert began.wait(30)
        assert client.responses.retrieve(first.id).status == "in_progress"
        stream = client.responses.retrieve(first.id, stream=True, starting_after=1)
        go.set()
        events: list[Any] = list(stream)
        last = client.responses.retrieve(first.id)

    assert first.status == "queued" and last.status == "completed" and last.output_text == "Here you are."
    assert [event.sequence_number for event in events] == list(range(2, len(events) + 2))
    assert events[-1].type == "response.completed"


def test_a_response_is_cancelled() -> None:
    wait, began, _ = slow()
    agent, _ = agent_of(wants("wait"), says("never"), tools=[wait])

    with client_of(agent) as client:
        first = client.responses.create(model="painter", input="Hi", background=True)
        assert began.wait(30)
        client.responses.cancel(first.id)
        until(lambda: client.responses.retrieve(first.id).status == "cancelled")
        client.responses.delete(first.id)
        with pytest.raises(openai.NotFoundError):
            client.responses.retrieve(first.id)


def test_a_response_is_found_after_a_restart(db: SqliteDb) -> None:
    agent, _ = agent_of(says("Blue."), says("Still blue."), db=db)

    with client_of(agent) as client:
        first = client.responses.create(model="painter", input="Hi", metadata={"a": "b"})
    with client_of(agent) as client:
        again = client.responses.retrieve(first.id)
        second = client.responses.create(model="painter", input="And now?", previous_response_id=first.id)
        with pytest.raises(openai.ConflictError):
            client.responses.delete(first.id)

    assert (again.id, again.status, again.output_text, again.metadata) == (first.id, "completed", "Blue.", {"a": "b"})
    assert second.output_text == "Still blue."


def test_errors_have_the_form_of_openai() -> None:
    agent, _ = agent_of(fails(RuntimeError("the key sk-secret is wrong")), fails(RuntimeError("sk-secret")))
    audio: Any = [{"role": "user", "content": [{"type": "input_audio"}]}]

    with client_of(agent) as client:
        create = client.responses.create
        with pytest.raises(openai.NotFoundError) as missing:
            create(model="nobody", input="Hi")
        for options, words in (
            ({"input": []}, "empty"),
            ({"input": audio}, "input_audio"),
            ({"input": [{"type": "item_reference", "id": "x"}]}, "item_reference"),
            ({"input": "Hi", "conversation": "s1"}, "no database"),
            ({"input": "Hi", "tools": [{"type": "web_search"}]}, "web_search"),
            ({"input": "Hi", "extra_body": {"background": 1}}, "background"),
        ):
            with pytest.raises(openai.BadRequestError, match=words):
                create(model="painter", **options)  # type: ignore[call-overload]
        for unknown in ("resp_x", "resp_00000000-0000-0000-0000-000000000000"):
            with pytest.raises(openai.NotFoundError, match="not found"):
                create(model="painter", input="Hi", previous_response_id=unknown)
        with pytest.raises(openai.InternalServerError) as failed:
            create(model="painter", input="Hi")
        events: list[Any] = list(create(model="painter", input="Hi", stream=True))

    assert missing.value.code == "model_not_found"
    assert "sk-secret" not in str(failed.value) and "error id" in str(failed.value)
    assert events[-1].type == "response.failed" and "sk-secret" not in events[-1].model_dump_json()


@pytest.mark.parametrize("query", ["stream=1", "starting_after=true", "stream=true&starting_after=-1"])
def test_a_query_that_is_no_number_or_no_flag_is_refused(query: str) -> None:
    agent, _ = agent_of(says("Blue."))

    with client_of(agent) as client:
        first = client.responses.create(model="painter", input="Hi")
        refused = httpx.get(f"{client.base_url}responses/{first.id}?{query}", timeout=30)

    assert refused.status_code == 400 and refused.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "given",
    [[{"type": []}], [{"role": "user", "content": [1]}], [{"role": [], "content": "x"}], [3], {"a": 1}, None, True],
)
def test_rubbish_is_a_bad_request(given: Any) -> None:
    agent, model = agent_of(says("never"))

    with client_of(agent) as client, pytest.raises(openai.BadRequestError):
        client.responses.create(model="painter", input=given)

    assert model.requests == []
