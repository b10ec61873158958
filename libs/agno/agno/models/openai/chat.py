"""OpenAI's chat completions, over OpenAI's SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from agno.media import Audio
from agno.models._sdk import SdkModel, parsed
from agno.models.base import Tools
from agno.models.message import Citations, Message, UrlCitation
from agno.models.metrics import Metrics
from agno.models.openai._messages import formatted
from agno.models.response import ModelResponse
from agno.tools.schema import strict as strict_schema

_SENT = (
    "store", "reasoning_effort", "verbosity", "metadata", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs",
    "max_tokens", "max_completion_tokens", "modalities", "audio", "presence_penalty", "seed", "stop", "temperature",
    "user", "top_p", "service_tier", "extra_headers", "extra_query", "extra_body",
)  # fmt: skip
_CLIENT = ("organization", "base_url", "timeout", "max_retries", "default_headers", "default_query")


@dataclass
class OpenAIChat(SdkModel):
    """A model behind OpenAI's chat completions.

    `request_params` is merged last into every request, `client_params` last into the client's arguments. The key is
    `api_key`, else `OPENAI_API_KEY`.
    """

    id: str = "gpt-4o"
    name: str | None = "OpenAIChat"
    provider: str | None = "OpenAI"
    supports_native_structured_outputs: bool = True

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

    api_key: str | None = None
    organization: str | None = None
    base_url: str | None = None
    timeout: float | None = None
    max_retries: int | None = None
    default_headers: Any = None
    default_query: Any = None
    http_client: Any = None
    client_params: dict[str, Any] | None = None
    client: Any = None
    async_client: Any = None

    sdk: ClassVar[tuple[str, str]] = ("openai", "openai")
    key_variable: ClassVar[str] = "OPENAI_API_KEY"

    @property
    def native_reasoning(self) -> bool:  # type: ignore[override]  # depends on the id
        return self.id.startswith(("o1", "o3", "o4", "gpt-5")) or "deepseek-r1" in self.id.lower()

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
        roles = self.role_map if self.role_map is not None else {"system": "developer"}
        request: dict[str, Any] = {"model": self.id, "messages": [formatted(message, roles) for message in messages]}
        for name in _SENT:
            if (value := getattr(self, name)) is not None:
                request[name] = value
        if tools:
            request["tools"] = tools
            if tool_choice is not None:
                request["tool_choice"] = tool_choice
        if response_format is not None:
            request["response_format"] = _format(response_format)
        if stream:
            request["stream"] = True
            request["stream_options"] = {"include_usage": True}
        return {**request, **(self.request_params or {})}

    # Client ----------------------------------------------------------------------------------------------------------

    def _client_arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {"api_key": self.require_key(self.api_key, self.key_variable)}
        for name in _CLIENT:
            if (value := getattr(self, name)) is not None:
                arguments[name] = value
        return {**arguments, **(self.client_params or {})}

    def make_client(self) -> Any:
        from openai import OpenAI

        return OpenAI(**_with_http_client(self._client_arguments(), self.http_client, is_async=False))

    def make_async_client(self) -> Any:
        from openai import AsyncOpenAI

        return AsyncOpenAI(**_with_http_client(self._client_arguments(), self.http_client, is_async=True))

    def send(self, request: dict[str, Any]) -> Any:
        return self.get_client().chat.completions.create(**request)

    async def asend(self, request: dict[str, Any]) -> Any:
        return await self.get_async_client().chat.completions.create(**request)

    def stream(self, request: dict[str, Any]) -> Iterator[Any]:
        with self.get_client().chat.completions.create(**request) as chunks:
            finished = False
            for chunk in chunks:
                finished = finished or _is_last(chunk)
                yield chunk
            if not finished:
                raise self.unfinished()

    async def astream(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        async with await self.get_async_client().chat.completions.create(**request) as chunks:
            finished = False
            async for chunk in chunks:
                finished = finished or _is_last(chunk)
                yield chunk
            if not finished:
                raise self.unfinished()

    def translate_error(self, error: Exception) -> Exception:
        import openai

        if isinstance(error, openai.APIStatusError):
            return self.provider_error(str(error.message), error.status_code)
        if isinstance(error, openai.APITimeoutError):
            return self.provider_error(f"{self.get_provider()} did not answer in time.", 504)
        if isinstance(error, openai.APIError):
            return self.provider_error(f"The request to {self.get_provider()} failed: {error.message}")
        return self.network_error(error)

    # Answer ----------------------------------------------------------------------------------------------------------

    def parse(self, response: Any, *, response_format: Any = None) -> ModelResponse:
        if not response.choices:
            raise self.provider_error(f"{self.get_provider()} gave an answer without choices: {response}")
        choice = response.choices[0]
        message = choice.message
        answer = ModelResponse(role="assistant", content=message.content or message.refusal)
        if message.tool_calls:
            answer.tool_calls = [_call(call) for call in message.tool_calls]
        if thought := _reasoning(message):
            answer.reasoning_content = thought
        if getattr(message, "audio", None) is not None:
            heard = message.audio
            answer.audio = Audio.from_base64(
                heard.data, id=heard.id, expires_at=heard.expires_at, transcript=heard.transcript
            )
        if cited := _citations(message):
            answer.citations = cited
        if response.usage is not None:
            answer.response_usage = usage_of(response.usage)
        answer.provider_data = {"id": response.id}
        if response_format is not None and not answer.tool_calls:
            answer.parsed = parsed(answer.content, response_format)
        return answer

    def parse_delta(self, delta: Any, state: dict[str, Any]) -> ModelResponse | None:
        choices = delta.choices
        if not choices:
            return ModelResponse(response_usage=usage_of(delta.usage)) if delta.usage is not None else None
        piece = choices[0].delta
        answer = ModelResponse(content=piece.content or getattr(piece, "refusal", None) or None)
        if piece.tool_calls:
            answer.tool_calls = [_fragment(call) for call in piece.tool_calls]
        if thought := _reasoning(piece):
            answer.reasoning_content = thought
        if cited := _citations(piece):
            answer.citations = cited
        if heard := (piece.model_extra or {}).get("audio"):
            answer.audio = _audio_delta(heard)
        if delta.usage is not None:
            answer.response_usage = usage_of(delta.usage)
        return answer if answer.tool_calls or len(answer.__dict__) > 1 else None

    def connection_info(self) -> dict[str, Any] | None:
        parts = urlsplit(self.base_url or "https://api.openai.com/v1")
        base = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
        return {"base": base, "type": "openai"}


def _with_http_client(arguments: dict[str, Any], http_client: Any, *, is_async: bool) -> dict[str, Any]:
    """The user's HTTP client, where its colour fits."""
    if http_client is not None and hasattr(http_client, "aclose") is is_async:
        arguments["http_client"] = http_client
    return arguments


