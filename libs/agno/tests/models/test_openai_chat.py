"""OpenAI's chat completions through the true SDK, over loopback."""

from __future__ import annotations

import json

import pytest

from agno.media import Audio, File, Image
from agno.models.message import Message
from agno.models.openai import OpenAIChat, OpenAILike
from agno.models.utils import get_model

from provider_wire import (
    CITY,
    PNG,
    TWO_CALLS,
    WEATHER,
    AdapterContract,
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
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 1},
}


def calls(said: Said, *, streamed: bool = False) -> list[dict]:
    return [
        {
            **({"index": n} if streamed else {}),
            "id": f"call_{n}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(values)},
        }
        for n, (name, values) in enumerate(said.calls)
    ]


def whole(said: Said, **message) -> Reply:
    message = {"role": "assistant", "content": said.text or None, **message}
    if said.thought:
        message["reasoning_content"] = said.thought
    if said.calls:
        message["tool_calls"] = calls(said)
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if said.calls else "stop"}
    body = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE}
    return Reply(body)


def event(delta: dict | None, finish: str | None = None, usage: dict | None = None) -> str:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    body = {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": choices,
        "usage": usage,
    }
    return f"data: {json.dumps(body)}\n\n"


def streamed(said: Said) -> Reply:
    pieces = [event({"role": "assistant", "content": ""})]
    pieces += [event({"reasoning_content": letter}) for letter in said.thought]
    pieces += [event({"content": word}) for word in said.text.replace(" ", "| ").split("|") if word]
    for call in calls(said, streamed=True):
        text = call["function"]["arguments"]
        pieces.append(
            event({"tool_calls": [{**call, "function": {"name": call["function"]["name"], "arguments": ""}}]})
        )
        for start in range(0, len(text), 5):
            fragment = {"index": call["index"], "function": {"arguments": text[start : start + 5]}}
            pieces.append(event({"tool_calls": [fragment]}))
    pieces += [event({}, "tool_calls" if said.calls else "stop"), event(None, usage=USAGE), "data: [DONE]\n\n"]
    return Reply(pieces, kind="text/event-stream")


def openai(wire, **settings) -> OpenAIChat:
    return OpenAIChat(base_url=f"{wire.url}/v1", **{"api_key": "key", "max_retries": 0, **settings})


class TestOpenAIChat(AdapterContract):
    module, package, variable = "openai", "openai", "OPENAI_API_KEY"

    def model(self, wire, **settings):
        return openai(wire, **settings)

    def whole(self, said):
        return whole(said)

    def streamed(self, said):
        return streamed(said)

    def failed(self, status, text):
        return Reply({"error": {"message": text, "type": "error", "code": None, "param": None}}, status)


def test_settings_are_sent_and_request_params_win(wire):
    wire.script(whole(Said("ok")))
    ask(openai(wire, temperature=0.5, seed=7, request_params={"temperature": 0.1, "n": 1}))
    assert (wire.sent["temperature"], wire.sent["seed"], wire.sent["n"]) == (0.1, 7, 1)
    assert wire.headers[0]["authorization"] == "Bearer key"
    assert wire.paths == ["/v1/chat/completions"]


def test_system_is_developer_here_and_system_elsewhere(wire):
    wire.script(whole(Said("ok")), whole(Said("ok")))
    ask(openai(wire), [Message("system", "Be brief"), user()])
    assert wire.sent["messages"][0] == {"role": "developer", "content": "Be brief"}
    ask(OpenAILike(id="m", base_url=f"{wire.url}/v1"), [Message("system", "Be brief"), user()])
    assert wire.sent["messages"][0] == {"role": "system", "content": "Be brief"}


def test_a_tool_turn_goes_back_valid(wire):
    wire.script(whole(Said("", "", TWO_CALLS)), whole(Said("ok")))
    model = openai(wire)
    message = assistant_message(ask(model, tools=[WEATHER], tool_choice="auto"))
    assert wire.sent["tools"] == [WEATHER] and wire.sent["tool_choice"] == "auto"
    ask(model, [user(), message, *answers_to(message, "rain", "sun")])
    sent = wire.sent["messages"]
    assert sent[1]["content"] is None and [c["id"] for c in sent[1]["tool_calls"]] == ["call_0", "call_1"]
    assert [(m["role"], m["tool_call_id"], m["content"]) for m in sent[2:]] == [
        ("tool", "call_0", "rain"),
        ("tool", "call_1", "sun"),
    ]


def test_the_schema_of_an_answer_is_strict(wire):
    wire.script(whole(Said(CITY)), whole(Said(CITY)))
    assert ask(openai(wire), response_format=City).parsed.people == 700000
    sent = wire.sent["response_format"]["json_schema"]
    assert sent["name"] == "City" and sent["strict"] is True and sent["schema"]["additionalProperties"] is False
    ask(openai(wire), response_format={"type": "json_object"})
    assert wire.sent["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("read", [ask, joined])
def test_usage_with_cached_reasoning_and_audio_tokens(wire, read):
    wire.script(whole(Said("ok")) if read is ask else streamed(Said("ok")))
    usage = read(openai(wire)).response_usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (11, 7, 18)
    assert (usage.cache_read_tokens, usage.reasoning_tokens, usage.audio_total_tokens) == (3, 4, 3)


def test_media_are_sent_as_parts(wire):
    wire.script(whole(Said("ok")))
    message = user(
        "Look",
        images=[Image(url="https://example.org/a.png", detail="low"), Image(content=PNG)],
        audio=[Audio(content=b"RIFF0000WAVE", format="wav")],
        files=[File(content=b"%PDF-1", name="a.pdf")],
    )
    ask(openai(wire), [message])
    kinds = [part["type"] for part in wire.sent["messages"][0]["content"]]
    assert kinds == ["text", "image_url", "image_url", "input_audio", "file"]
    parts = wire.sent["messages"][0]["content"]
    assert parts[1]["image_url"] == {"url": "https://example.org/a.png", "detail": "low"}
    assert parts[2]["image_url"]["url"].startswith("data:image/png;base64,")
    assert parts[4]["file"]["filename"] == "a.pdf"


def test_citations_and_spoken_answers_are_read(wire):
    note = {
        "type": "url_citation",
        "url_citation": {"url": "https://a.org", "title": "A", "start_index": 0, "end_index": 1},
    }
    spoken = {"id": "a1", "data": "cG5n", "expires_at": 5, "transcript": "hi"}
    wire.script(whole(Said("ok"), annotations=[note], audio=spoken))
    answer = ask(openai(wire))
    assert answer.citations.urls[0].url == "https://a.org"
    assert (answer.audio.content, answer.audio.transcript) == (b"png", "hi")


def test_models_by_name_and_the_address_without_secrets():
    model = get_model("openai-chat:gpt-x")
    assert isinstance(model, OpenAIChat) and model.id == "gpt-x"
    info = OpenAIChat(base_url="https://user:pw@host.org/v1?key=1").connection_info()
    assert info == {"base": "https://host.org/v1", "type": "openai"}
    with pytest.raises(ValueError, match="'nope'"):
        get_model("nope:x")
    with pytest.raises(ValueError, match="provider:model_id"):
        get_model("gpt-4o")
