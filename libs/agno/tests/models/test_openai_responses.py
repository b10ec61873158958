from __future__ import annotations

import asyncio
import base64
import json

import pytest

from agno.agent import Agent
from agno.exceptions import ContextWindowExceededError, ModelProviderError, ModelRateLimitError
from agno.media import Audio, File, Image
from agno.models.message import Message
from agno.models.openai import OpenAIResponses

from contract import ModelContract
from playing import in_every_mode, play
from provider_wire import (
    PNG,
    TWO_CALLS,
    WEATHER,
    City,
    Reply,
    Said,
    answers_to,
    ask,
    assistant_message,
    joined,
    user,
    wire,
)  # fmt: skip

__all__ = ["wire"]

USAGE = {
    "input_tokens": 11, "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 18,
}  # fmt: skip


def text_item(text: str, *notes: dict, **more) -> dict:
    part = {"type": "output_text", "text": text, "annotations": list(notes)}
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part], **more}


def thought_item(*texts: str, encrypted: str | None = "secret", number: int = 1) -> dict:
    summary = [{"type": "summary_text", "text": text} for text in texts]
    return {"type": "reasoning", "id": f"rs_{number}", "summary": summary, "encrypted_content": encrypted}


def call_item(n: int, name: str, values: dict) -> dict:
    return {
        "type": "function_call", "id": f"fc_{n}", "call_id": f"c{n}", "name": name, "arguments": json.dumps(values),
        "status": "completed",
    }  # fmt: skip


def items_of(said: Said) -> list[dict]:
    items = [thought_item(said.thought)] if said.thought else []
    items += [text_item(said.text)] if said.text else []
    return items + [call_item(n, name, values) for n, (name, values) in enumerate(said.calls)]


def body(items: list[dict], usage: dict | None = None, **more) -> dict:
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "model": "m-2026", "status": "completed", "error": None,
        "incomplete_details": None, "output": items, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
        "usage": usage or USAGE, **more,
    }  # fmt: skip


def whole(items: list[dict], usage: dict | None = None, **more) -> Reply:
    return Reply(body(items, usage, **more))


def halves(text: str) -> list[str]:
    cut = text.find(" ") if " " in text else len(text) // 2
    return [text[:cut], text[cut:]]


def events_of(place: int, item: dict) -> list[dict]:
    """How an item begins, which deltas follow, and how it ends."""
    at = {"output_index": place, "item_id": item.get("id"), "content_index": 0}
    events: list[dict] = []
    begun = item
    if item["type"] == "message":
        begun = {**item, "content": [], "status": "in_progress"}
        for part in item["content"]:
            text = part.get("text") or part.get("refusal")
            events += [{"type": f"response.{part['type']}.delta", "delta": half, **at} for half in halves(text)]
    elif item["type"] == "reasoning":
        begun = {**item, "summary": []}
        for n, part in enumerate(item["summary"]):
            kind = "response.reasoning_summary_text.delta"
            events += [{"type": kind, "delta": half, "summary_index": n, **at} for half in halves(part["text"])]
    elif item["type"] == "function_call":
        begun = {**item, "arguments": "", "status": "in_progress"}
        kind = "response.function_call_arguments.delta"
        events += [{"type": kind, "delta": half, **at} for half in halves(item["arguments"])]
    start = {"type": "response.output_item.added", "output_index": place, "item": begun}
    return [start, *events, {"type": "response.output_item.done", "output_index": place, "item": item}]


def sent_as_events(*events: dict) -> Reply:
    pieces = [f"event: {e['type']}\ndata: {json.dumps({'sequence_number': n, **e})}\n\n" for n, e in enumerate(events)]
    return Reply(pieces, kind="text/event-stream")


def streamed(items: list[dict], usage: dict | None = None, end: str = "response.completed", **more) -> Reply:
    events = [event for place, item in enumerate(items) for event in events_of(place, item)]
    start = {"type": "response.created", "response": {**body([]), "status": "in_progress", "usage": None}}
    return sent_as_events(start, *events, {"type": end, "response": body(items, usage, **more)})


