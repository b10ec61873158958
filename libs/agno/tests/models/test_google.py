from __future__ import annotations

import base64
import json
import re

import pytest

from agno.exceptions import (
    ModelAuthenticationError,
    ModelProviderError,
    ModelRateLimitError,
    RetryableModelProviderError,
)
from agno.media import Audio, File, Image, Video
from agno.models.google import Gemini
from agno.models.message import Message

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
    calls_of,
    joined,
    user,
    wire,
)  # fmt: skip

__all__ = ["wire"]

USAGE = {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18}
SIGNATURE = base64.b64encode(b"signed").decode()


def parts_of(said: Said) -> list[dict]:
    parts: list[dict] = []
    if said.thought:
        parts.append({"text": said.thought, "thought": True})
    if said.text:
        parts.append({"text": said.text})
    parts.extend({"functionCall": {"name": name, "args": values}} for name, values in said.calls)
    return parts


def answer(parts: list[dict] | None, finish: str | None = "STOP", usage: dict | None = USAGE, **candidate) -> dict:
    said: dict = {"index": 0, **candidate}
    if parts is not None:
        said["content"] = {"role": "model", "parts": parts}
    if finish:
        said["finishReason"] = finish
    body: dict = {"candidates": [said], "modelVersion": "gemini"}
    if usage:
        body["usageMetadata"] = usage
    return body


def sse(*bodies: dict) -> Reply:
    return Reply([f"data: {json.dumps(body)}\r\n\r\n" for body in bodies], kind="text/event-stream")


def gemini(wire, **settings) -> Gemini:
    settings.setdefault("api_key", "key")
    settings["client_params"] = {"http_options": {"base_url": wire.url}, **settings.get("client_params", {})}
    return Gemini(**settings)


class TestGemini(ModelContract):
    module, package, variable = "google.genai", "google-genai", "GOOGLE_API_KEY"
    splits_arguments = False
    hears = draws = True
    counts = frozenset({
        "cache_read_tokens", "reasoning_tokens", "audio_input_tokens", "audio_output_tokens", "audio_total_tokens",
    })  # fmt: skip

    def model(self, server, **settings):
        options = {"http_options": {"base_url": server.gemini_url}}
        return Gemini(**{"api_key": "key", "client_params": options, **settings})


