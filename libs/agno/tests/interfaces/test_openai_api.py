"""The true SDK of OpenAI talks to agents, teams and workflows over loopback."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.os import AgentOS
from agno.os.interfaces.openai import OpenAIApi
from agno.team import Team
from agno.testing import ScriptedModel, fails, says, wants
from agno.workflow import Step, Workflow

from os_serving import served

PAINT: Any = {
    "type": "function",
    "function": {
        "name": "paint",
        "description": "Paints the page",
        "parameters": {"type": "object", "properties": {"colour": {"type": "string"}}},
    },
}
HELLO: Any = [{"role": "user", "content": "Hello"}]


@contextmanager
def client_of(*agents: Any, **kinds: Any) -> Iterator[openai.OpenAI]:
    interface = OpenAIApi(agents=agents, **kinds)
    component = agents[0] if agents else Agent(name="Other", model=ScriptedModel())
    with served(AgentOS(agents=[component], interfaces=[interface]).get_app()) as server:
        with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
            yield client


def agent_of(*turns: Any, **settings: Any) -> tuple[Agent, ScriptedModel]:
    model = ScriptedModel(*turns)
    return Agent(name="Painter", model=model, **settings), model


def test_an_agent_a_team_and_a_workflow_are_models_by_their_ids() -> None:
    agent, _ = agent_of(says("from the agent"))
    team = Team(
        name="Crew", members=[Agent(name="A", model=ScriptedModel())], model=ScriptedModel(says("from the team"))
    )
    workflow = Workflow(name="Text", steps=[Step(name="write", executor=lambda step_input: "from the workflow")])

    with client_of(agent, teams=[team], workflows=[workflow]) as client:
        names = [model.id for model in client.models.list()]
        answers = [client.chat.completions.create(model=name, messages=HELLO) for name in names]
        assert client.models.retrieve("crew").id == "crew"

    assert names == ["painter", "crew", "text"]
    assert [a.choices[0].message.content for a in answers] == ["from the agent", "from the team", "from the workflow"]
    assert all(answer.choices[0].finish_reason == "stop" and answer.usage for answer in answers)


def test_all_messages_are_the_input_where_no_session_is_named() -> None:
    agent, model = agent_of(says("Ada."))
    messages: Any = [
        {"role": "user", "content": "I am Ada"},
        {"role": "assistant", "content": "Hello Ada"},
        {"role": "user", "content": [{"type": "text", "text": "Who am I?"}]},
    ]

    with client_of(agent) as client:
        client.chat.completions.create(model="painter", messages=messages)

    assert [m.content for m in model.requests[0].messages] == ["I am Ada", "Hello Ada", "Who am I?"]


@pytest.mark.parametrize("by_header", [False, True])
def test_a_named_session_keeps_the_history_and_the_user(by_header: bool, tmp_path: Path) -> None:
    db = SqliteDb(db_file=str(tmp_path / "a.db"))
    agent, model = agent_of(says("Hello Ada"), says("Ada."), db=db, add_history_to_context=True)
    first: Any = {"role": "user", "content": "I am Ada"}
    rest: Any = [{"role": "assistant", "content": "Hello Ada"}, {"role": "user", "content": "Who am I?"}]
    where: Any = {"extra_headers": {"X-Session-Id": "s1"}} if by_header else {"metadata": {"session_id": "s1"}}

    with client_of(agent) as client:
        for messages in ([first], [first, *rest]):
            client.chat.completions.create(model="painter", messages=messages, user="ada", **where)

    assert [m.content for m in model.requests[1].messages] == ["I am Ada", "Hello Ada", "Who am I?"]
    session = agent.get_session("s1", "ada")
    assert session is not None and session.user_id == "ada" and len(session.runs or ()) == 2


def test_a_stream_has_the_text_in_chunks_and_the_usage_where_it_is_wanted() -> None:
    agent, _ = agent_of(says("red and blue"))

    with client_of(agent) as client:
        stream = client.chat.completions.create(
            model="painter", messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
        chunks = list(stream)

    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "red and blue"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage is not None


def test_an_answer_of_a_workflow_streams() -> None:
    workflow = Workflow(name="Text", steps=[Step(name="write", executor=lambda step_input: "final")])

    with client_of(workflows=[workflow]) as client:
        chunks = list(client.chat.completions.create(model="text", messages=HELLO, stream=True))

    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "final"


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("session", [None, "s1"])
def test_a_tool_of_the_client_ends_the_answer_and_its_result_continues_the_run(
    stored: bool, session: str | None, tmp_path: Path
) -> None:
    db = SqliteDb(db_file=str(tmp_path / "a.db")) if stored else None
    agent, model = agent_of(wants("paint", colour="red"), says("It is red."), db=db)
    where: Any = {"metadata": {"session_id": session}} if session else {}

    with client_of(agent) as client:
        first = client.chat.completions.create(model="painter", messages=HELLO, tools=[PAINT], **where)
        (call,) = first.choices[0].message.tool_calls or ()
        result = {"role": "tool", "tool_call_id": call.id, "content": "painted"}
        messages: Any = [*HELLO, first.choices[0].message, result]
        second = client.chat.completions.create(model="painter", messages=messages, tools=[PAINT], **where)

    assert first.choices[0].finish_reason == "tool_calls"
    assert call.type == "function" and json.loads(call.function.arguments) == {"colour": "red"}
    assert second.choices[0].message.content == "It is red."
    assert [m.role for m in model.requests[1].messages] == ["user", "assistant", "tool"]
    assert model.requests[1].messages[-1].content == "painted"


def test_results_of_a_run_that_is_not_found_are_input() -> None:
    agent, model = agent_of(says("It is red."))
    call = {"id": "c1", "type": "function", "function": {"name": "paint", "arguments": "{}"}}
    messages: Any = [
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "painted"},
    ]

    with client_of(agent) as client:
        answer = client.chat.completions.create(model="painter", messages=messages, tools=[PAINT])

    assert answer.choices[0].message.content == "It is red."
    assert [m.role for m in model.requests[0].messages] == ["user", "assistant", "tool"]


def test_the_asynchronous_client_streams_calls_of_its_tools() -> None:
    agent, _ = agent_of(wants("paint", colour="red"), says("It is red."))

    async def talk(address: str) -> list[Any]:
        async with openai.AsyncOpenAI(base_url=address, api_key="none") as client:
            stream = await client.chat.completions.create(model="painter", messages=HELLO, tools=[PAINT], stream=True)
            return [chunk async for chunk in stream]

    with client_of(agent) as client:
        chunks = asyncio.run(talk(str(client.base_url)))

    (call,) = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert call.function.name == "paint" and chunks[-1].choices[0].finish_reason == "tool_calls"


def test_an_image_reaches_the_model() -> None:
    agent, model = agent_of(says("A cat."))
    url = "data:image/png;base64," + base64.b64encode(b"png bytes").decode()
    parts: Any = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]

    with client_of(agent) as client:
        client.chat.completions.create(model="painter", messages=[{"role": "user", "content": parts}])

    assert [image.content for image in model.requests[0].messages[-1].images or ()] == [b"png bytes"]


class Colour(BaseModel):
    name: str


def test_a_schema_of_the_client_gives_a_structured_answer() -> None:
    agent, _ = agent_of(says('{"name": "red"}'))

    with client_of(agent) as client:
        answer = client.chat.completions.parse(model="painter", messages=HELLO, response_format=Colour)

    assert answer.choices[0].message.parsed == Colour(name="red")


def test_a_client_that_leaves_its_stream_cancels_the_run() -> None:
    began, left = threading.Event(), threading.Event()

    async def wait() -> str:
        """Wait."""
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()
        return "never"

    agent, _ = agent_of(wants("wait"), says("never"), tools=[wait])
    with client_of(agent) as client:
        with client.chat.completions.create(
            model="painter", messages=[{"role": "user", "content": "Hi"}], stream=True
        ) as stream:
            next(iter(stream))
            assert began.wait(30)
        assert left.wait(30), "the tool went on"


def test_errors_have_the_form_of_openai() -> None:
    agent, _ = agent_of(fails(RuntimeError("the key sk-secret is wrong")), fails(RuntimeError("sk-secret")))
    audio: Any = [{"role": "user", "content": [{"type": "input_audio"}]}]

    with client_of(agent) as client:
        with pytest.raises(openai.NotFoundError) as missing:
            client.chat.completions.create(model="nobody", messages=HELLO)
        with pytest.raises(openai.BadRequestError, match="messages"):
            client.chat.completions.create(model="painter", messages=[])
        with pytest.raises(openai.BadRequestError, match="input_audio"):
            client.chat.completions.create(model="painter", messages=audio)
        with pytest.raises(openai.InternalServerError) as failed:
            client.chat.completions.create(model="painter", messages=HELLO)
        with pytest.raises(openai.APIError) as broken:
            list(client.chat.completions.create(model="painter", messages=HELLO, stream=True))

    assert missing.value.code == "model_not_found"
    assert "sk-secret" not in str(failed.value) and "error id" in str(failed.value)
    assert "sk-secret" not in str(broken.value) and "error id" in str(broken.value)