def responses(wire, **settings):
    return OpenAIResponses(**{"base_url": wire.url, "max_retries": 0, "api_key": "key", **settings})


class TestOpenAIResponses(ModelContract):
    module, package, variable = "openai", "openai", "OPENAI_API_KEY"
    draws = True
    takes_http_client = True
    counts = frozenset({"cache_read_tokens", "cache_write_tokens", "reasoning_tokens"})

    def model(self, server, **settings):
        return OpenAIResponses(**{"base_url": server.openai_url, "api_key": "key", "max_retries": 0, **settings})


def both(wire, items, usage=None, **settings):
    """The same answer whole and streamed."""
    wire.script(whole(items, usage), streamed(items, usage))
    model = responses(wire, **settings)
    return ask(model), joined(model)


# Requests ------------------------------------------------------------------------------------------------------------


def test_all_settings_are_sent():
    settings = dict(
        max_output_tokens=1, max_tool_calls=2, metadata={"a": "b"}, parallel_tool_calls=False, store=False,
        temperature=0.0, top_p=0.9, truncation="auto", user="u", service_tier="flex",
    )  # fmt: skip
    model = OpenAIResponses(
        **settings, include=["file_search_call.results"], reasoning={"effort": "high"}, reasoning_effort="low",
        reasoning_summary="auto", verbosity="low", request_params={"user": "v"},
    )  # fmt: skip
    assert model.request([user("Hi")]) == {
        "model": "gpt-4o", "input": [{"role": "user", "content": "Hi"}], **settings, "user": "v",
        "include": ["file_search_call.results", "reasoning.encrypted_content"],
        "reasoning": {"effort": "low", "summary": "auto"}, "text": {"verbosity": "low"},
    }  # fmt: skip
    assert OpenAIResponses().request([user("Hi")]).keys() == {"model", "input"}


@pytest.mark.parametrize(
    ("model_id", "asked"),
    [("o3", True), ("gpt-5-mini", True), ("gpt-4o", False), ("gpt-4.1", False), ("gpt-5-chat-latest", False)],
)
def test_models_that_think_are_asked_for_what_they_need_to_go_on_thinking(model_id, asked):
    assert ("include" in OpenAIResponses(id=model_id).request([user()])) is asked


