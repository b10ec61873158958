from __future__ import annotations

import asyncio
import copy
import threading
from contextlib import closing
from typing import Any

import pytest

from agno.agent import Agent
from agno.exceptions import (
    ContextWindowExceededError,
    ModelAuthenticationError,
    ModelProviderError,
    ModelRateLimitError,
)
from agno.media import Audio, Image
from agno.models._requests import Joined
from agno.models.message import Citations, Message, UrlCitation
from agno.models.metrics import Metrics
from agno.testing import (
    Call,
    ScriptedModel,
    ScriptExhausted,
    ScriptNotFinished,
    Turn,
    call,
    fails,
    says,
    thinks,
    wants,
    wants_many,
)

ADD = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}


def user(text: str = "Hi") -> list[Message]:
    return [Message("user", text)]


def ask(model: ScriptedModel, text: str = "Hi") -> Any:
    return model.invoke(user(text), Message("assistant"))


def stream(model: ScriptedModel, text: str = "Hi") -> list[Any]:
    return list(model.invoke_stream(user(text), Message("assistant")))


async def astream(model: ScriptedModel, text: str = "Hi") -> list[Any]:
    return [piece async for piece in model.ainvoke_stream(user(text), Message("assistant"))]


FULL = Turn(
    text="Hello there",
    reasoning="let me see",
    calls=(call("add", a=1, b=2), Call("broken", '{"a": ')),
    redacted_reasoning="xx",
    citations=Citations(urls=[UrlCitation(url="u")]),
    images=(Image(content=b"png"),),
    audio=Audio(content=b"wav"),
    usage=Metrics(input_tokens=3, output_tokens=4, total_tokens=7, cache_read_tokens=1),
    provider_data={"id": "r1"},
    finish="length",
)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_stream_joins_to_the_whole_answer(colour: str) -> None:
    with ScriptedModel(FULL, FULL) as model:
        whole = ask(model)
        pieces = stream(model) if colour == "sync" else asyncio.run(astream(model))
        joined = Joined()
        for piece in pieces:
            joined.add(piece)
        same = joined.response(model)
    for name in ("content", "reasoning_content", "redacted_reasoning_content", "citations", "provider_data", "extra"):
        assert getattr(same, name) == getattr(whole, name), name
    assert same.images[0].content == whole.images[0].content and same.audio.content == b"wav"
    assert same.response_usage.to_dict() == whole.response_usage.to_dict() == FULL.usage.to_dict()
    assert [c["function"] for c in same.tool_calls] == [c["function"] for c in whole.tool_calls]
    assert whole.tool_calls[1]["function"]["arguments"] == '{"a": '


def test_tool_arguments_are_split_and_usage_comes_last() -> None:
    *pieces, last = stream(ScriptedModel(wants("add", a=1, b=2)))
    head, *rest = [piece.tool_calls[0] for piece in pieces]
    assert (head["index"], head["function"]["name"], head["function"]["arguments"]) == (0, "add", "")
    assert [part["function"] for part in rest] == [{"arguments": t} for t in ('{"a"', ':1,"', 'b":2', "}")]
    assert last.response_usage.total_tokens == 15 and not last.tool_calls


def test_several_calls_have_their_own_ids_and_numbers() -> None:
    assert wants_many("a", "b").calls[0].name == "a"
    turn = wants(call("a"), call("a"))
    calls = ask(ScriptedModel(turn)).tool_calls
    assert calls[0]["id"] != calls[1]["id"]
    assert [p.tool_calls[0]["index"] for p in stream(ScriptedModel(turn)) if p.tool_calls] == [0, 0, 1, 1]


def test_a_request_is_kept_as_it_was() -> None:
    model = ScriptedModel(says("ok"))
    messages, tools = user(), [copy.deepcopy(ADD)]
    messages.append(Message("assistant", tool_calls=[{"id": "c1"}]))
    model.invoke(messages, Message("assistant"), dict, tools, "auto")
    messages[0].content = "changed"
    messages[1].tool_calls[0]["id"] = "changed"
    tools[0]["function"]["name"] = "changed"
    asked = model.requests[0]
    assert [asked.messages[0].content, asked.messages[1].tool_calls, asked.tool_names] == [
        "Hi",
        [{"id": "c1"}],
        ["add"],
    ]
    assert (asked.tool_choice, asked.response_format, asked.stream) == ("auto", dict, False)


def test_an_unexpected_request_names_the_message_and_fails_the_block_even_if_caught() -> None:
    with (
        pytest.raises(ScriptExhausted, match=r"again. Last message: user: 'And now"),
        ScriptedModel(says("ok")) as model,
    ):
        ask(model)
        with pytest.raises(ScriptExhausted):
            ask(model, "And now?")
    assert issubclass(ScriptExhausted, AssertionError)


def test_turns_that_were_not_asked_for_fail_the_block() -> None:
    with (
        pytest.raises(ScriptNotFinished, match=r"1 scripted turn was not asked for; the next is Turn\(text='two'\)"),
        ScriptedModel(says("one"), says("two")) as model,
    ):
        ask(model)
        assert model.remaining == 1


def test_an_error_in_the_block_is_not_hidden_by_turns_that_are_left() -> None:
    with pytest.raises(KeyError), ScriptedModel(says("one")):
        raise KeyError


def test_a_turn_may_be_a_function_of_the_messages() -> None:
    model = ScriptedModel(lambda messages: says(messages[-1].content.upper()), repeat=True)
    assert [ask(model, "a").content, ask(model, "b").content] == ["A", "B"]
    model.assert_done()


