from __future__ import annotations

import asyncio
import base64
import copy
import json

import pytest
from pydantic import BaseModel, Field

from agno.agent import Agent
from agno.exceptions import ContextWindowExceededError, ModelProviderError, ModelRateLimitError
from agno.media import Audio, File, Image
from agno.models.message import Message
from agno.models.openai import OpenAIChat, OpenAILike, OpenAIResponses
from agno.models.openai._schemas import strict_schema

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
    calls_of,
    joined,
    user,
    wire,
)  # fmt: skip

__all__ = ["wire"]

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def message_of(said: Said) -> dict:
    message: dict = {"role": "assistant", "content": said.text or None}
    if said.thought:
        message["reasoning_content"] = said.thought
    if said.calls:
        message["tool_calls"] = [
            {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": json.dumps(values)}}
            for n, (name, values) in enumerate(said.calls)
        ]
    return message


def whole(message: dict, usage: dict | None = None, **more) -> Reply:
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if message.get("tool_calls") else "stop"}
    body = {"id": "r1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return Reply({**body, "usage": usage or USAGE, **more})


def chunk(*, finish: str | None = None, **delta) -> dict:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "r1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def stream(*chunks: dict, usage: dict | None = None, finish: str = "stop") -> Reply:
    end = [chunk(finish=finish), {**chunk(), "choices": [], "usage": usage or USAGE}]
    pieces = [f"data: {json.dumps(c)}\n\n" for c in (chunk(role="assistant", content=""), *chunks, *end)]
    return Reply([*pieces, "data: [DONE]\n\n"], kind="text/event-stream")


def call_pieces(n: int, name: str, values: dict) -> list[dict]:
    text = json.dumps(values)
    first = {"index": n, "id": f"c{n}", "type": "function", "function": {"name": name, "arguments": ""}}
    rest = [{"index": n, "function": {"arguments": part}} for part in (text[:5], text[5:])]
    return [chunk(tool_calls=[piece]) for piece in (first, *rest)]


def streamed(said: Said) -> Reply:
    cut = said.text.find(" ")
    chunks = [chunk(reasoning_content=letter) for letter in said.thought]
    chunks += [chunk(content=half) for half in (said.text[:cut], said.text[cut:])]
    for n, (name, values) in enumerate(said.calls):
        chunks += call_pieces(n, name, values)
    return stream(*chunks, finish="tool_calls" if said.calls else "stop")


class ChatContract(ModelContract):
    module, package = "openai", "openai"
    hears = True
    takes_http_client = True
    counts = frozenset({
        "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "audio_input_tokens", "audio_output_tokens",
        "audio_total_tokens",
    })  # fmt: skip


class TestOpenAIChat(ChatContract):
    variable = "OPENAI_API_KEY"

    def model(self, server, **settings):
        return OpenAIChat(**{"base_url": server.openai_url, "api_key": "key", "max_retries": 0, **settings})


class TestOpenAILike(ChatContract):
    variable = None

    def model(self, server, **settings):
        return OpenAILike(**{"base_url": server.openai_url, "max_retries": 0, **settings})


def chat(wire, kind=OpenAIChat, **settings):
    return kind(**{"base_url": wire.url, "max_retries": 0, "api_key": "key", **settings})


def both(wire, message, chunks, *, kind=OpenAIChat, usage=None, **options):
    """The same answer whole and streamed."""
    wire.script(whole(message, usage), stream(*chunks, usage=usage))
    model = chat(wire, kind, **options)
    return ask(model), joined(model)


# Requests ------------------------------------------------------------------------------------------------------------


def test_all_settings_are_sent():
    settings = dict(
        store=True, reasoning_effort="low", verbosity="low", metadata={"a": "b"}, frequency_penalty=0.1,
        logit_bias={"1": 2}, logprobs=True, top_logprobs=2, max_tokens=3, max_completion_tokens=4, modalities=["text"],
        audio={"voice": "alloy", "format": "wav"}, presence_penalty=0.2, seed=5, stop=["x"], temperature=0.0, user="u",
        top_p=0.9, service_tier="flex", extra_headers={"x-a": "1"}, extra_query={"q": "1"}, extra_body={"k": 1},
    )  # fmt: skip
    request = OpenAIChat(**settings, request_params={"seed": 6}).request([user("Hi")])
    assert request == {
        "model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], **settings, "seed": 6
    }  # fmt: skip


def test_nothing_that_is_not_set_is_sent():
    assert OpenAIChat().request([user("Hi")]).keys() == {"model", "messages"}
    streaming = OpenAIChat().request([user("Hi")], stream=True)
    assert (streaming["stream"], streaming["stream_options"]) == (True, {"include_usage": True})


def test_settings_of_the_client_reach_the_server(wire):
    wire.script(whole(message_of(Said("ok"))))
    model = chat(
        wire, organization="org", default_headers={"x-a": "1"}, default_query={"v": "2"},
        client_params={"project": "p"}, extra_headers={"x-b": "2"},
    )  # fmt: skip
    ask(model)
    headers = wire.headers[0]
    assert headers["authorization"] == "Bearer key"
    assert (headers["openai-organization"], headers["openai-project"]) == ("org", "p")
    assert (headers["x-a"], headers["x-b"]) == ("1", "2")
    assert wire.paths == ["/chat/completions?v=2"]


@pytest.mark.parametrize(
    ("model", "role"),
    [(OpenAIChat(), "developer"), (OpenAILike(), "system"), (OpenAIChat(role_map={"system": "user"}), "user")],
)
def test_the_system_role_is_the_one_that_the_server_knows(model, role):
    assert model.request([Message("system", "Be brief")])["messages"] == [{"role": role, "content": "Be brief"}]


def test_a_server_that_only_speaks_the_protocol_gets_no_developer_role():
    assert OpenAILike().request([Message("developer", "Be brief")])["messages"][0]["role"] == "system"


def test_a_tool_turn_goes_back_valid(wire):
    wire.script(whole(message_of(Said("", "", TWO_CALLS))), whole(message_of(Said("ok"))))
    model = chat(wire)
    message = assistant_message(ask(model, tools=[WEATHER]))
    assert wire.sent["tools"] == [WEATHER]
    results = answers_to(message, "rain", "sun")
    results[1].content = [{"type": "text", "text": "sun"}]
    ask(model, [user(), message, *results])
    assert wire.sent["messages"][1:] == [
        {"role": "assistant", "content": None, "tool_calls": message.tool_calls},
        {"role": "tool", "tool_call_id": "c0", "content": "rain"},
        {"role": "tool", "tool_call_id": "c1", "content": "sun"},
    ]


@pytest.mark.parametrize("model", [OpenAIChat(), OpenAIResponses()])
def test_a_tool_result_that_was_shortened_is_sent_short(model):
    result = Message("tool", "a long story", tool_call_id="c", compressed_content="a story")
    text = repr(model.request([result]))
    assert "a story" in text
    assert "long" not in text


@pytest.mark.parametrize("arguments", ["", None, {}])
def test_a_call_without_arguments_goes_back_with_an_empty_object(arguments):
    call = {"id": "c", "type": "function", "function": {"name": "now", "arguments": arguments}}
    sent = OpenAIChat().request([Message("assistant", "Look", tool_calls=[call])])["messages"][0]
    assert sent["tool_calls"][0]["function"]["arguments"] == "{}"
    assert sent["content"] == "Look"


def test_images_sound_and_files_are_parts_of_the_message(tmp_path):
    path = tmp_path / "notes.md"
    path.write_text("# Notes")
    message = user(
        "Look",
        images=[Image(url="https://a.example/cat.png", detail="low"), Image(content=PNG)],
        audio=[Audio(content=b"RIFF0000WAVEdata"), Audio(content=b"ID3x"), Audio(content=b"x", format="mp3")],
        files=[
            File(filepath=path), File(content=b"%PDF-1.7", filename="a.pdf"), File(external="file-1"),
            File(content=b"PK\x03\x04\xff", filename="a.xlsx"),
        ],
    )  # fmt: skip
    parts = OpenAIChat().request([message])["messages"][0]["content"]
    encoded = base64.b64encode(PNG).decode()
    assert parts[:3] == [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "https://a.example/cat.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}},
    ]
    assert [p["input_audio"]["format"] for p in parts[3:6]] == ["wav", "mp3", "mp3"]
    assert base64.b64decode(parts[3]["input_audio"]["data"]) == b"RIFF0000WAVEdata"
    assert parts[6] == {"type": "text", "text": "notes.md:\n# Notes"}
    pdf = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0xLjc="}
    assert parts[7:9] == [{"type": "file", "file": pdf}, {"type": "file", "file": {"file_id": "file-1"}}]
    assert parts[9]["file"]["file_data"].startswith("data:application/vnd.openxmlformats")


def test_sound_and_files_at_an_address_are_downloaded_before_sending(wire):
    wire.script(
        Reply(b"ID3x", kind="audio/mpeg"), Reply(b"%PDF", kind="application/pdf"), whole(message_of(Said("ok")))
    )
    message = user("Hear", audio=[Audio(url=f"{wire.url}/a.mp3")], files=[File(url=f"{wire.url}/a.pdf")])
    ask(chat(wire), [message])
    sound, file = wire.sent["messages"][0]["content"][1:]
    assert sound == {"type": "input_audio", "input_audio": {"data": "SUQzeA==", "format": "mp3"}}
    assert file["file"] == {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}


def test_parts_that_the_user_wrote_are_sent_as_they_are():
    part = {"type": "text", "text": "Hi"}
    assert OpenAIChat().request([user([part])])["messages"][0]["content"] == [part]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("required", "required"),
        ("any", "required"),
        ("weather", {"type": "function", "function": {"name": "weather"}}),
        ({"type": "function", "name": "weather"}, {"type": "function", "function": {"name": "weather"}}),
    ],
)
def test_the_tool_choice_is_sent_in_the_api_s_form(choice, sent):
    assert OpenAIChat().request([user()], tools=[WEATHER], tool_choice=choice)["tool_choice"] == sent