def test_roles_images_and_files_are_input_items(tmp_path):
    path = tmp_path / "notes.md"
    path.write_text("# Notes")
    message = user(
        "Look",
        images=[Image(url="https://a.example/cat.png", detail="low"), Image(content=PNG)],
        files=[
            File(filepath=path), File(content=b"%PDF", filename="a.pdf"), File(external="file-1"),
            File(url="https://a.example/b.pdf"),
        ],
    )  # fmt: skip
    items = OpenAIResponses().request([Message("system", "Be brief"), message])["input"]
    assert items[0] == {"role": "developer", "content": "Be brief"}
    encoded = base64.b64encode(PNG).decode()
    assert items[1]["content"] == [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "image_url": "https://a.example/cat.png", "detail": "low"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{encoded}", "detail": "auto"},
        {"type": "input_text", "text": "notes.md:\n# Notes"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_file", "file_url": "https://a.example/b.pdf"},
    ]


def test_sound_is_left_out():
    items = OpenAIResponses().request([user("Hear", audio=[Audio(content=b"ID3")])])["input"]
    assert items == [{"role": "user", "content": "Hear"}]


def test_tools_are_flat_and_say_whether_they_are_strict():
    tools = [WEATHER, {"type": "web_search"}]
    request = OpenAIResponses().request([user()], tools=tools, tool_choice="weather")
    assert request["tools"] == [
        {"type": "function", "strict": False, **WEATHER["function"]}, {"type": "web_search"}
    ]  # fmt: skip
    assert request["tool_choice"] == {"type": "function", "name": "weather"}


def test_the_schema_of_an_answer_is_the_text_format():
    sent = OpenAIResponses(verbosity="low").request([user()], response_format=City)["text"]
    assert sent["verbosity"] == "low"
    assert (sent["format"]["type"], sent["format"]["name"], sent["format"]["strict"]) == ("json_schema", "City", True)
    given = {"type": "json_schema", "json_schema": {"name": "City", "schema": {}}}
    assert OpenAIResponses().request([user()], response_format=given)["text"] == {
        "format": {"type": "json_schema", "name": "City", "schema": {}}
    }
    plain = {"type": "json_object"}
    assert OpenAIResponses().request([user()], response_format=plain)["text"] == {"format": plain}


# Turns ---------------------------------------------------------------------------------------------------------------


def test_a_plain_tool_turn_goes_back_without_the_provider_s_ids(wire):
    for answer in both(wire, items_of(Said("See", "", TWO_CALLS))):
        message = assistant_message(answer)
        items = OpenAIResponses().request([user(), message, *answers_to(message, "rain", "sun")])["input"]
        call = {"type": "function_call", "name": "weather"}
        assert items[1:] == [
            {"role": "assistant", "content": "See"},
            {**call, "call_id": "c0", "arguments": '{"city": "Oslo"}'},
            {**call, "call_id": "c1", "arguments": '{"city": "Bergen"}'},
            {"type": "function_call_output", "call_id": "c0", "output": "rain"},
            {"type": "function_call_output", "call_id": "c1", "output": "sun"},
        ]


def thinking_turn(wire, **settings) -> list[Message]:
    """The message of a model that thinks and calls, whole and streamed."""
    settings = {"id": "o3", **settings}
    return [assistant_message(answer) for answer in both(wire, items_of(Said("", "hm", TWO_CALLS)), **settings)]


def test_thoughts_go_back_as_they_came_in_front_of_their_calls(wire):
    for message in thinking_turn(wire):
        stored = Message.from_dict(json.loads(json.dumps(message.to_dict())))
        items = OpenAIResponses(id="o3").request([user(), stored, *answers_to(stored, "rain", "sun")])["input"]
        assert items[1] == thought_item("hm")
        assert [(i["type"], i["id"], i["call_id"], i["arguments"]) for i in items[2:4]] == [
            ("function_call", "fc_0", "c0", '{"city": "Oslo"}'),
            ("function_call", "fc_1", "c1", '{"city": "Bergen"}'),
        ]


def test_calls_that_were_given_other_ids_go_back_with_those(wire):
    for message in thinking_turn(wire):
        message.tool_calls = [{**call, "id": f"new_{call['id']}"} for call in message.tool_calls]
        items = OpenAIResponses(id="o3").request([user(), message])["input"]
        assert [item["call_id"] for item in items[2:]] == ["new_c0", "new_c1"]


def test_another_model_does_not_get_the_thoughts(wire):
    for message in thinking_turn(wire):
        items = OpenAIResponses(id="gpt-4o").request([user(), message])["input"]
        assert [item["type"] for item in items[1:]] == ["function_call", "function_call"]


def test_thoughts_that_lost_what_followed_them_are_left_out(wire):
    for message in thinking_turn(wire):
        message.tool_calls = None
        assert OpenAIResponses(id="o3").request([user(), message])["input"][1:] == []


def test_thoughts_that_nobody_stored_are_left_out(wire):
    items = [thought_item("hm", encrypted=None), text_item("a b")]
    for answer in both(wire, items, id="o3"):
        message = assistant_message(answer)
        kept = OpenAIResponses(id="o3").request([user(), message])["input"]
        assert [item["type"] for item in kept[1:]] == ["reasoning", "message"]
        kept = OpenAIResponses(id="o3", store=False).request([user(), message])["input"]
        assert [item["type"] for item in kept[1:]] == ["message"]


def test_a_text_that_was_changed_goes_back_as_it_is_now(wire):
    for answer in both(wire, items_of(Said("a b", "hm")), id="o3"):
        message = assistant_message(answer)
        message.content = "changed"
        assert OpenAIResponses(id="o3").request([message])["input"] == [{"role": "assistant", "content": "changed"}]


# Answers -------------------------------------------------------------------------------------------------------------


def test_thoughts_are_joined_as_paragraphs(wire):
    items = [thought_item("one", "two"), thought_item("three", number=2), text_item("a b")]
    for answer in both(wire, items, id="o3"):
        assert answer.reasoning_content == "one\n\ntwo\n\nthree"


def test_usage_has_cached_and_reasoning_tokens(wire):
    usage = {
        **USAGE, "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "output_tokens_details": {"reasoning_tokens": 5},
    }  # fmt: skip
    for answer in both(wire, [text_item("a b")], usage):
        assert answer.response_usage.to_dict() == {
            "input_tokens": 11, "output_tokens": 7, "total_tokens": 18, "cache_read_tokens": 4,
            "cache_write_tokens": 2, "reasoning_tokens": 5,
        }  # fmt: skip


def test_pages_documents_and_queries_are_citations(wire):
    page = {"type": "url_citation", "url": "u", "title": "t", "start_index": 0, "end_index": 1}
    document = {"type": "file_citation", "file_id": "f", "filename": "a.pdf", "index": 0}
    search = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "q"},
    }
    for answer in both(wire, [search, text_item("a b", page, page, document)]):
        found = answer.citations
        assert [(p.url, p.title) for p in found.urls] == [("u", "t")]
        assert [d.file_name for d in found.documents] == ["a.pdf"]
        assert found.search_queries == ["q"]
        sent = OpenAIResponses().request([assistant_message(answer)])["input"]
        assert sent[0] == search


