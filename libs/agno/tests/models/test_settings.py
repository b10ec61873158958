"""Every setting of the contract is there with its default, and reaches the server under the provider's name."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

from agno.models.anthropic import Claude
from agno.models.google import Gemini
from agno.models.message import Message
from agno.models.ollama import Ollama
from agno.models.openai import OpenAIChat, OpenAILike, OpenAIResponses
from agno.testing import ScriptedServer, fails, says

from provider_wire import user

# The parameters of the contract; what is not stated defaults to None.
_OPENAI_CLIENT = (
    "api_key organization base_url timeout max_retries default_headers default_query http_client client_params"
)
_CHAT = f"""
    store reasoning_effort verbosity metadata frequency_penalty logit_bias logprobs top_logprobs max_tokens
    max_completion_tokens modalities audio presence_penalty seed stop temperature user top_p service_tier extra_headers
    extra_query request_params role_map {_OPENAI_CLIENT}"""
PARAMETERS: dict[type, str] = {
    OpenAIChat: _CHAT,
    OpenAILike: _CHAT,
    OpenAIResponses: f"""
        include max_output_tokens max_tool_calls metadata parallel_tool_calls reasoning verbosity reasoning_effort
        reasoning_summary store temperature top_p truncation user service_tier request_params role_map client async_client
        vector_store_name {_OPENAI_CLIENT}""",
    Claude: """
        max_tokens thinking temperature stop_sequences top_p top_k cache_system_prompt extended_cache_time request_params
        mcp_servers api_key default_headers client_params client async_client""",
    Gemini: """
        function_declarations generation_config safety_settings generative_model_kwargs search grounding
        grounding_dynamic_threshold url_context vertexai_search vertexai_search_datastore temperature top_p top_k
        max_output_tokens stop_sequences logprobs presence_penalty frequency_penalty seed response_modalities
        speech_config cached_content thinking_budget include_thoughts request_params api_key vertexai project_id location
        client_params client""",
    Ollama: "format options keep_alive request_params host timeout client_params client async_client",
}
DEFAULTS: dict[type, dict[str, Any]] = {
    OpenAIChat: {"id": "gpt-4o", "name": "OpenAIChat", "provider": "OpenAI"},
    OpenAILike: {"id": "not-provided", "name": "OpenAILike", "api_key": "not-provided"},
    OpenAIResponses: {
        "id": "gpt-4o", "name": "OpenAIResponses", "provider": "OpenAI", "vector_store_name": "knowledge_base",
    },
    Claude: {
        "id": "claude-3-5-sonnet-20241022", "name": "Claude", "provider": "Anthropic", "max_tokens": 4096,
        "cache_system_prompt": False, "extended_cache_time": False,
    },
    Gemini: {
        "id": "gemini-2.0-flash-001", "name": "Gemini", "provider": "Google", "search": False, "grounding": False,
        "url_context": False, "vertexai_search": False, "vertexai": False,
    },
    Ollama: {"id": "llama3.1", "name": "Ollama", "provider": "Ollama"},
}  # fmt: skip
FAMILIES = list(PARAMETERS)

# setting: (value, where it must be found, what must be there); "body" paths are written with dots
_SAME = object()  # under its own name, as it was given
_CHAT_WIRE: dict[str, tuple[Any, str, Any]] = {
    "store": (True, "store", _SAME),
    "reasoning_effort": ("low", "reasoning_effort", _SAME),
    "verbosity": ("low", "verbosity", _SAME),
    "metadata": ({"a": "b"}, "metadata", _SAME),
    "frequency_penalty": (0.1, "frequency_penalty", _SAME),
    "logit_bias": ({"1": 2}, "logit_bias", _SAME),
    "logprobs": (True, "logprobs", _SAME),
    "top_logprobs": (2, "top_logprobs", _SAME),
    "max_tokens": (3, "max_tokens", _SAME),
    "max_completion_tokens": (4, "max_completion_tokens", _SAME),
    "modalities": (["text"], "modalities", _SAME),
    "audio": ({"voice": "alloy", "format": "wav"}, "audio", _SAME),
    "presence_penalty": (0.2, "presence_penalty", _SAME),
    "seed": (5, "seed", _SAME),
    "stop": (["x"], "stop", _SAME),
    "temperature": (0.0, "temperature", _SAME),
    "user": ("u", "user", _SAME),
    "top_p": (0.9, "top_p", _SAME),
    "service_tier": ("flex", "service_tier", _SAME),
    "extra_headers": ({"x-a": "1"}, "headers.x-a", "1"),
    "extra_query": ({"q": "1"}, "query.q", "1"),
    "request_params": ({"prompt_cache_key": "k"}, "prompt_cache_key", "k"),
    "role_map": ({"system": "guide", "user": "user"}, "messages.0.role", "guide"),
    "api_key": ("mine", "headers.authorization", "Bearer mine"),
    "organization": ("org", "headers.openai-organization", "org"),
    "default_headers": ({"x-b": "2"}, "headers.x-b", "2"),
    "default_query": ({"v": "2"}, "query.v", "2"),
    "client_params": ({"project": "p"}, "headers.openai-project", "p"),
}
_CAMEL = "generationConfig"
WIRE: dict[type, dict[str, tuple[Any, str, Any]]] = {
    OpenAIChat: _CHAT_WIRE,
    OpenAILike: _CHAT_WIRE,
    OpenAIResponses: {
        "include": (["message.output_text.logprobs"], "include", _SAME),
        "max_output_tokens": (20, "max_output_tokens", _SAME),
        "max_tool_calls": (2, "max_tool_calls", _SAME),
        "metadata": ({"a": "b"}, "metadata", _SAME),
        "parallel_tool_calls": (False, "parallel_tool_calls", _SAME),
        "reasoning": ({"effort": "high"}, "reasoning", _SAME),
        "reasoning_effort": ("low", "reasoning.effort", "low"),
        "reasoning_summary": ("auto", "reasoning.summary", "auto"),
        "verbosity": ("low", "text.verbosity", "low"),
        "store": (False, "store", _SAME),
        "temperature": (0.0, "temperature", _SAME),
        "top_p": (0.9, "top_p", _SAME),
        "truncation": ("auto", "truncation", _SAME),
        "user": ("u", "user", _SAME),
        "service_tier": ("flex", "service_tier", _SAME),
        "request_params": ({"prompt_cache_key": "k"}, "prompt_cache_key", "k"),
        "role_map": ({"system": "guide"}, "input.0.role", "guide"),
        **{
            name: _CHAT_WIRE[name]
            for name in ("api_key", "organization", "default_headers", "default_query", "client_params")
        },
    },
    Claude: {
        "max_tokens": (9, "max_tokens", _SAME),
        "thinking": ({"type": "enabled", "budget_tokens": 2000}, "thinking", _SAME),
        "temperature": (0.5, "temperature", _SAME),
        "stop_sequences": (["x"], "stop_sequences", _SAME),
        "top_p": (0.9, "top_p", _SAME),
        "top_k": (3, "top_k", _SAME),
        "cache_system_prompt": (True, "system.0.cache_control", {"type": "ephemeral"}),
        "request_params": ({"metadata": {"user_id": "u"}}, "metadata.user_id", "u"),
        "mcp_servers": ([{"type": "url", "url": "http://x", "name": "x"}], "mcp_servers", _SAME),
        "api_key": ("mine", "headers.x-api-key|authorization", "mine"),
        "default_headers": ({"x-b": "2"}, "headers.x-b", "2"),
        "client_params": ({"default_query": {"v": "2"}}, "query.v", "2"),
    },
    Gemini: {
        "function_declarations": ([{"name": "f", "description": "f"}], "tools.0.functionDeclarations.0.name", "f"),
        "generation_config": ({"candidate_count": 1}, f"{_CAMEL}.candidateCount", 1),
        "safety_settings": (
            [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}], "safetySettings", _SAME,
        ),
        "generative_model_kwargs": ({"candidate_count": 1}, f"{_CAMEL}.candidateCount", 1),
        "search": (True, "tools.0.googleSearch", {}),
        "grounding": (True, "tools.0.googleSearchRetrieval", {}),
        "url_context": (True, "tools.0.urlContext", {}),
        "temperature": (0.5, f"{_CAMEL}.temperature", _SAME),
        "top_p": (0.9, f"{_CAMEL}.topP", _SAME),
        "top_k": (3, f"{_CAMEL}.topK", _SAME),
        "max_output_tokens": (9, f"{_CAMEL}.maxOutputTokens", _SAME),
        "stop_sequences": (["x"], f"{_CAMEL}.stopSequences", _SAME),
        "logprobs": (2, f"{_CAMEL}.logprobs", _SAME),
        "presence_penalty": (0.1, f"{_CAMEL}.presencePenalty", _SAME),
        "frequency_penalty": (0.2, f"{_CAMEL}.frequencyPenalty", _SAME),
        "seed": (1, f"{_CAMEL}.seed", _SAME),
        "response_modalities": (["TEXT"], f"{_CAMEL}.responseModalities", _SAME),
        "speech_config": ({"language_code": "de-DE"}, f"{_CAMEL}.speechConfig.languageCode", "de-DE"),
        "cached_content": ("cachedContents/c", "cachedContent", _SAME),
        "thinking_budget": (100, f"{_CAMEL}.thinkingConfig.thinkingBudget", 100),
        "include_thoughts": (True, f"{_CAMEL}.thinkingConfig.includeThoughts", True),
        "request_params": ({"seed": 2}, f"{_CAMEL}.seed", 2),
        "api_key": ("mine", "headers.x-goog-api-key", "mine"),
    },
    Ollama: {
        "format": ("json", "format", _SAME),
        "options": ({"temperature": 0.5}, "options", _SAME),
        "keep_alive": ("5m", "keep_alive", _SAME),
        "request_params": ({"think": True}, "think", True),
        "client_params": ({"headers": {"x-b": "2"}}, "headers.x-b", "2"),
    },
}  # fmt: skip
# settings that are no part of a request, and the tests that show what they do
SHOWN_ELSEWHERE = {
    "base_url": "contract: every test", "host": "contract: every test",
    "client": "contract: a given client is used", "async_client": "contract: a given client is used",
    "http_client": "contract: an HTTP client of the user", "timeout": "contract: a broken answer",
    "max_retries": "below", "vector_store_name": "test_openai_responses: files are uploaded",
    "extended_cache_time": "test_anthropic: the system prompt can be cached",
    "grounding_dynamic_threshold": "test_google: own tools", "vertexai_search": "test_google: own tools",
    "vertexai_search_datastore": "test_google: own tools", "vertexai": "test_google: vertex",
    "project_id": "test_google: vertex", "location": "test_google: vertex", "client_params": "contract: every test",
}  # fmt: skip


def parameters(kind: type) -> list[str]:
    return PARAMETERS[kind].split()


def built(kind: type, server: Any, **settings: Any) -> Any:
    """A model of the family that talks to the server."""
    if kind is Ollama:
        return Ollama(host=server.ollama_url, **settings)
    settings.setdefault("api_key", "key")
    if kind in (Claude, Gemini):
        places = {Claude: {"base_url": server.anthropic_url}, Gemini: {"http_options": {"base_url": server.gemini_url}}}
        settings["client_params"] = {**places[kind], **settings.get("client_params", {})}
    else:
        settings["base_url"] = server.openai_url
    return kind(**settings)


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_every_parameter_of_the_contract_has_its_default(kind: type) -> None:
    there = {field.name: field.default for field in fields(kind)}
    assert [name for name in parameters(kind) if name not in there] == []
    wanted = {**dict.fromkeys(parameters(kind)), **DEFAULTS[kind]}
    assert {name: there[name] for name in wanted} == wanted


@pytest.mark.parametrize("kind", FAMILIES, ids=lambda kind: kind.__name__)
def test_every_parameter_has_a_test_of_what_it_does(kind: type) -> None:
    assert [name for name in parameters(kind) if name not in WIRE[kind] and name not in SHOWN_ELSEWHERE] == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in FAMILIES for name in WIRE[kind]],
    ids=lambda v: getattr(v, "__name__", v),
)
def test_a_setting_reaches_the_server_under_the_provider_s_name(kind: type, name: str) -> None:
    value, place, wanted = WIRE[kind][name]
    with ScriptedServer(says("ok")) as server:
        model = built(kind, server, **{name: value})
        model.invoke([Message("system", "Be brief"), user("Hi")], Message("assistant"))
        found = found_at(server.requests[0], place)
    assert found == (value if wanted is _SAME else wanted)


def found_at(request: Any, place: str) -> Any:
    """What a request has at a place, such as "headers.x-a", "query.q" or a path into the body."""
    area, _, name = place.partition(".")
    if area == "headers":
        values = [request.headers[key] for key in name.split("|") if key in request.headers]
        return values[0].removeprefix("Bearer ") if "|" in name else values[0]
    if area == "query":
        return request.query[name]
    value = camel(request.json) if "generateContent" in request.path else request.json
    for step in place.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def camel(value: Any) -> Any:
    """Google's SDK spells inner names in two ways, and the API takes both."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {re.sub(r"_(\w)", lambda m: m[1].upper(), key): camel(item) for key, item in value.items()}


@pytest.mark.parametrize("kind", [OpenAIChat, OpenAILike, OpenAIResponses, Claude], ids=lambda kind: kind.__name__)
def test_the_sdk_retries_as_often_as_it_may(kind: type) -> None:
    again = {"retry-after-ms": "1", "retry-after": "0.001"}
    with ScriptedServer(fails(500, headers=again), fails(429, headers=again), says("ok")) as server:
        model = built(kind, server, max_retries=2)
        assert model.invoke([user("Hi")], Message("assistant")).content == "ok"
    assert len(server.requests) == 3


@pytest.mark.parametrize("kind", [OpenAIChat, OpenAILike, OpenAIResponses, Claude], ids=lambda kind: kind.__name__)
def test_what_the_sdk_does_not_know_is_sent_all_the_same(kind: type) -> None:
    with ScriptedServer(says("ok")) as server:
        model = built(kind, server, request_params={"brand_new": 1, "extra_body": {"newer": 2}})
        model.invoke([user("Hi")], Message("assistant"))
    assert (server.requests[0].json["brand_new"], server.requests[0].json["newer"]) == (1, 2)