# Structured output ---------------------------------------------------------------------------------------------------


class Node(BaseModel):
    name: str = Field(min_length=1, description="its name")
    parent: Node | None = Field(None, description="where it hangs")
    city: City = Field(default=City(name="x", people=1), description="where it is")


def test_a_class_becomes_a_strict_schema():
    sent = OpenAIChat().request([user()], response_format=City)["response_format"]
    assert sent["type"] == "json_schema"
    assert (sent["json_schema"]["name"], sent["json_schema"]["strict"]) == ("City", True)
    schema = sent["json_schema"]["schema"]
    assert (schema["required"], schema["additionalProperties"]) == (["name", "people"], False)


def test_a_strict_schema_has_no_keyword_that_the_api_refuses():
    schema = strict_schema(Node.model_json_schema())
    assert schema["type"] == "object"
    assert schema["required"] == ["name", "parent", "city"]
    text = json.dumps(schema)
    assert '"default"' not in text
    assert '"minLength"' not in text
    assert schema["properties"]["name"]["description"] == "its name (minLength: 1)"
    city = schema["properties"]["city"]
    assert city == {"description": "where it is", "anyOf": [{"$ref": "#/$defs/City"}]}
    assert schema["$defs"]["Node"]["additionalProperties"] is False


class Free(BaseModel):
    counts: dict[str, int]