def _is_last(chunk: Any) -> bool:
    return bool(chunk.choices and chunk.choices[0].finish_reason)


def _format(response_format: Any) -> dict[str, Any]:
    if isinstance(response_format, dict):
        return response_format
    schema = strict_schema(response_format.model_json_schema())
    return {"type": "json_schema", "json_schema": {"name": response_format.__name__, "schema": schema, "strict": True}}


def _call(call: Any) -> dict[str, Any]:
    function = {"name": call.function.name, "arguments": call.function.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _fragment(call: Any) -> dict[str, Any]:
    function = call.function
    return {
        "index": call.index,
        "id": call.id,
        "type": "function",
        "function": {
            "name": function.name if function is not None else None,
            "arguments": function.arguments if function is not None else None,
        },
    }


def _reasoning(message: Any) -> str | None:
    """The thought, under the names that servers of this protocol give it."""
    extra = message.model_extra or {}
    thought = extra.get("reasoning_content") or extra.get("reasoning")
    return thought if isinstance(thought, str) else None


def _citations(message: Any) -> Citations | None:
    found = getattr(message, "annotations", None) or (message.model_extra or {}).get("annotations") or ()
    urls = []
    for note in found:
        cited = note.get("url_citation") if isinstance(note, dict) else getattr(note, "url_citation", None)
        if cited is not None:
            facts = cited if isinstance(cited, dict) else cited.model_dump()
            urls.append(UrlCitation(url=facts.get("url"), title=facts.get("title")))
    return Citations(urls=urls) if urls else None


def _audio_delta(heard: Any) -> Audio:
    facts = {key: heard[key] for key in ("id", "expires_at", "transcript") if heard.get(key) is not None}
    if heard.get("data"):
        return Audio.from_base64(heard["data"], **facts)
    return Audio(**{"transcript": "", **facts})


def usage_of(usage: Any) -> Metrics:
    """Token counts. Cached, reasoning and audio tokens are part of input and output."""
    metrics = Metrics(
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        total_tokens=usage.total_tokens or 0,
    )
    if (read := usage.prompt_tokens_details) is not None:
        metrics.cache_read_tokens = read.cached_tokens or 0
        metrics.audio_input_tokens = read.audio_tokens or 0
    if (wrote := usage.completion_tokens_details) is not None:
        metrics.reasoning_tokens = wrote.reasoning_tokens or 0
        metrics.audio_output_tokens = wrote.audio_tokens or 0
    metrics.audio_total_tokens = metrics.audio_input_tokens + metrics.audio_output_tokens
    return metrics


__all__ = ["OpenAIChat", "usage_of"]
