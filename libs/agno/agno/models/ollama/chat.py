"""Models of an Ollama server, over Ollama's SDK."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, ClassVar

from agno.models._sdk import (
    Link,
    SdkModel,
    aload,
    base64_text,
    call_arguments,
    function_specs,
    is_text,
    load,
    mime_type_of,
    parsed,
    text_of,
    wanted_schema,
)
from agno.models.base import Tools
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.models.response import ModelResponse
from agno.utils.ids import new_id
from agno.utils.log import log_warning

_CLOUD = "https://ollama.com"

_THINKERS = ("qwq", "deepseek-r1", "qwen2.5-coder", "openthinker")  # models that think without being told to


@dataclass
class Ollama(SdkModel):
    """A model that an Ollama server runs, at `host` (else `OLLAMA_HOST`, else this machine).

    Answers follow a JSON schema natively in turns without tools. `request_params` is merged last into every request,
    `client_params` last into the client's arguments. With an API key and no host the requests go to Ollama's cloud.
    """

    id: str = "llama3.1"
    name: str | None = "Ollama"
    provider: str | None = "Ollama"
    supports_native_structured_outputs: bool = True

    format: Any = None
    options: Any = None
    keep_alive: float | str | None = None
    think: bool | str | None = None
    request_params: dict[str, Any] | None = None

    host: str | None = None
    api_key: str | None = None
    timeout: Any = None
    client_params: dict[str, Any] | None = None
    client: Any = None
    async_client: Any = None

    sdk: ClassVar[tuple[str, str]] = ("ollama", "ollama")
    # a format binds every token, so that no tool could be called
    native_output_with_tools: ClassVar[bool] = False

    @property
    def native_reasoning(self) -> bool:  # type: ignore[override]  # depends on a setting
        return bool(self.think) or any(name in self.id for name in _THINKERS)

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
        request: dict[str, Any] = {"model": self.id, "messages": [_message(message, links) for message in messages]}
        for name in ("format", "options", "keep_alive", "think"):
            if (value := getattr(self, name)) is not None:
                request[name] = value
        if tools and tool_choice != "none":  # there is no choice in the protocol but to offer no tools
            request["tools"] = [
                tool if function is None else _tool(function) for function, tool in function_specs(tools)
            ]
        elif response_format is not None:
            request["format"] = wanted_schema(response_format) or "json"
        if stream:
            request["stream"] = True
        if self.request_params:
            request.update(self.request_params)
        if links:
            request["_links"] = links
        return request

    # Answer ----------------------------------------------------------------------------------------------------------

    def parse(self, response: Any, *, response_format: Any = None) -> ModelResponse:
        answer = self.parse_delta(response, {}) or ModelResponse()
        answer.role = "assistant"
        if response_format is not None and not answer.tool_calls:
            answer.parsed = parsed(answer.content, response_format)
        return answer

    def parse_delta(self, delta: Any, state: dict[str, Any]) -> ModelResponse | None:
        message = delta.message
        answer = ModelResponse(content=message.content or None)
        if message.thinking:
            answer.reasoning_content = message.thinking
        if message.tool_calls:
            answer.tool_calls = [_read_call(call) for call in message.tool_calls]
        if delta.done:
            answer.response_usage = _usage(delta)
            if delta.done_reason:
                answer.extra = {"finish_reason": delta.done_reason}
        return answer if answer.tool_calls or len(answer.__dict__) > 1 else None

    # Client ----------------------------------------------------------------------------------------------------------

    def make_client(self) -> Any:
        import ollama

        return ollama.Client(**self._client_arguments())

    def make_async_client(self) -> Any:
        import ollama

        return ollama.AsyncClient(**self._client_arguments())

    def close_client(self, client: Any) -> None:
        (client if hasattr(client, "close") else client._client).close()  # SDKs before 0.6 have no close

    async def aclose_client(self, client: Any) -> None:
        await (client.close() if hasattr(client, "close") else client._client.aclose())

    def _client_arguments(self) -> dict[str, Any]:
        key = self.api_key or os.environ.get("OLLAMA_API_KEY")
        host = self.host or os.environ.get("OLLAMA_HOST")
        arguments: dict[str, Any] = {"host": host or (_CLOUD if key else None)}
        if key:
            arguments["headers"] = {"authorization": f"Bearer {key}"}
        if self.timeout is not None:
            arguments["timeout"] = self.timeout
        return {**arguments, **(self.client_params or {})}

    def send(self, request: dict[str, Any]) -> Any:
        load(request.pop("_links", ()))
        return self.get_client().chat(**request)

    async def asend(self, request: dict[str, Any]) -> Any:
        await aload(request.pop("_links", ()))
        return await (await self.open_async_client()).chat(**request)

    def stream(self, request: dict[str, Any]) -> Iterator[Any]:
        chunk = None
        with closing(self.send(request)) as chunks:
            for chunk in chunks:
                yield chunk
        self._check_end(chunk)

    async def astream(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        chunk = None
        async with aclosing(await self.asend(request)) as chunks:
            async for chunk in chunks:
                yield chunk
        self._check_end(chunk)

    def _check_end(self, last: Any) -> None:
        if last is None or not last.done:
            raise self.unfinished()

    def connection_info(self) -> dict[str, Any] | None:
        return {"type": "ollama", "base": self.host or os.environ.get("OLLAMA_HOST") or "http://127.0.0.1:11434"}

    def translate_error(self, error: Exception) -> Exception:
        from ollama import RequestError, ResponseError

        if isinstance(error, ResponseError):
            return self.provider_error(str(error.error), error.status_code)
        if isinstance(error, RequestError):
            return self.provider_error(str(error.error), 400)
        if isinstance(error, json.JSONDecodeError):  # half a line
            return self.unfinished()
        return self.network_error(error)


OllamaTools = Ollama

# Messages ------------------------------------------------------------------------------------------------------------


def _message(message: Message, links: list[Link]) -> dict[str, Any]:
    role = "system" if message.role == "developer" else message.role
    result: dict[str, Any] = {"role": role, "content": text_of(message)}
    if message.tool_call_id is not None:
        result.update(role="tool", tool_name=message.tool_name)
    if message.tool_calls:
        result["tool_calls"] = [{"function": _call(call["function"])} for call in message.tool_calls]
        if message.reasoning_content:  # models that think between tool calls go on from there
            result["thinking"] = message.reasoning_content
    if message.images:
        images: list[Any] = []
        result["images"] = images
        for image in message.images:
            _add_image(image, images, links)
    for name in ("audio", "videos"):
        if getattr(message, name):
            log_warning(f"Ollama takes no {name}; they are left out of the request")
    for file in message.files or ():
        _add_file(file, result, links)
    return result


def _add_image(image: Any, images: list[Any], links: list[Link]) -> None:
    if image.url is None:
        images.append(base64_text(image.get_content_bytes() or b""))
        return
    images.append(None)
    position = len(images) - 1
    links.append(Link(image.url, lambda content: images.__setitem__(position, base64_text(content))))


def _add_file(file: Any, message: dict[str, Any], links: list[Link]) -> None:
    """A text file becomes part of the text; the protocol knows no other files."""

    def add(content: bytes) -> None:
        message["content"] += f"\n\n{file.display_name()}:\n{content.decode('utf-8', 'replace')}"

    kind = mime_type_of(file, file.content, "text/plain")
    if not is_text(kind) or file.external is not None:
        log_warning(f"Ollama takes text files only; {file.display_name()} ({kind}) is left out of the request")
    elif file.content is None and file.filepath is None:
        links.append(Link(file.url, add))
    else:
        add(file.get_content_bytes() or b"")


def _call(function: dict[str, Any]) -> dict[str, Any]:
    return {"name": function["name"], "arguments": call_arguments(function.get("arguments"))}


def _read_call(call: Any) -> dict[str, Any]:
    # the protocol numbers no calls
    function = {"name": call.function.name, "arguments": json.dumps(dict(call.function.arguments or {}))}
    return {"id": new_id(), "type": "function", "function": function}


def _usage(last: Any) -> Metrics:
    asked, answered = last.prompt_eval_count or 0, last.eval_count or 0
    metrics = Metrics(input_tokens=asked, output_tokens=answered, total_tokens=asked + answered)
    names = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
    durations = {name: value for name in names if (value := getattr(last, name))}
    if durations:
        metrics.provider_metrics = durations
    return metrics


# Tools ---------------------------------------------------------------------------------------------------------------

# all that the SDK lets through of a parameter's schema
_PASSED = frozenset({"type", "items", "description", "enum"})
_UNTOLD = frozenset({"title", "default"})


def _tool(function: dict[str, Any]) -> dict[str, Any]:
    parameters = dict(function.get("parameters") or {})
    parameters.setdefault("type", "object")
    definitions = parameters.get("$defs") or {}
    properties = parameters.get("properties") or {}
    parameters["properties"] = {name: _property(schema, definitions) for name, schema in properties.items()}
    described = {"name": function["name"], "description": function.get("description") or "", "parameters": parameters}
    return {"type": "function", "function": described}


def _property(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter as the SDK can send it; what it would drop is told to the model in the description."""
    if "$ref" in schema:
        target = definitions.get(schema["$ref"].rpartition("/")[2], {})
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    result = {key: value for key, value in schema.items() if key in _PASSED}
    told = {key: value for key, value in schema.items() if key not in _PASSED and key not in _UNTOLD}
    variants = told.get("anyOf") or ()
    simple = [v["type"] for v in variants if isinstance(v.get("type"), str)]
    if variants and len(simple) == len(variants):
        result["type"] = simple
        if all(set(v) <= {"type"} for v in variants):
            del told["anyOf"]
    if "type" not in result and "enum" not in result:
        result["type"] = "object"
    if told:
        rest = json.dumps(told)
        result["description"] = f"{result.get('description', '')} (JSON schema: {rest})".strip()
    return result


__all__ = ["Ollama", "OllamaTools"]