class Box(BaseModel):
    pair: tuple[int, str]


@pytest.mark.parametrize("kind", [Free, Box])
def test_a_class_that_no_strict_schema_can_say_is_asked_for_loosely(kind):
    sent = OpenAIChat().request([user()], response_format=kind)["response_format"]["json_schema"]
    assert sent["strict"] is False
    assert sent["schema"] == kind.model_json_schema()


def test_other_formats_are_sent_as_they_are():
    for given in (
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "City", "schema": City.model_json_schema()}},
    ):
        assert OpenAIChat().request([user()], response_format=given)["response_format"] == given


def test_strict_tools_are_strict_only_if_their_parameters_can_be():
    tool = copy.deepcopy(WEATHER)
    tool["function"]["strict"] = True
    sent = OpenAIChat().request([user()], tools=[tool])["tools"][0]["function"]
    assert (sent["strict"], sent["parameters"]["additionalProperties"]) == (True, False)
    tool["function"]["parameters"]["properties"]["more"] = {"type": "object"}
    assert OpenAIChat().request([user()], tools=[tool])["tools"][0]["function"]["strict"] is False


# Answers -------------------------------------------------------------------------------------------------------------


def test_usage_has_cached_reasoning_and_audio_tokens(wire):
    usage = {
        **USAGE,
        "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 2, "cache_write_tokens": 1},
        "completion_tokens_details": {"reasoning_tokens": 5, "audio_tokens": 1},
        "cost": 0.25,
    }
    for answer in both(wire, message_of(Said("a b")), [chunk(content="a b")], usage=usage):
        assert answer.response_usage.to_dict() == {
            "input_tokens": 11, "output_tokens": 7, "total_tokens": 18, "cache_read_tokens": 4, "cache_write_tokens": 1,
            "audio_input_tokens": 2, "audio_output_tokens": 1, "audio_total_tokens": 3, "reasoning_tokens": 5,
            "cost": 0.25,
        }  # fmt: skip


