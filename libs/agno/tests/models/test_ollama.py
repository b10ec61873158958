from __future__ import annotations

import json

import pytest

from agno.exceptions import ModelProviderError
from agno.media import File, Image
from agno.models.message import Message
from agno.models.ollama import Ollama, OllamaTools

from contract import ModelContract
from provider_wire import (
    CITY,
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


def part(done: bool = False, **message) -> dict:
    data = {"model": "m", "created_at": "2026-01-01T00:00:00Z", "done": done}
    data["message"] = {"role": "assistant", **message}
    if done:
        data.update(done_reason="stop", prompt_eval_count=11, eval_count=7, total_duration=9, eval_duration=5)
    return data


def message_of(said: Said) -> dict:
    message: dict = {"content": said.text}
    if said.thought:
        message["thinking"] = said.thought
    if said.calls:
        message["tool_calls"] = [{"function": {"name": name, "arguments": values}} for name, values in said.calls]
    return message


def ollama(wire, **settings) -> Ollama:
    return Ollama(host=wire.url, **settings)


class TestOllama(ModelContract):
    module, package, variable = "ollama", "ollama", None
    splits_arguments = cites = False

    def model(self, server, **settings):
        return Ollama(host=server.ollama_url, **settings)


def test_ollama_tools_is_the_same_class():
    assert OllamaTools is Ollama
    assert Ollama().id == "llama3.1"


def test_settings_are_sent(wire):
    wire.script(Reply(part(True, content="ok")))
    model = ollama(wire, options={"temperature": 0.5}, keep_alive="5m", think=True, format="json", api_key="key")
    ask(model)
    assert wire.sent["options"] == {"temperature": 0.5}
    assert (wire.sent["keep_alive"], wire.sent["think"], wire.sent["format"]) == ("5m", True, "json")
    assert wire.headers[0]["authorization"] == "Bearer key"
    assert model.native_reasoning


def test_a_tool_turn_goes_back_with_names_and_thoughts(wire):
    said = Said("See", "hm", TWO_CALLS)
    wire.script(Reply(part(True, **message_of(said))), Reply(part(True, content="ok")))
    model = ollama(wire)
    message = assistant_message(ask(model, tools=[WEATHER]))
    ask(model, [Message("developer", "Be brief"), user(), message, *answers_to(message, "rain", "sun")])
    sent = wire.sent["messages"]
    assert [m["role"] for m in sent] == ["system", "user", "assistant", "tool", "tool"]
    assert sent[2]["thinking"] == "hm"
    assert [c["function"]["arguments"] for c in sent[2]["tool_calls"]] == [{"city": "Oslo"}, {"city": "Bergen"}]
    assert [(m["tool_name"], m["content"]) for m in sent[3:]] == [("weather", "rain"), ("weather", "sun")]


def test_the_schema_of_an_answer_is_the_format(wire):
    wire.script(Reply(part(True, content=CITY)), Reply(part(True, content=CITY)))
    model = ollama(wire)
    assert ask(model, response_format=City).parsed.people == 700000
    assert wire.sent["format"] == City.model_json_schema()
    ask(model, response_format={"type": "json_object"})
    assert wire.sent["format"] == "json"


def test_tools_and_a_format_are_not_sent_together():
    model = Ollama()
    request = model.request([user()], tools=[WEATHER], response_format=City)
    assert "format" not in request
    assert not model.native_output_with_tools


def test_tools_are_not_offered_where_none_may_be_chosen():
    assert "tools" not in Ollama().request([user()], tools=[WEATHER], tool_choice="none")


def test_parameters_that_the_sdk_cannot_send_are_told_in_the_description(wire):
    parameters = {
        "type": "object",
        "properties": {
            "place": {"$ref": "#/$defs/Place"},
            "days": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
            "unit": {"enum": ["C", "F"], "type": "string", "description": "unit"},
        },
        "required": ["place"],
        "$defs": {"Place": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    tool = {"type": "function", "function": {"name": "weather", "description": "", "parameters": parameters}}
    wire.script(Reply(part(True, content="ok")))
    ask(ollama(wire), tools=[tool])
    sent = wire.sent["tools"][0]["function"]["parameters"]["properties"]
    assert sent["unit"] == {"type": "string", "enum": ["C", "F"], "description": "unit"}
    assert sent["days"] == {"type": ["integer", "null"]}
    assert '{"city": {"type": "string"}}' in sent["place"]["description"]


def test_images_are_sent_as_bytes_and_text_files_as_text(wire, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("notes")
    wire.script(Reply(PNG, kind="image/png"), Reply(part(True, content="ok")))
    images = [Image(content=PNG), Image(url=f"{wire.url}/cat.png")]
    ask(ollama(wire), [user("Look", images=images, files=[File(filepath=path)])])
    message = wire.sent["messages"][0]
    assert message["images"][0] == message["images"][1] == Image(content=PNG).to_base64()
    assert message["content"] == "Look\n\na.txt:\nnotes"


def test_an_input_that_cannot_be_downloaded_is_named(wire):
    wire.script(Reply(b"", status=404))
    with pytest.raises(ModelProviderError, match=r"cat\.png") as caught:
        ask(ollama(wire), [user("Look", images=[Image(url=f"{wire.url}/cat.png")])])
    assert caught.value.status_code == 400


def test_durations_are_provider_metrics(wire):
    wire.script(Reply(part(True, content="ok")))
    assert ask(ollama(wire)).response_usage.provider_metrics == {"total_duration": 9, "eval_duration": 5}


def test_an_error_in_the_middle_of_a_stream_is_ours(wire):
    wire.script(Reply([json.dumps(part(content="Hel")) + "\n", '{"error": "out of memory"}\n']))
    with pytest.raises(ModelProviderError, match="out of memory") as caught:
        joined(ollama(wire))
    assert caught.value.status_code == 502