def sent(wire) -> dict:
    """The newest request; the SDK spells inner names in two ways, and the API takes both."""

    def camel(value):
        if isinstance(value, list):
            return [camel(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {re.sub(r"_(\w)", lambda m: m[1].upper(), key): camel(item) for key, item in value.items()}

    return camel(wire.sent)


def both(wire, bodies, **options):
    """The same answer whole and streamed."""
    wire.script(Reply(bodies), sse(bodies))
    model = gemini(wire)
    return ask(model, **options), joined(model, **options)


def test_settings_are_sent(wire):
    wire.script(Reply(answer(parts_of(Said("ok")))))
    model = gemini(
        wire, temperature=0.5, top_p=0.9, top_k=3, max_output_tokens=9, stop_sequences=["x"], seed=1,
        presence_penalty=0.1, frequency_penalty=0.2, logprobs=True, thinking_budget=100, include_thoughts=True,
        response_modalities=["TEXT"], generation_config={"candidate_count": 1, "temperature": 0.1},
        safety_settings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        request_params={"labels": None, "seed": 2},
    )  # fmt: skip
    ask(model, [Message("system", "Be brief"), user("Hi")])
    config = sent(wire)["generationConfig"]
    assert config["thinkingConfig"] == {"includeThoughts": True, "thinkingBudget": 100}
    assert (config["temperature"], config["seed"], config["candidateCount"]) == (0.5, 2, 1)
    assert config["responseLogprobs"] is True
    assert sent(wire)["safetySettings"] == [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    assert sent(wire)["systemInstruction"]["parts"] == [{"text": "Be brief"}]
    assert sent(wire)["contents"] == [{"role": "user", "parts": [{"text": "Hi"}]}]
    assert wire.headers[0]["x-goog-api-key"] == "key"
    assert model.native_reasoning


def test_roles_alternate_and_results_of_several_tools_are_one_turn(wire):
    wire.script(Reply(answer(parts_of(Said("See", calls=TWO_CALLS)))), Reply(answer(parts_of(Said("ok")))))
    model = gemini(wire)
    said = assistant_message(ask(model, tools=[WEATHER]))
    results = answers_to(said, "rain", "broken")
    results[1].tool_call_error = True
    ask(model, [Message("assistant", "Welcome"), user("Hi"), user("there"), said, *results, user("Hurry")])
    turns = sent(wire)["contents"]
    assert [turn["role"] for turn in turns] == ["user", "model", "user", "model", "user"]
    assert turns[2]["parts"] == [{"text": "Hi"}, {"text": "there"}]
    assert turns[3]["parts"] == [{"text": "See"}, *parts_of(Said(calls=TWO_CALLS))]
    assert turns[4]["parts"] == [
        {"functionResponse": {"name": "weather", "response": {"result": "rain"}}},
        {"functionResponse": {"name": "weather", "response": {"error": "broken"}}},
        {"text": "Hurry"},
    ]


def test_signatures_and_ids_come_back_in_the_next_request(wire):
    calls = [{"functionCall": {"id": f"g{n}", "name": name, "args": v}} for n, (name, v) in enumerate(TWO_CALLS)]
    parts = [{"text": "hm", "thought": True}, {"text": "See"}, {**calls[0], "thoughtSignature": SIGNATURE}, calls[1]]
    for response in both(wire, answer(parts), tools=[WEATHER]):
        assert response.reasoning_content == "hm"
        assert [call["id"] for call in response.tool_calls] == ["g0", "g1"]
        said = Message.from_dict(json.loads(json.dumps(assistant_message(response).to_dict())))  # as from a database
        wire.script(Reply(answer(parts_of(Said("ok")))))
        ask(gemini(wire), [user(), said, *answers_to(said, "rain", "sun")])
        turns = sent(wire)["contents"]
        assert turns[1]["parts"] == parts[1:]
        assert [p["functionResponse"]["id"] for p in turns[2]["parts"]] == ["g0", "g1"]


def test_a_signature_at_the_end_of_a_text_is_kept(wire):
    parts = [{"text": "See "}, {"text": "you", "thoughtSignature": SIGNATURE}]
    for response in both(wire, answer(parts)):
        assert response.content == "See you"
        model = Gemini().request([user(), assistant_message(response)])["contents"][1]["parts"]
        assert model == [{"text": "See "}, {"text": "you", "thought_signature": b"signed"}]


def test_calls_of_another_model_are_signed_where_the_model_insists():
    call = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    history = [user(), Message("assistant", None, tool_calls=[call]), Message("tool", "rain", tool_call_id="c")]
    new = Gemini(id="gemini-3-pro-preview").request(history)["contents"]
    assert new[1]["parts"][0]["thought_signature"] == b"skip_thought_signature_validator"
    assert "id" not in new[2]["parts"][0]["function_response"]
    assert "thought_signature" not in Gemini().request(history)["contents"][1]["parts"][0]


def test_thoughts_and_cached_tokens_are_counted(wire):
    usage = {
        "promptTokenCount": 100, "candidatesTokenCount": 7, "thoughtsTokenCount": 5, "totalTokenCount": 112,
        "cachedContentTokenCount": 60, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 30}],
    }  # fmt: skip
    for response in both(wire, answer(parts_of(Said("ok")), usage=usage)):
        counts = response.response_usage
        assert (counts.input_tokens, counts.output_tokens, counts.total_tokens) == (100, 12, 112)
        assert (counts.reasoning_tokens, counts.cache_read_tokens, counts.audio_input_tokens) == (5, 60, 30)


def test_grounding_gives_citations(wire):
    grounding = {
        "webSearchQueries": ["news"],
        "groundingChunks": [{"web": {"uri": "http://a", "title": "A"}}, {"web": {"uri": "http://b", "title": "B"}}],
    }
    for response in both(wire, answer(parts_of(Said("So")), groundingMetadata=grounding)):
        assert [(c.url, c.title) for c in response.citations.urls] == [("http://a", "A"), ("http://b", "B")]
        assert response.citations.search_queries == ["news"]


def test_own_tools_are_settings():
    model = Gemini(
        search=True, grounding=True, grounding_dynamic_threshold=0.3, url_context=True, vertexai_search=True,
        vertexai_search_datastore="store", function_declarations=[{"name": "f", "description": "f"}],
    )  # fmt: skip
    tools = model.request([user()], tools=[WEATHER, {"code_execution": {}}])["config"]["tools"]
    assert tools[:5] == [
        {"google_search": {}},
        {"google_search_retrieval": {"dynamic_retrieval_config": {"mode": "MODE_DYNAMIC", "dynamic_threshold": 0.3}}},
        {"url_context": {}},
        {"retrieval": {"vertex_ai_search": {"datastore": "store"}}},
        {"code_execution": {}},
    ]
    assert [f["name"] for f in tools[5]["function_declarations"]] == ["f", "weather"]
    with pytest.raises(ValueError, match="vertexai_search_datastore"):
        Gemini(vertexai_search=True)


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "weather"}}, {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
    ],
)
def test_the_tool_choice_is_translated(wire, choice, wanted):
    wire.script(Reply(answer(parts_of(Said("ok")))))
    ask(gemini(wire), tools=[WEATHER], tool_choice=choice)
    assert sent(wire)["toolConfig"] == {"functionCallingConfig": wanted}
    declared = sent(wire)["tools"][0]["functionDeclarations"][0]
    assert declared["parametersJsonSchema"] == WEATHER["function"]["parameters"]