def test_cited_pages_are_citations(wire):
    note = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 1}}
    message = {**message_of(Said("a b")), "annotations": [note]}
    for answer in both(wire, message, [chunk(content="a b"), chunk(annotations=[note])]):
        assert [(page.url, page.title) for page in answer.citations.urls] == [("u", "t")]


def test_pages_beside_the_answer_are_citations(wire):
    beside = {"citations": ["u", "v"], "search_results": [{"url": "u", "title": "t"}]}
    wire.script(whole(message_of(Said("a b")), **beside), stream({**chunk(content="a b"), **beside}))
    model = chat(wire, OpenAILike)
    for answer in (ask(model), joined(model)):
        assert [(page.url, page.title) for page in answer.citations.urls] == [("u", "t"), ("v", None)]


def test_spoken_answers_are_joined(wire):
    sound = {"id": "a1", "data": base64.b64encode(b"abcdef").decode(), "expires_at": 4102444800, "transcript": "Hi you"}
    pieces = [{"id": "a1", "transcript": "Hi"}, {"data": base64.b64encode(b"abcd").decode()}, {"transcript": " you"},
              {"data": base64.b64encode(b"ef").decode()}, {"expires_at": 4102444800}]  # fmt: skip
    settings = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}}
    message = {"role": "assistant", "content": None, "audio": sound}
    for answer in both(wire, message, [chunk(audio=piece) for piece in pieces], **settings):
        audio = answer.audio
        assert (audio.id, audio.content, audio.transcript, audio.expires_at) == ("a1", b"abcdef", "Hi you", 4102444800)
        assert (audio.format, audio.mime_type) == ("wav", "audio/wav")
        said = Message("assistant", None, audio_output=audio)
        sent = OpenAIChat().request([said])["messages"][0]
        assert sent == {"role": "assistant", "content": None, "audio": {"id": "a1"}}
        audio.expires_at = 1  # the provider has forgotten it
        assert OpenAIChat().request([said])["messages"][0]["content"] == "Hi you"


def test_a_refusal_is_the_answer(wire):
    message = {"role": "assistant", "content": None, "refusal": "I will not"}
    for answer in both(wire, message, [chunk(refusal="I will"), chunk(refusal=" not")]):
        assert answer.content == "I will not"


def test_generated_images_are_given(wire):
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}"}}
    for answer in both(wire, {**message_of(Said("a b")), "images": [image]}, [chunk(images=[image])], kind=OpenAILike):
        assert (answer.images[0].content, answer.images[0].mime_type) == (PNG, "image/png")