@pytest.mark.parametrize(
    ("turn", "kind", "status"),
    [
        (fails(401), ModelAuthenticationError, 401),
        (fails(429), ModelRateLimitError, 429),
        (fails(529), ModelRateLimitError, 529),
        (fails(400, code="context_length_exceeded"), ContextWindowExceededError, 400),
        (fails(500), ModelProviderError, 500),
        (fails("timeout"), ModelProviderError, 504),
        (fails("cut"), ModelProviderError, 502),
        (fails("malformed"), ModelProviderError, 502),
        (fails(ModelRateLimitError("slow")), ModelRateLimitError, 429),
    ],
)
def test_a_failure_is_the_error_of_an_adapter(turn: Turn, kind: type, status: int) -> None:
    with ScriptedModel(turn, turn) as model:
        for method in (ask, stream):
            with pytest.raises(kind) as caught:
                method(model)
            assert type(caught.value) is kind and caught.value.status_code == status


def test_a_stream_may_fail_after_some_pieces() -> None:
    seen = []
    with ScriptedModel(fails(500, after=2, text="one two three")) as model, pytest.raises(ModelProviderError) as caught:
        for piece in model.invoke_stream(user(), Message("assistant")):
            seen.append(piece.content)
    assert seen == ["one ", "two "] and caught.value.model_id == "scripted"


def test_a_closed_stream_is_counted() -> None:
    model = ScriptedModel(says("one two three"), repeat=True)

    async def leave() -> None:
        pieces = model.ainvoke_stream(user(), Message("assistant"))
        await pieces.__anext__()
        await pieces.aclose()

    with closing(model.invoke_stream(user(), Message("assistant"))) as pieces:
        next(pieces)
    asyncio.run(leave())
    stream(model)
    assert model.closed_streams == 2


def test_concurrent_runs_get_the_turns_of_their_own_question() -> None:
    script = {f"question {n}": [wants("look", n=n), says(f"answer {n}")] for n in range(20)}

    async def look(n: int) -> str:
        await asyncio.sleep(0.001 * (20 - n))
        return str(n)

    async def run_all(agent: Agent) -> list[Any]:
        return await asyncio.gather(*(agent.arun(question) for question in script))

    with ScriptedModel(script) as model:
        outputs = asyncio.run(run_all(Agent(model=model, tools=[look])))
    assert [output.content for output in outputs] == [f"answer {n}" for n in range(20)]
    assert len(model.requests) == 40


def test_threads_share_a_script_without_losing_turns() -> None:
    model = ScriptedModel(*[says(str(n)) for n in range(200)])
    seen: list[str] = []

    def work() -> None:
        for _ in range(25):
            seen.append(ask(model).content)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, seen)) == list(range(200))
    model.assert_done()


def test_a_question_without_turns_says_which_there_are() -> None:
    with pytest.raises(ScriptExhausted, match=r"no turns for 'b'; it has some for 'a'"):
        ask(ScriptedModel({"a": says("x")}), "b")
    with pytest.raises(ScriptExhausted, match="for 'a' is over"):
        model = ScriptedModel({"a": says("x")})
        ask(model, "a")
        ask(model, "a")


def test_the_key_may_be_anything_in_the_messages() -> None:
    model = ScriptedModel({3: says("three")}, by=lambda messages: len(messages[-1].content))
    assert ask(model, "abc").content == "three"
    with pytest.raises(TypeError, match="dict from key"):
        ScriptedModel(says("x"), by=len)


def test_settings_of_a_model_can_be_given() -> None:
    model = ScriptedModel(id="x", name="Mine", supports_native_structured_outputs=True)
    assert (model.id, model.name, model.supports_native_structured_outputs) == ("x", "Mine", True)
    assert copy.deepcopy(model) is model


def test_thoughts_come_before_the_answer() -> None:
    response = ask(ScriptedModel(thinks("hm", "Hi", call("a"))))
    assert (response.reasoning_content, response.content, len(response.tool_calls)) == ("hm", "Hi", 1)
    assert [bool(p.reasoning_content) for p in stream(ScriptedModel(thinks("hm", "Hi")))] == [True, False, False]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ScriptedModel([says("a")]), "ScriptedModel\\(\\*turns\\)"),
        (lambda: ScriptedModel(3), "not 3"),
        (lambda: wants("add", 1, 2), "name the arguments"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_turn_is_refused_where_it_stands(make: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        make()


@pytest.mark.parametrize("error", ["timeot", ValueError])
def test_a_fault_that_does_not_exist_is_refused(error: Any) -> None:
    with pytest.raises(ValueError, match="one of timeout, cut, short, malformed"):
        fails(error)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: says(5), "A turn has text=5; give a text"),
        (lambda: thinks("hm", "x", "add"), r"asks for 'add'; give tool calls, as in call\('add'"),
        (lambda: says("x", chunk_size=0), "chunk_size=0; give a number, at least 1"),
        (lambda: says("x", latency=-1), "latency=-1; give a number, at least 0"),
        (lambda: fails(500, after="two", text="x"), "break_after='two'"),
        (lambda: wants("add", a=object()), "The arguments of 'add' are sent as JSON"),
        (lambda: fails(200), "fails got 200; it takes an exception, an HTTP status of a failure"),
    ],
)
def test_a_turn_that_cannot_be_said_is_refused_where_it_is_written(make: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        make()


def test_half_a_character_is_sent_as_an_escape() -> None:
    assert call("add", a="\ud800").text == '{"a":"\\ud800"}'


def test_a_text_is_said_and_an_error_is_raised() -> None:
    model = ScriptedModel("one", ValueError("two"), lambda messages: "three")
    agent = Agent(model=model)
    assert agent.run("Hi").content == "one"
    with pytest.raises(ValueError, match="two"):
        agent.run("Hi")
    assert agent.run("Hi").content == "three"