def test_generated_images_are_given_once_and_referred_to_later(wire):
    image = {"type": "image_generation_call", "id": "ig_1", "status": "completed",
             "result": base64.b64encode(PNG).decode()}  # fmt: skip
    for answer in both(wire, [image, text_item("a b")]):
        assert (answer.images[0].content, answer.images[0].mime_type) == (PNG, "image/png")
        sent = OpenAIResponses().request([assistant_message(answer)])["input"]
        assert sent[0] == {"type": "image_generation_call", "id": "ig_1"}


def test_a_refusal_is_the_answer(wire):
    item = {**text_item(""), "content": [{"type": "refusal", "refusal": "I will not"}]}
    for answer in both(wire, [item]):
        assert answer.content == "I will not"


def test_an_answer_that_was_cut_off_says_why(wire):
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    wire.script(whole([text_item("a b")], **cut), streamed([text_item("a b")], end="response.incomplete", **cut))
    model = responses(wire)
    for answer in (ask(model), joined(model)):
        assert (answer.content, answer.extra) == ("a b", {"finish_reason": "max_output_tokens"})


def test_arguments_that_come_in_one_piece_are_read(wire):
    name, values = TWO_CALLS[0]
    start, *_, done = events_of(0, call_item(0, name, values))
    end = {"type": "response.completed", "response": body([])}
    wire.script(sent_as_events(start, done, end))
    [call] = joined(responses(wire)).tool_calls
    assert (call["id"], json.loads(call["function"]["arguments"])) == ("c0", values)


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [
        ("rate_limit_exceeded", ModelRateLimitError, 429),
        ("server_error", ModelProviderError, 500),
        ("context_length_exceeded", ContextWindowExceededError, 400),
        ("unheard_of", ModelProviderError, 502),
    ],
)
def test_a_failure_that_the_provider_reports_is_ours(wire, code, kind, status):
    failed = {"status": "failed", "error": {"code": code, "message": "it went wrong"}}
    begun = events_of(0, text_item("a b"))[:2]
    wire.script(
        whole([], **failed),
        sent_as_events(*begun, {"type": "response.failed", "response": body([], **failed)}),
        sent_as_events(*begun, {"type": "error", "code": code, "message": "it went wrong", "param": None}),
        sent_as_events(*begun, {"type": "error", "error": {"code": code, "message": "it went wrong"}}),
    )
    model = responses(wire)
    for send in (ask, joined, joined, joined):
        with pytest.raises(kind, match="it went wrong") as caught:
            send(model)
        assert (type(caught.value), caught.value.status_code) == (kind, status)


