from __future__ import annotations

import json

import pytest

from agno.agent import Agent
from agno.exceptions import ModelRateLimitError
from agno.media import File, Image
from agno.models.anthropic import Claude
from agno.models.message import Message
from agno.testing import ScriptedServer, says

from contract import ModelContract
from playing import in_every_mode, play
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
    calls_of,
    joined,
    user,
    wire,
)  # fmt: skip

__all__ = ["wire"]

USAGE = {"input_tokens": 11, "output_tokens": 7}


def blocks_of(said: Said) -> list[dict]:
    blocks: list[dict] = []
    if said.thought:
        blocks.append({"type": "thinking", "thinking": said.thought, "signature": "sig=="})
    if said.text:
        blocks.append({"type": "text", "text": said.text})
    blocks.extend({"type": "tool_use", "id": f"t{n}", "name": c[0], "input": c[1]} for n, c in enumerate(said.calls))
    return blocks


def whole(blocks: list[dict], usage: dict | None = None, stop: str = "end_turn") -> Reply:
    body = {
        "id": "m1", "type": "message", "role": "assistant", "model": "claude", "content": blocks, "stop_reason": stop,
        "stop_sequence": None, "usage": usage or USAGE,
    }  # fmt: skip
    return Reply(body)


def event(kind: str, **data) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n"


def halves(text: str) -> list[str]:
    cut = text.find(" ") if " " in text else len(text) // 2
    return [text[:cut], text[cut:]]


def pieces_of(block: dict) -> tuple[dict, list[dict]]:
    """How a block begins and which deltas follow."""
    kind = block["type"]
    if kind == "text":
        deltas = [{"type": "citations_delta", "citation": c} for c in block.get("citations") or ()]
        return {"type": "text", "text": ""}, deltas + [
            {"type": "text_delta", "text": half} for half in halves(block["text"])
        ]
    if kind == "thinking":
        thought = [{"type": "thinking_delta", "thinking": half} for half in halves(block["thinking"])]
        start = {"type": "thinking", "thinking": "", "signature": ""}
        return start, [*thought, {"type": "signature_delta", "signature": block["signature"]}]
    if kind in ("tool_use", "server_tool_use"):
        text = json.dumps(block["input"])
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in ("", text[:5], text[5:])]
        return {**block, "input": {}}, deltas
    return block, []


def streamed(blocks: list[dict], usage: dict | None = None, stop: str = "end_turn") -> Reply:
    usage = usage or USAGE
    start = {**whole([]).body, "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    pieces = [event("message_start", message=start)]
    for index, block in enumerate(blocks):
        begin, deltas = pieces_of(block)
        pieces.append(event("content_block_start", index=index, content_block=begin))
        pieces.extend(event("content_block_delta", index=index, delta=delta) for delta in deltas)
        pieces.append(event("content_block_stop", index=index))
    output = {key: usage[key] for key in ("output_tokens", "output_tokens_details") if key in usage}
    pieces.append(event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage=output))
    pieces.append(event("message_stop"))
    return Reply(pieces, kind="text/event-stream")


def claude(wire, **settings) -> Claude:
    settings.setdefault("api_key", "key")
    settings.setdefault("id", "claude-opus-5")
    settings["client_params"] = {"base_url": wire.url, "max_retries": 0, **settings.get("client_params", {})}
    return Claude(**settings)


class TestClaude(ModelContract):
    module, package, variable = "anthropic", "anthropic", "ANTHROPIC_API_KEY"
    takes_http_client = True
    counts = frozenset({"cache_read_tokens", "cache_write_tokens", "reasoning_tokens"})

    def model(self, server, **settings):
        settings = {"api_key": "key", "id": "claude-opus-5", "max_retries": 0, **settings}
        return Claude(client_params={"base_url": server.anthropic_url}, **settings)


def both(wire, blocks, usage=None, **options):
    """The same answer whole and streamed."""
    wire.script(whole(blocks, usage), streamed(blocks, usage))
    model = claude(wire)
    return ask(model, **options), joined(model, **options)


