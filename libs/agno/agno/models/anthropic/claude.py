"""Claude, over Anthropic's SDK."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from agno.models._sdk import Link, SdkModel, aload, fitting, load, parsed, split_system, wanted_schema
from agno.models.anthropic import _answers
from agno.models.anthropic._messages import strict_schema, tool_choice_param, tool_params, turns
from agno.models.base import Tools
from agno.models.message import Message
from agno.models.response import ModelResponse

# families from before answers could be bound to a JSON schema
_WITHOUT_SCHEMA = re.compile(r"claude-(v?[12]\b|instant|3|(opus|sonnet)-4(-0|[-@]2025\d{4})?(-v\d.*)?$)")
_MCP_BETA = "mcp-client-2025-04-04"
# the status that an error in the middle of a stream would have had as a response
_STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


@dataclass
class Claude(SdkModel):
    """Anthropic's Claude.

    Models that can bind their answer to a JSON schema do so; older ones are asked for JSON in the prompt. Thinking
    blocks are sent back as they came, so thinking and tools go together. `request_params` is merged last into every
    request, `client_params` last into the client's arguments.
    """

    id: str = "claude-3-5-sonnet-20241022"
    name: str | None = "Claude"
    provider: str | None = "Anthropic"

    max_tokens: int | None = 4096
    thinking: dict[str, Any] | None = None
    temperature: float | None = None
    stop_sequences: list[str] | None = None
    top_p: float | None = None
    top_k: int | None = None
    cache_system_prompt: bool = False
    extended_cache_time: bool = False  # an hour instead of five minutes
    request_params: dict[str, Any] | None = None
    mcp_servers: list[Any] | None = None
    betas: list[str] | None = None

    api_key: str | None = None
    auth_token: str | None = None
    default_headers: dict[str, Any] | None = None
    timeout: float | None = None
    max_retries: int | None = None
    http_client: Any = None
    client_params: dict[str, Any] | None = None
    client: Any = None
    async_client: Any = None

    sdk: ClassVar[tuple[str, str]] = ("anthropic", "anthropic")
    # the API refuses tool calls in the history of a request that has no tools
    history_needs_tools: ClassVar[bool] = True
    answers_by: ClassVar[Literal["tool", "prompt"]] = "tool"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not _WITHOUT_SCHEMA.search(self.id):
            self.supports_native_structured_outputs = True

    @property
    def native_reasoning(self) -> bool:  # type: ignore[override]  # depends on a setting
        return self.thinking is not None and self.thinking.get("type") != "disabled"

    def answer_choice(self, tool: str) -> str | dict[str, Any] | None:
        return None if self.native_reasoning else super().answer_choice(tool)  # a model that thinks cannot be forced

    # Request ---------------------------------------------------------------------------------------------------------

    def request(
        self,
        messages: list[Message],
        *,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        response_format: Any = None,
        stream: bool = False,
    ) -> dict[str, Any]:
        links: list[Link] = []
        schema = wanted_schema(response_format) if self.supports_native_structured_outputs else None
        system, others = split_system(messages)
        # an answer bound to a schema has no room for citations: the API refuses both together
        request = {"model": self.id, "messages": turns(others, links, cite=schema is None), **self._settings()}
        if system:
            request["system"] = self._system(system)
        if tools:
            request["tools"] = tool_params(tools)
            if (choice := tool_choice_param(tool_choice)) is not None:
                request["tool_choice"] = choice
        if schema is not None:
            request["output_config"] = {"format": {"type": "json_schema", "schema": strict_schema(schema)}}
        if stream:
            request["stream"] = True
        if self.request_params:
            request.update(self.request_params)
        if links:
            request["_links"] = links
        return request

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        for name in ("max_tokens", "thinking", "temperature", "stop_sequences", "top_p", "top_k", "betas"):
            if (value := getattr(self, name)) is not None:
                settings[name] = value
        if self.mcp_servers:
            settings["mcp_servers"] = [_plain_server(server) for server in self.mcp_servers]
            if not any(beta.startswith("mcp-client-") for beta in self.betas or ()):
                settings["betas"] = [*(self.betas or ()), _MCP_BETA]
        return settings

    def _system(self, text: str) -> Any:
        if not self.cache_system_prompt:
            return text
        control = {"type": "ephemeral", "ttl": "1h"} if self.extended_cache_time else {"type": "ephemeral"}
        return [{"type": "text", "text": text, "cache_control": control}]

    # Answer ----------------------------------------------------------------------------------------------------------

    def parse(self, response: Any, *, response_format: Any = None) -> ModelResponse:
        if getattr(response, "content", None) is None:  # the SDK gives text that is no JSON as it came
            raise self.provider_error(f"{self.get_provider()} answered {str(response)[:200]!r}, not a message.")
        answer = _answers.whole(response)
        if response_format is not None and self.supports_native_structured_outputs and not answer.tool_calls:
            answer.parsed = parsed(answer.content, response_format)
        return answer

    def parse_delta(self, delta: Any, state: dict[str, Any]) -> ModelResponse | None:
        return _answers.event(delta, state)

    def goes_on(self, answer: Message) -> bool:
        return (answer.provider_data or {}).get("stop_reason") == _answers.PAUSED

    # Client ----------------------------------------------------------------------------------------------------------

    def make_client(self) -> Any:
        import anthropic

        return anthropic.Anthropic(**self._client_arguments(asynchronous=False))

    def make_async_client(self) -> Any:
        import anthropic

        arguments = self._client_arguments(asynchronous=True)
        if "http_client" not in arguments:
            # the SDK's own one closes itself when it is collected, and fails at that if its event loop is gone
            arguments["http_client"] = anthropic.DefaultAsyncHttpxClient()
        return anthropic.AsyncAnthropic(**arguments)

    def load_endpoint(self, client: Any) -> None:
        _endpoint(client, {})

    def _client_arguments(self, *, asynchronous: bool) -> dict[str, Any]:
        extra = self.client_params or {}
        arguments: dict[str, Any] = {}
        if self.auth_token is not None:
            arguments["auth_token"] = self.auth_token
        elif not extra.keys() & {"api_key", "auth_token", "credentials"}:
            arguments["api_key"] = self.require_key(self.api_key, "ANTHROPIC_API_KEY")
        for name in ("default_headers", "timeout", "max_retries"):
            if (value := getattr(self, name)) is not None:
                arguments[name] = value
        if (lent := self.lent_http_client(asynchronous=asynchronous)) is not None:
            arguments["http_client"] = lent
        return {**arguments, **extra}

    def send(self, request: dict[str, Any]) -> Any:
        load(request.pop("_links", ()))
        create = _endpoint(self.get_client(), request).create
        return create(**fitting(create, request))

    async def asend(self, request: dict[str, Any]) -> Any:
        await aload(request.pop("_links", ()))
        create = _endpoint(await self.open_async_client(), request).create
        return await create(**fitting(create, request))

    def stream(self, request: dict[str, Any]) -> Iterator[Any]:
        with self.send(request) as events:
            event = None
            for event in events:
                yield event
        self._check_end(event)

    async def astream(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        async with await self.asend(request) as events:
            event = None
            async for event in events:
                yield event
        self._check_end(event)

    def _check_end(self, last: Any) -> None:
        if last is None or last.type != "message_stop":
            raise self.unfinished()

    def connection_info(self) -> dict[str, Any] | None:
        base = (self.client_params or {}).get("base_url") or "https://api.anthropic.com"
        return {"type": "anthropic", "base": str(base)}

    def translate_error(self, error: Exception) -> Exception:
        from anthropic import AnthropicError, APIResponseValidationError, APIStatusError

        if isinstance(error, (APIStatusError, APIResponseValidationError)):
            said: dict[str, Any] = error.body if isinstance(error.body, dict) else {}
            details = inner if isinstance(inner := said.get("error"), dict) else said
            status = error.status_code
            if status < 400:
                status = _STATUS_OF.get(details.get("type", ""), 502)
            return self.provider_error(str(details.get("message") or error.message), status)
        if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
            return self.unreadable(error)
        translated = self.network_error(error)
        if translated is error and isinstance(error, AnthropicError):
            return self.provider_error(str(error))
        return translated


def _endpoint(client: Any, request: dict[str, Any]) -> Any:
    """Settings that are in trial have an endpoint of their own."""
    return client.beta.messages if "betas" in request or "mcp_servers" in request else client.messages


def _plain_server(server: Any) -> dict[str, Any]:
    if isinstance(server, dict):
        return server
    names = ("type", "url", "name", "authorization_token", "tool_configuration")
    return {name: value for name in names if (value := getattr(server, name, None)) is not None}


__all__ = ["Claude"]