def test_log_probabilities_are_kept(wire):
    token = {"token": "a", "logprob": -0.5, "bytes": None, "top_logprobs": []}
    reply = whole(message_of(Said("aa")))
    reply.body["choices"][0]["logprobs"] = {"content": [token, token], "refusal": None}
    piece = chunk(content="a")
    piece["choices"][0]["logprobs"] = {"content": [token], "refusal": None}
    wire.script(reply, stream(piece, piece))
    model = chat(wire)
    for answer in (ask(model), joined(model)):
        assert [t["logprob"] for t in answer.provider_data["logprobs"]["content"]] == [-0.5, -0.5]


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_text_is_read_by_either_name(wire, name):
    message = {"role": "assistant", "content": "a b", name: "hm"}
    for answer in both(wire, message, [chunk(**{name: "h"}), chunk(**{name: "m"}), chunk(content="a b")]):
        assert answer.reasoning_content == "hm"


def test_details_of_the_reasoning_go_back_to_the_server_that_gave_them(wire):
    whole_detail = {"type": "reasoning.text", "index": 0, "text": "hm", "signature": "s"}
    pieces = [{"type": "reasoning.text", "index": 0, "text": "h"}, {"type": "reasoning.text", "index": 0, "text": "m"},
              {"type": "reasoning.text", "index": 0, "signature": "s"}]  # fmt: skip
    message = {**message_of(Said("a b")), "reasoning_details": [whole_detail]}
    chunks = [chunk(content="a b"), *(chunk(reasoning_details=[piece]) for piece in pieces)]
    for answer in both(wire, message, chunks, kind=OpenAILike):
        said = assistant_message(answer)
        assert OpenAILike().request([said])["messages"][0]["reasoning_details"] == [whole_detail]
        assert "reasoning_details" not in OpenAIChat().request([said])["messages"][0]


def test_additions_to_a_tool_call_go_back_to_the_server_that_gave_them(wire):
    extra = {"google": {"thought_signature": "s"}}
    call = {**message_of(Said(calls=TWO_CALLS[:1]))["tool_calls"][0], "extra_content": extra}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    for answer in both(wire, message, [chunk(tool_calls=[{"index": 0, **call}])], kind=OpenAILike):
        said = assistant_message(answer)
        assert OpenAILike().request([said])["messages"][0]["tool_calls"] == [call]
        assert "extra_content" not in OpenAIChat().request([said])["messages"][0]["tool_calls"][0]


@pytest.mark.parametrize("numbers", [(0, 0), (None, None), (0, 1)])
def test_whole_calls_in_one_stream_stay_apart_however_they_are_numbered(wire, numbers):
    calls = message_of(Said(calls=TWO_CALLS))["tool_calls"]
    numbered = [{**call, "index": n} for call, n in zip(calls, numbers, strict=True)]
    wire.script(stream(*(chunk(tool_calls=[call]) for call in numbered)))
    assert calls_of(joined(chat(wire, OpenAILike))) == TWO_CALLS


def test_a_name_that_is_repeated_in_each_piece_is_taken_once(wire):
    pieces = [{"index": 0, "id": "c", "type": "function", "function": {"name": "weather", "arguments": text}}
              for text in ('{"city":', '"Oslo"}')]  # fmt: skip
    wire.script(stream(*(chunk(tool_calls=[piece]) for piece in pieces)))
    assert calls_of(joined(chat(wire, OpenAILike))) == TWO_CALLS[:1]


def test_a_chunk_without_delta_or_choices_says_nothing(wire):
    odd = {**chunk(), "choices": [{"index": 0, "delta": None, "finish_reason": None}]}
    wire.script(stream({**chunk(), "choices": []}, odd, chunk(content="a b")))
    assert joined(chat(wire, OpenAILike)).content == "a b"


# Errors --------------------------------------------------------------------------------------------------------------