def test_the_system_message_is_sent_apart(wire):
    wire.script(whole(blocks_of(Said("ok"))))
    ask(claude(wire), [Message("system", "Be brief"), Message("developer", "Be kind"), user("Hi")])
    assert wire.sent["system"] == "Be brief\n\nBe kind"
    assert wire.sent["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]
    assert wire.sent["max_tokens"] == 4096
    headers = wire.headers[0]  # lines of the SDK differ in where the key goes
    assert headers.get("x-api-key", headers.get("authorization")) in ("key", "Bearer key")


def test_all_settings_are_sent():
    model = Claude(
        temperature=0.5, top_p=0.9, top_k=3, stop_sequences=["x"], thinking={"type": "enabled", "budget_tokens": 2000},
        max_tokens=9, request_params={"metadata": {"user_id": "u"}},
    )  # fmt: skip
    request = model.request([user()])
    assert request.items() >= {
        "temperature": 0.5, "top_p": 0.9, "top_k": 3, "stop_sequences": ["x"], "max_tokens": 9,
        "thinking": {"type": "enabled", "budget_tokens": 2000}, "metadata": {"user_id": "u"},
    }.items()  # fmt: skip
    assert model.native_reasoning


def test_the_system_prompt_can_be_cached_for_an_hour():
    model = Claude(cache_system_prompt=True, extended_cache_time=True)
    request = model.request([Message("system", "Long"), user()])
    control = {"type": "ephemeral", "ttl": "1h"}
    assert request["system"] == [{"type": "text", "text": "Long", "cache_control": control}]
    five_minutes = Claude(cache_system_prompt=True).request([Message("system", "Long"), user()])
    assert five_minutes["system"][0]["cache_control"] == {"type": "ephemeral"}


def test_results_of_several_tools_are_one_user_turn_and_stand_first():
    said = Message("assistant", "Let me see", tool_calls=[
        {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}},
        {"id": "b", "type": "function", "function": {"name": "weather", "arguments": ""}},
    ])  # fmt: skip
    answers = [
        Message("tool", "rain", tool_call_id="a"),
        Message("tool", "no city", tool_call_id="b", tool_call_error=True),
    ]
    turns = Claude().request([user("Hi"), said, user("Hurry"), *answers])["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[1]["content"] == [
        {"type": "text", "text": "Let me see"},
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Oslo"}},
        {"type": "tool_use", "id": "b", "name": "weather", "input": {}},
    ]
    assert turns[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a", "content": "rain"},
        {"type": "tool_result", "tool_use_id": "b", "content": "no city", "is_error": True},
        {"type": "text", "text": "Hurry"},
    ]


def test_empty_messages_are_left_out_and_the_user_begins():
    turns = Claude().request([Message("assistant", "Welcome "), user(""), Message("assistant", None)])["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant"]
    assert turns[1]["content"] == [{"type": "text", "text": "Welcome"}]


def test_thinking_comes_back_with_its_signature_in_the_next_request(wire):
    blocks = blocks_of(Said("Let me see", "hm hm", TWO_CALLS))
    blocks.insert(1, {"type": "redacted_thinking", "data": "secret"})
    for response in both(wire, blocks, tools=[WEATHER]):
        assert response.reasoning_content == "hm hm"
        assert response.redacted_reasoning_content == "secret"
        said = Message.from_dict(json.loads(json.dumps(assistant_message(response).to_dict())))  # as from a database
        turns = Claude().request([user(), said, *answers_to(said, "rain", "sun")])["messages"]
        assert turns[1]["content"] == blocks


def test_a_tool_call_that_was_taken_off_the_message_is_not_sent_back(wire):
    wire.script(whole(blocks_of(Said("Let me see", "hm", TWO_CALLS))))
    said = assistant_message(ask(claude(wire)))
    said.tool_calls = None
    kinds = [block["type"] for block in Claude().request([user(), said])["messages"][1]["content"]]
    assert kinds == ["thinking", "text"]


def test_a_changed_text_is_sent_as_it_is_now_and_thinking_is_kept(wire):
    wire.script(whole(blocks_of(Said("Let me see", "hm"))))
    said = assistant_message(ask(claude(wire)))
    said.content = "Changed"
    content = Claude().request([user(), said])["messages"][1]["content"]
    assert [block.get("text") or block.get("thinking") for block in content] == ["hm", "Changed"]


def test_a_signature_stored_by_version_2_0_is_used():
    said = Message("assistant", "Yes", reasoning_content="hm", provider_data={"signature": "s"})
    content = Claude().request([user(), said])["messages"][1]["content"]
    assert content[0] == {"type": "thinking", "thinking": "hm", "signature": "s"}


