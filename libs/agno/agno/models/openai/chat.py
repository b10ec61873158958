"""OpenAI's chat completions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from agno.models._sdk import Link, parsed
from agno.models.base import Tools
from agno.models.message import Message
from agno.models.openai import _answers
from agno.models.openai._client import OpenAIBase
from agno.models.openai._messages import chat_messages
from agno.models.openai._schemas import chat_tools, choice_param, described
from agno.models.response import ModelResponse

_SETTINGS = (
    "store", "reasoning_effort", "verbosity", "metadata", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs",
    "max_tokens", "max_completion_tokens", "modalities", "audio", "presence_penalty", "seed", "stop", "temperature",
    "user", "top_p", "service_tier", "extra_headers", "extra_query", "extra_body",
)  # fmt: skip
_THINKERS = re.compile(r"\bo[134]\b|\b4\.[15]\b|gpt-[5-9]")


@dataclass
class OpenAIChat(OpenAIBase):
    """A model over OpenAI's chat completions.

    `role_map` replaces the roles that are sent. `request_params` is merged last into every request, `client_params`
    last into the client's arguments.
    """

    id: str = "gpt-4o"
    name: str | None = "OpenAIChat"
    provider: str | None = "OpenAI"

    store: bool | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    metadata: dict[str, Any] | None = None
    frequency_penalty: float | None = None
    logit_bias: Any = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    modalities: list[str] | None = None
    audio: dict[str, Any] | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    temperature: float | None = None
    user: str | None = None
    top_p: float | None = None
    service_tier: str | None = None
    extra_headers: Any = None
    extra_query: Any = None
    extra_body: Any = None
    request_params: dict[str, Any] | None = None
    role_map: dict[str, str] | None = None

    roles: ClassVar[dict[str, str]] = {"system": "developer", "model": "assistant"}
    # what the server wants back of its own additions to an answer and its tool calls
    echoes: ClassVar[frozenset[str]] = frozenset()

    @property
    def native_reasoning(self) -> bool:  # type: ignore[override]  # depends on the id
        return _THINKERS.search(self.id) is not None

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
        sent = chat_messages(messages, self.role_map or self.roles, self.echoes, links)
        request: dict[str, Any] = {"model": self.id, "messages": sent}
        for name in _SETTINGS:
            if (value := getattr(self, name)) is not None:
                request[name] = value
        if tools:
            request["tools"] = chat_tools(tools)
            if tool_choice is not None:
                request["tool_choice"] = choice_param(tool_choice, flat=False)
        if response_format is not None:
            schema = described(response_format)
            request["response_format"] = {"type": "json_schema", "json_schema": schema} if schema else response_format
        if stream:
            request.update(stream=True, stream_options={"include_usage": True})
        if self.request_params:
            request.update(self.request_params)
        if links:
            request["_links"] = links
        return request

    def endpoint(self, client: Any) -> Any:
        return client.chat.completions

    def is_last(self, chunk: Any) -> bool:
        choices = chunk.choices
        return bool(choices) and choices[0].finish_reason is not None

    def parse(self, response: Any, *, response_format: Any = None) -> ModelResponse:
        choices = getattr(response, "choices", None)
        if not choices or choices[0].message is None:
            raise self.no_answer(response)
        answer = _answers.whole(response, (self.audio or {}).get("format"))
        if response_format is not None and not answer.tool_calls:
            answer.parsed = parsed(answer.content, response_format)
        return answer

    def parse_delta(self, delta: Any, state: dict[str, Any]) -> ModelResponse | None:
        return _answers.delta(delta, state, (self.audio or {}).get("format"))


__all__ = ["OpenAIChat"]