def test_the_code_of_the_provider_names_too_long_messages(wire):
    wire.script(Reply({"error": {"message": "Too much", "code": "context_length_exceeded", "type": "x"}}, 400))
    with pytest.raises(ContextWindowExceededError, match="Too much"):
        ask(chat(wire))


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"message": "busy", "code": 429}, ModelRateLimitError, 429),
        ({"message": "busy", "type": "rate_limit_error", "code": None}, ModelRateLimitError, 429),
        ({"message": "broken", "code": "server_error"}, ModelProviderError, 500),
        ({"message": "odd"}, ModelProviderError, 502),
    ],
)
def test_an_error_in_the_middle_of_a_stream_is_ours(wire, error, kind, status):
    wire.script(Reply([f"data: {json.dumps(c)}\n\n" for c in (chunk(content="Hel"), {"error": error})],
                      kind="text/event-stream"))  # fmt: skip
    with pytest.raises(kind, match=error["message"]) as caught:
        joined(chat(wire))
    assert (type(caught.value), caught.value.status_code) == (kind, status)


def test_an_error_with_the_status_of_a_success_is_an_error(wire):
    wire.script(Reply({"error": {"message": "no provider", "code": 503}}))
    with pytest.raises(ModelProviderError, match="no provider") as caught:
        ask(chat(wire, OpenAILike))
    assert caught.value.status_code == 503


def test_a_page_that_is_no_json_is_an_error(wire):
    wire.script(Reply(b"<html>hello</html>", kind="text/html"))
    with pytest.raises(ModelProviderError, match="base_url"):
        ask(chat(wire, OpenAILike))


def test_half_json_in_a_stream_is_an_error(wire):
    wire.script(Reply(['data: {"id": \n\n'], kind="text/event-stream"))
    with pytest.raises(ModelProviderError, match="unreadable"):
        joined(chat(wire))


# What is known of a model --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "native"),
    [
        (OpenAIChat(id="o3-mini"), True),
        (OpenAIChat(id="o1"), True),
        (OpenAIChat(id="gpt-4.1"), True),
        (OpenAIChat(id="gpt-5-mini"), True),
        (OpenAIChat(id="gpt-4o"), False),
        (OpenAIChat(id="gpt-4o-1106"), False),
        (OpenAILike(id="deepseek-ai/DeepSeek-R1"), True),
        (OpenAILike(id="o3"), False),
    ],
)
def test_models_that_think_are_known_by_their_id(model, native):
    assert model.native_reasoning is native


def test_the_connection_is_told_without_secrets(monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert OpenAIChat().connection_info() == {"type": "openai", "base": "https://api.openai.com/v1"}
    model = OpenAILike(base_url="https://me:secret@host.example:8000/v1/?key=secret", api_key="secret")
    assert model.connection_info() == {"type": "openai", "base": "https://host.example:8000/v1"}
    assert OpenAIChat(client=model.get_client()).connection_info() == model.connection_info()


def test_asynchronous_clients_are_kept_for_each_event_loop(wire):
    model = chat(wire)

    async def clients():
        first = model.get_async_client()
        same = model.get_async_client() is first
        await model.aclose()
        return first, same

    (one, kept), (other, _) = asyncio.run(clients()), asyncio.run(clients())
    assert kept
    assert one is not other


# In a run ------------------------------------------------------------------------------------------------------------


def weather(city: str) -> str:
    """The weather of a city."""
    return f"rain in {city}"


@in_every_mode
def test_an_agent_runs_tools_in_every_mode(wire, mode):
    say = streamed if mode.endswith("stream") else lambda said: whole(message_of(said))
    wire.script(say(Said("Let me see", "", TWO_CALLS)), say(Said("It rains")))
    seen = play(Agent(model=chat(wire), tools=[weather]), "How is it?", mode)
    assert seen.error is None
    assert seen.output.content.endswith("It rains")
    assert [tool.result for tool in seen.output.tools] == ["rain in Oslo", "rain in Bergen"]
    assert seen.output.metrics.input_tokens == 22
    roles = [message["role"] for message in wire.sent["messages"]]
    assert roles == ["user", "assistant", "tool", "tool"]