def test_arguments_of_a_call_are_streamed_in_fragments(wire):
    wire.script(streamed(blocks_of(Said(calls=TWO_CALLS))))
    deltas = list(claude(wire).invoke_stream([user()], Message("assistant"), tools=[WEATHER]))
    fragments = [call for delta in deltas for call in delta.tool_calls]
    assert [f["function"]["arguments"] for f in fragments if f["index"] == 0] == ["", '{"cit', 'y": "Oslo"}']
    assert [f["id"] for f in fragments if f["id"]] == ["t0", "t1"]


def test_cache_thinking_and_server_tools_are_counted(wire):
    usage = {
        **USAGE, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 50, "service_tier": "standard",
        "output_tokens_details": {"thinking_tokens": 4}, "server_tool_use": {"web_search_requests": 2},
    }  # fmt: skip
    for response in both(wire, blocks_of(Said("ok")), usage):
        counts = response.response_usage
        assert (counts.cache_read_tokens, counts.cache_write_tokens, counts.reasoning_tokens) == (100, 50, 4)
        assert (counts.input_tokens, counts.output_tokens, counts.total_tokens) == (11, 7, 18)
        assert counts.provider_metrics["service_tier"] == "standard"
        assert counts.provider_metrics["server_tool_use"]["web_search_requests"] == 2


def test_web_search_gives_citations_and_comes_back_in_the_next_request(wire):
    found = {"type": "web_search_result", "title": "A", "url": "http://a", "encrypted_content": "x", "page_age": None}
    cited = {
        "type": "web_search_result_location", "url": "http://b", "title": "B", "cited_text": "b",
        "encrypted_index": "i",
    }  # fmt: skip
    blocks = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "news"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": [found]},
        {"type": "text", "text": "So it is", "citations": [cited]},
    ]
    for response in both(wire, blocks):
        assert [(c.url, c.title) for c in response.citations.urls] == [("http://b", "B"), ("http://a", "A")]
        assert response.citations.search_queries == ["news"]
        assert response.tool_calls == []
        assert Claude().request([user(), assistant_message(response)])["messages"][1]["content"] == blocks


def test_passages_of_documents_are_citations(wire):
    cited = {
        "type": "char_location", "document_index": 0, "document_title": "Law", "cited_text": "thou shalt",
        "start_char_index": 0, "end_char_index": 9, "file_id": None,
    }  # fmt: skip
    for response in both(wire, [{"type": "text", "text": "It says so", "citations": [cited]}]):
        (document,) = response.citations.documents
        assert (document.document_title, document.cited_text) == ("Law", "thou shalt")


def test_images_and_files_are_blocks(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("some notes")
    images = [Image(content=PNG), Image(url="http://x/cat.png")]
    files = [
        File(filepath=path), File(url="http://x/a.pdf"), File(content=b"%PDF-1", filename="b.pdf"), File(external="f1"),
    ]  # fmt: skip
    blocks = Claude().request([user("Look", images=images, files=files)])["messages"][0]["content"]
    sources = [block["source"] for block in blocks[:-1]]
    assert [s["type"] for s in sources] == ["base64", "url", "text", "url", "base64", "file"]
    assert sources[0]["media_type"] == "image/png"
    assert sources[2] == {"type": "text", "media_type": "text/plain", "data": "some notes"}
    assert sources[4]["media_type"] == "application/pdf"
    assert blocks[2]["citations"] == {"enabled": True}
    assert blocks[-1] == {"type": "text", "text": "Look"}


def test_a_linked_text_file_is_downloaded_before_sending(wire):
    wire.script(Reply(b"linked text", kind="text/plain"), whole(blocks_of(Said("ok"))))
    ask(claude(wire), [user("Read", files=[File(url=f"{wire.url}/a.txt")])])
    assert wire.sent["messages"][0]["content"][0]["source"]["data"] == "linked text"
    assert "_links" not in wire.sent


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ({"type": "function", "function": {"name": "weather"}}, {"type": "tool", "name": "weather"}),
        ({"type": "any", "disable_parallel_tool_use": True}, {"type": "any", "disable_parallel_tool_use": True}),
    ],
)
def test_the_tool_choice_is_translated(choice, sent):
    assert Claude().request([user()], tools=[WEATHER], tool_choice=choice)["tool_choice"] == sent