def test_a_page_that_is_no_json_is_an_error(wire):
    wire.script(Reply(b"<html>hello</html>", kind="text/html"))
    with pytest.raises(ModelProviderError, match="base_url"):
        ask(responses(wire))


# Searching files -----------------------------------------------------------------------------------------------------

SEARCH = {"type": "file_search"}


class Stores:
    """A client's vector stores, in memory."""

    def __init__(self, real, asynchronous=False):
        self.responses, self.asynchronous, self.made, self.files = real.responses, asynchronous, [], []
        self.vector_stores = self.file_batches = self

    def create(self, name):
        self.made.append(name)
        return self._given(type("Store", (), {"id": f"vs_{len(self.made)}"}))

    def upload_and_poll(self, store, files):
        self.files.append((store, files))
        return self._given(None)

    def _given(self, value):
        async def later():
            return value

        return later() if self.asynchronous else value


@pytest.mark.parametrize("asynchronous", [False, True])
def test_files_are_uploaded_once_for_a_search_without_a_vector_store(wire, asynchronous):
    wire.script(Reply(b"%PDF", kind="application/pdf"), *[whole([text_item("ok")]) for _ in range(2)])
    wire.replies.insert(2, wire.replies[0])
    plain = responses(wire)
    messages = [user("Find", files=[File(content="notes", name="a.txt"), File(url=f"{wire.url}/b.pdf")])]

    async def later():
        stores = Stores(plain.get_async_client(), asynchronous=True)
        model = responses(wire, async_client=stores, vector_store_name="mine")
        for _ in range(2):
            await model.ainvoke(messages, Message("assistant"), tools=[SEARCH])
        await plain.aclose()
        return stores

    if asynchronous:
        stores = asyncio.run(later())
    else:
        stores = Stores(plain.get_client())
        model = responses(wire, client=stores, vector_store_name="mine")
        for _ in range(2):
            ask(model, messages, tools=[SEARCH])
    assert stores.made == ["mine"]
    assert stores.files == [("vs_1", [("a.txt", b"notes"), ("b.pdf", b"%PDF")])]
    for sent in wire.requests:
        assert sent["tools"] == [{"type": "file_search", "vector_store_ids": ["vs_1"]}]
        assert sent["input"] == [{"role": "user", "content": "Find"}]
    assert SEARCH == {"type": "file_search"}


def test_a_vector_store_that_is_given_is_searched_and_files_stay_in_the_input():
    tool = {"type": "file_search", "vector_store_ids": ["vs"]}
    request = OpenAIResponses().request([user("Find", files=[File(content="notes", name="a.txt")])], tools=[tool])
    assert request["tools"] == [tool]
    assert len(request["input"][0]["content"]) == 2


# In a run ------------------------------------------------------------------------------------------------------------


def test_models_that_think_are_known_by_their_id():
    ids = ["o3-mini", "gpt-4.1", "gpt-5", "gpt-4o"]
    assert [OpenAIResponses(id=i).native_reasoning for i in ids] == [True, True, True, False]


def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


@in_every_mode
def test_a_thinking_agent_runs_tools_in_every_mode(wire, mode):
    say = streamed if mode.endswith("stream") else whole
    wire.script(say(items_of(Said("", "hm", TWO_CALLS))), say(items_of(Said("It rains"))))
    seen = play(Agent(model=responses(wire, id="o3"), tools=[weather]), "How is it?", mode)
    assert seen.error is None
    assert (seen.output.content, seen.output.reasoning_content) == ("It rains", "hm")
    kinds = [item.get("type", item.get("role")) for item in wire.sent["input"]]
    assert kinds == ["user", "reasoning", *["function_call"] * 2, *["function_call_output"] * 2]
    assert wire.sent["include"] == ["reasoning.encrypted_content"]
