"""Gemini, over Google's SDK: the developer API or Vertex AI."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from agno.exceptions import ModelProviderError, RetryableModelProviderError
from agno.models._sdk import Link, SdkModel, aload, load, parsed, split_system, wanted_schema
from agno.models.base import Tools
from agno.models.google import _answers
from agno.models.google._contents import Contents, split_tools, tool_config
from agno.models.message import Message
from agno.models.response import ModelResponse

# settings that are sent under their own name
_SETTINGS = (
    "safety_settings", "temperature", "top_p", "top_k", "max_output_tokens", "stop_sequences", "logprobs",
    "presence_penalty", "frequency_penalty", "seed", "response_modalities", "speech_config", "cached_content",
)  # fmt: skip
_THINKING = ("thinking_budget", "include_thoughts", "thinking_level")
_RETRY_HINT = "Your last function call could not be read. Call the function again with valid JSON arguments."

# HTTP responses of the stream that is being opened. The SDK nests asynchronous generators and leaves the inner ones to
# the garbage collector: who stops reading must close the response, or the connection stays open.
_OPENED: ContextVar[list[Any] | None] = ContextVar("agno_gemini_responses", default=None)


async def _note_response(response: Any) -> None:
    if (opened := _OPENED.get()) is not None:
        opened.append(response)


@dataclass
class Gemini(SdkModel):
    """Google's Gemini.

    Answers follow a JSON schema natively in turns without tools. What the model needs back (thought signatures) is kept
    in `provider_data`. `generation_config` and `generative_model_kwargs` are the base of every request's config,
    `request_params` is merged last into the config (`model` and `contents` into the request), `client_params` last into
    the client's arguments.
    """

    id: str = "gemini-2.0-flash-001"
    name: str | None = "Gemini"
    provider: str | None = "Google"
    supports_native_structured_outputs: bool = True

    function_declarations: list[Any] | None = None
    generation_config: Any = None
    safety_settings: list[Any] | None = None
    generative_model_kwargs: dict[str, Any] | None = None
    search: bool = False
    grounding: bool = False
    grounding_dynamic_threshold: float | None = None
    url_context: bool = False
    vertexai_search: bool = False
    vertexai_search_datastore: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: list[str] | None = None
    logprobs: bool | int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    response_modalities: list[str] | None = None
    speech_config: Any = None
    cached_content: Any = None
    thinking_budget: int | None = None
    include_thoughts: bool | None = None
    thinking_level: str | None = None
    request_params: dict[str, Any] | None = None

    api_key: str | None = None
    vertexai: bool = False
    project_id: str | None = None
    location: str | None = None
    credentials: Any = None
    timeout: float | None = None
    client_params: dict[str, Any] | None = None
    client: Any = None

    sdk: ClassVar[tuple[str, str]] = ("google.genai", "google-genai")
    # models before Gemini 3 refuse a schema in a request with functions
    native_output_with_tools: ClassVar[bool] = False
    answers_by: ClassVar[Literal["tool", "prompt"]] = "tool"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vertexai_search and not self.vertexai_search_datastore:
            raise ValueError(
                "Gemini(vertexai_search=True) needs vertexai_search_datastore=, the datastore's full name."
            )

    @property
    def native_reasoning(self) -> bool:  # type: ignore[override]  # depends on settings
        return bool(self.thinking_budget or self.include_thoughts or self.thinking_level)

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
        system, others = split_system(messages)
        config = self._config()
        if system:
            config["system_instruction"] = system
        offered = self._offer(config, tools, tool_choice)
        if response_format is not None and not offered:
            config["response_mime_type"] = "application/json"
            if (schema := wanted_schema(response_format)) is not None:
                config["response_json_schema"] = schema
        contents = Contents(links, sign_calls=not self.id.rpartition("/")[2].startswith(("gemini-1", "gemini-2")))
        request: dict[str, Any] = {"model": self.id, "contents": contents.build(others), "config": config}
        for name, value in (self.request_params or {}).items():
            (request if name in request else config)[name] = value
        if links:
            request["_links"] = links
        return request

    def _config(self) -> dict[str, Any]:
        base = self.generation_config
        if base is not None and not isinstance(base, dict):
            base = base.model_dump(exclude_none=True)
        # the engine runs the functions, not the SDK
        config = {
            "automatic_function_calling": {"disable": True},
            **(base or {}),
            **(self.generative_model_kwargs or {}),
        }
        for name in _SETTINGS:
            if (value := getattr(self, name)) is not None:
                config[name] = value
        if isinstance(self.logprobs, bool):
            config["response_logprobs"] = config.pop("logprobs")
        thinking = {name: value for name in _THINKING if (value := getattr(self, name)) is not None}
        if thinking:
            config["thinking_config"] = thinking
        return config

    def _offer(self, config: dict[str, Any], tools: Tools | None, tool_choice: str | dict[str, Any] | None) -> bool:
        """Put the tools into the config. True if there are functions among them."""
        declarations, own = split_tools(tools)
        declarations = [*(self.function_declarations or ()), *declarations]
        offered = [*config.get("tools", ()), *self._own_tools(), *own]
        if declarations:
            offered.append({"function_declarations": declarations})
            if (choice := tool_config(tool_choice)) is not None:
                config["tool_config"] = choice
        if offered:
            config["tools"] = offered
        return bool(declarations)

    def _own_tools(self) -> Iterator[dict[str, Any]]:
        if self.search:
            yield {"google_search": {}}
        if self.grounding:
            threshold = self.grounding_dynamic_threshold
            retrieval = {"mode": "MODE_DYNAMIC", "dynamic_threshold": threshold} if threshold is not None else None
            yield {"google_search_retrieval": {"dynamic_retrieval_config": retrieval} if retrieval else {}}
        if self.url_context:
            yield {"url_context": {}}
        if self.vertexai_search:
            yield {"retrieval": {"vertex_ai_search": {"datastore": self.vertexai_search_datastore}}}

    # Answer ----------------------------------------------------------------------------------------------------------

    def parse(self, response: Any, *, response_format: Any = None) -> ModelResponse:
        if not response.candidates and response.prompt_feedback is None:
            raise self.unfinished()
        state: dict[str, Any] = {}
        answer = _answers.read(response, state) or ModelResponse()
        answer.role = "assistant"
        self._check(response, answer, state)
        if response_format is not None and not answer.tool_calls:
            answer.parsed = parsed(answer.content, response_format)
        return answer

    def parse_delta(self, delta: Any, state: dict[str, Any]) -> ModelResponse | None:
        answer = _answers.read(delta, state)
        if "finish_reason" in state or not delta.candidates:
            self._check(delta, answer, state)
        return answer

    def _check(self, response: Any, answer: ModelResponse | None, state: dict[str, Any]) -> None:
        """Refuse what is no answer: a blocked prompt, a stopped or unreadable answer."""
        feedback = response.prompt_feedback
        if feedback is not None and feedback.block_reason is not None and not response.candidates:
            reason = getattr(feedback.block_reason, "value", feedback.block_reason)
            raise ModelProviderError(f"Gemini refused the prompt: {reason}.", 400, self.name, self.id)
        reason = state.get("finish_reason")
        if reason in _answers.MALFORMED:
            error = ModelProviderError(f"Gemini made a call that cannot be read ({reason}).", 502, self.name, self.id)
            raise RetryableModelProviderError(error, _RETRY_HINT)
        if reason in _answers.REFUSALS and not state.get("parts") and (answer is None or answer.content is None):
            raise ModelProviderError(f"Gemini refused to answer: {reason}.", 400, self.name, self.id)

    # Client ----------------------------------------------------------------------------------------------------------

    def make_client(self) -> Any:
        from google import genai

        # whoever lets go of this object closes its connections: it is kept as long as the model
        return genai.Client(**self._client_arguments())

    def make_async_client(self) -> Any:
        return self.make_client()

    def _given_async_client(self) -> Any:
        return self.client  # its `aio` part belongs to the running event loop

    def close_client(self, client: Any) -> None:
        if hasattr(client, "close"):  # older SDKs leave it to the garbage collector
            client.close()

    async def aclose_client(self, client: Any) -> None:
        if hasattr(client.aio, "aclose"):
            await client.aio.aclose()
        self.close_client(client)

    def _on_vertex(self) -> bool:
        return self.vertexai or os.environ.get("GOOGLE_GENAI_USE_VERTEXAI", "").lower() in ("true", "1")

    def _client_arguments(self) -> dict[str, Any]:
        extra = self.client_params or {}
        arguments: dict[str, Any] = {}
        if self._on_vertex():
            arguments["vertexai"] = True
            arguments["project"] = self.project_id or os.environ.get("GOOGLE_CLOUD_PROJECT")
            arguments["location"] = self.location or os.environ.get("GOOGLE_CLOUD_LOCATION")
            if self.credentials is not None:
                arguments["credentials"] = self.credentials
            if self.api_key is not None:
                arguments = {"vertexai": True, "api_key": self.api_key}
        elif "api_key" not in extra:
            arguments["api_key"] = self.require_key(self.api_key, "GOOGLE_API_KEY", "GEMINI_API_KEY")
        arguments.update(extra)
        if isinstance(options := arguments.get("http_options", {}), dict):
            # one attempt: `retries` counts, and the SDK's own pauses would add to it
            once = {"retry_options": {"attempts": 1}}
            options = {"async_client_args": {"event_hooks": {"response": [_note_response]}}, **once, **options}
            if self.timeout is not None:
                options.setdefault("timeout", int(self.timeout * 1000))  # milliseconds there
            arguments["http_options"] = options
        return arguments

    def send(self, request: dict[str, Any]) -> Any:
        load(request.pop("_links", ()))
        return self.get_client().models.generate_content(**request)

    async def asend(self, request: dict[str, Any]) -> Any:
        await aload(request.pop("_links", ()))
        return await (await self.open_async_client()).aio.models.generate_content(**request)

    def stream(self, request: dict[str, Any]) -> Iterator[Any]:
        load(request.pop("_links", ()))
        complete = False
        with closing(self.get_client().models.generate_content_stream(**request)) as chunks:
            for chunk in chunks:
                complete = complete or _is_last(chunk)
                yield chunk
        if not complete:
            raise self.unfinished()

    async def astream(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        await aload(request.pop("_links", ()))
        responses: list[Any] = []
        chunks = chunk = None
        complete = False
        try:
            token = _OPENED.set(responses)
            try:  # the SDK sends the request at the first of these, or the second
                client = await self.open_async_client()
                chunks = await client.aio.models.generate_content_stream(**request)
                chunk = await anext(chunks, None)
            finally:
                _OPENED.reset(token)
            if chunk is not None:
                complete = _is_last(chunk)
                yield chunk
                async for chunk in chunks:
                    complete = complete or _is_last(chunk)
                    yield chunk
        finally:
            for response in responses:
                await response.aclose()
            if chunks is not None:
                await chunks.aclose()
        if not complete:
            raise self.unfinished()

    def connection_info(self) -> dict[str, Any] | None:
        return {"type": "google-vertex" if self._on_vertex() else "google", "base": None}

    def translate_error(self, error: Exception) -> Exception:
        from google.genai.errors import APIError, UnknownApiResponseError

        if isinstance(error, APIError):
            text = str(error.message or error)
            status = error.code if isinstance(error.code, int) else None
            # Google answers 400 to a wrong key
            ours = self.provider_error(text, 401 if "API key not valid" in text else status)
            if isinstance(ours, ModelProviderError):
                ours.retry_after = _answers.retry_delay(error.details)
            return ours
        if isinstance(error, UnknownApiResponseError):
            return self.unfinished()
        if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
            return self.unreadable(error)
        return self.network_error(error)


def _is_last(chunk: Any) -> bool:
    """True if the answer is complete with this chunk, or refused. Older SDKs give an error as an empty chunk."""
    if chunk.candidates:
        return chunk.candidates[0].finish_reason is not None
    return chunk.prompt_feedback is not None


__all__ = ["Gemini"]