def test_own_tools_and_functions_are_sent_together():
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    tools = Claude().request([user()], tools=[WEATHER, search])["tools"]
    function = WEATHER["function"]
    assert tools == [
        {"name": "weather", "description": function["description"], "input_schema": function["parameters"]}, search,
    ]  # fmt: skip


def test_new_models_bind_the_answer_to_the_schema(wire):
    wire.script(whole([{"type": "text", "text": CITY}]))
    response = ask(claude(wire), response_format=City)
    schema = wire.sent["output_config"]["format"]["schema"]
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["name", "people"]
    assert response.parsed.name == "Oslo"


@pytest.mark.parametrize(
    ("model_id", "native"),
    [
        ("claude-3-5-sonnet-20241022", False), ("claude-sonnet-4-20250514", False), ("claude-opus-4-0", False),
        ("anthropic.claude-sonnet-4-20250514-v1:0", False), ("claude-opus-4-1-20250805", True),
        ("claude-sonnet-4-5-20250929", True), ("claude-haiku-4-5", True), ("claude-opus-5", True),
    ],
)  # fmt: skip
def test_old_models_are_asked_for_json_in_the_prompt(model_id, native):
    model = Claude(id=model_id)
    assert model.supports_native_structured_outputs is native
    assert ("output_config" in model.request([user()], response_format=City)) is native


def test_limits_that_cannot_be_enforced_are_told_in_the_description():
    from pydantic import BaseModel, Field

    class Part(BaseModel):
        size: int = Field(gt=0, description="in mm")

    class Whole(BaseModel):
        parts: list[Part] = Field(min_length=2)

    schema = Claude(id="claude-opus-5").request([user()], response_format=Whole)["output_config"]["format"]["schema"]
    assert schema["$defs"]["Part"]["properties"]["size"]["description"] == "in mm (exclusiveMinimum: 0)"
    assert schema["$defs"]["Part"]["additionalProperties"] is False
    assert "minItems" not in schema["properties"]["parts"]


def test_mcp_servers_use_the_trial_endpoint(wire):
    wire.script(whole(blocks_of(Said("ok"))))
    ask(claude(wire, mcp_servers=[{"type": "url", "url": "http://x", "name": "x"}]))
    assert wire.paths[0].startswith("/v1/messages")
    assert wire.headers[0]["anthropic-beta"] == "mcp-client-2025-04-04"
    assert wire.sent["mcp_servers"][0]["name"] == "x"


@in_every_mode
def test_an_answer_that_the_provider_breaks_off_goes_on(mode):
    first = says("Let me search. ", finish="pause_turn", signature="s").with_(reasoning="hm")
    with ScriptedServer(first, says("Found it.")) as server:
        model = Claude(api_key="key", client_params={"base_url": server.anthropic_url})
        seen = play(Agent(model=model), "Look it up", mode)
    assert seen.output.content == "Let me search. Found it."
    assert seen.output.metrics.input_tokens == 20
    sent = server.requests[1].json["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant"]
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    assert sent[1]["content"] == [thought, {"type": "text", "text": "Let me search. "}]


def test_an_error_in_the_middle_of_a_stream_has_the_status_it_stands_for(wire):
    reply = streamed(blocks_of(Said("Hello there")))
    reply.body[3:] = [event("error", error={"type": "overloaded_error", "message": "Overloaded"})]
    wire.script(reply)
    with pytest.raises(ModelRateLimitError, match="Overloaded") as caught:
        joined(claude(wire))
    assert caught.value.status_code == 529


def test_why_an_answer_ended_is_kept(wire):
    wire.script(whole(blocks_of(Said("cut")), stop="max_tokens"), streamed(blocks_of(Said("cut")), stop="refusal"))
    model = claude(wire)
    assert ask(model).extra == {"stop_reason": "max_tokens"}
    assert joined(model).extra == {"stop_reason": "refusal"}


def test_the_default_id_is_known():
    assert (Claude().id, Claude().provider) == ("claude-3-5-sonnet-20241022", "Anthropic")
    assert calls_of(Claude().parse(_message())) == []


def _message():
    from anthropic.types import Message as Answer

    return Answer.model_validate(whole([{"type": "text", "text": "x"}]).body)