def test_an_answer_by_schema_is_asked_for_where_there_are_no_functions(wire):
    wire.script(Reply(answer(parts_of(Said(CITY)))))
    ask(gemini(wire), response_format=City)
    assert sent(wire)["generationConfig"]["responseMimeType"] == "application/json"
    assert sent(wire)["generationConfig"]["responseJsonSchema"] == City.model_json_schema()
    model = Gemini()
    assert "response_json_schema" not in model.request([user()], tools=[WEATHER], response_format=City)["config"]
    assert not model.native_output_with_tools


def test_media_and_files_are_parts(wire, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("notes")
    wire.script(Reply(PNG, kind="image/png"), Reply(answer(parts_of(Said("ok")))))
    ask(gemini(wire), [user(
        "Look", images=[Image(content=PNG), Image(url=f"{wire.url}/cat.png")],
        audio=[Audio(content=b"RIFF0000WAVE")], videos=[Video(url="https://youtu.be/x")],
        files=[File(filepath=path), File(external="https://generativelanguage.googleapis.com/v1beta/files/f")],
    )])  # fmt: skip
    parts = sent(wire)["contents"][0]["parts"]
    assert parts[0] == {"text": "Look"}
    assert parts[1] == parts[2] == {"inlineData": {"data": Image(content=PNG).to_base64(), "mimeType": "image/png"}}
    assert parts[3]["fileData"] == {"fileUri": "https://youtu.be/x", "mimeType": "video/mp4"}
    assert parts[4]["inlineData"]["mimeType"] == "audio/wav"
    assert parts[5]["inlineData"]["mimeType"] == "text/plain"
    assert parts[6]["fileData"]["fileUri"].endswith("/files/f")


def test_generated_images_and_sound_are_given(wire):
    data = base64.b64encode(PNG).decode()
    parts = [
        {"text": "Here"},
        {"inlineData": {"data": data, "mimeType": "image/png"}},
        {"inlineData": {"data": data, "mimeType": "audio/wav"}},
    ]
    for response in both(wire, answer(parts)):
        assert response.images[0].content == PNG
        assert response.audio.content == PNG
        assert response.content == "Here"


@pytest.mark.parametrize("stream", [False, True])
def test_a_refused_prompt_is_an_error(wire, stream):
    body = {"promptFeedback": {"blockReason": "SAFETY"}}
    wire.script(sse(body) if stream else Reply(body))
    model = gemini(wire)
    with pytest.raises(ModelProviderError, match="refused the prompt: SAFETY") as caught:
        joined(model) if stream else ask(model)
    assert not model.is_retryable(caught.value)


@pytest.mark.parametrize("stream", [False, True])
def test_a_refused_answer_is_an_error(wire, stream):
    body = answer(None, "PROHIBITED_CONTENT")
    wire.script(sse(body) if stream else Reply(body))
    with pytest.raises(ModelProviderError, match="PROHIBITED_CONTENT"):
        joined(gemini(wire)) if stream else ask(gemini(wire))


@pytest.mark.parametrize("stream", [False, True])
def test_an_unreadable_call_is_worth_a_hint(wire, stream):
    body = answer(None, "MALFORMED_FUNCTION_CALL")
    wire.script(sse(body) if stream else Reply(body))
    with pytest.raises(RetryableModelProviderError) as caught:
        joined(gemini(wire)) if stream else ask(gemini(wire))
    assert "Call the function again" in caught.value.retry_guidance_message


def test_a_wrong_key_is_an_authentication_error(wire):
    wire.script(Reply({"error": {"code": 400, "message": "API key not valid. Please pass one.", "status": "X"}}, 400))
    with pytest.raises(ModelAuthenticationError):
        ask(gemini(wire))


def test_a_pause_that_is_asked_for_in_the_details_is_known(wire):
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}
    error = {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": [info]}
    wire.script(Reply({"error": error}, 429))
    with pytest.raises(ModelRateLimitError) as caught:
        ask(gemini(wire))
    assert caught.value.retry_after == 34.5


def test_the_client_lives_as_long_as_the_model(wire):
    import gc

    model = gemini(wire)
    for _ in range(2):
        wire.script(Reply(answer(parts_of(Said("ok")))))
        ask(model)
        gc.collect()


def test_vertex_needs_project_and_location_but_no_key(wire, monkeypatch):
    from google.oauth2.credentials import Credentials

    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "europe-west1")
    wire.script(Reply(answer(parts_of(Said("ok", calls=TWO_CALLS)))))
    model = gemini(wire, api_key=None, vertexai=True, project_id="p", credentials=Credentials("token"))
    assert calls_of(ask(model)) == TWO_CALLS
    assert "/projects/p/locations/europe-west1/" in wire.paths[0]
    assert wire.headers[0]["authorization"] == "Bearer token"


def test_the_default_id_is_known():
    assert (Gemini().id, Gemini().name, Gemini().provider) == ("gemini-2.0-flash-001", "Gemini", "Google")
