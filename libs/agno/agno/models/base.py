"""The model port: what an adapter states (a request, how to read the answer, what its errors mean) and what it inherits."""

from __future__ import annotations

import copy
from abc import ABC
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NoReturn

from agno.exceptions import AgnoError, ModelProviderError
from agno.models._direct import DirectUse
from agno.models._wait import retry_after
from agno.models.message import Message
from agno.models.response import ModelResponse

Tools = list[dict[str, Any]]

# never sent twice: the same request would fail the same way
FINAL_STATUS_CODES = frozenset({400, 401, 403, 404, 413, 422})


@dataclass
class Model(DirectUse, ABC):
    """A language model. Ask it yourself with `response` and its siblings, or give it to an agent.

    An adapter overrides `request`, `parse`, `parse_delta`, `translate_error` and the four client lines `send`, `asend`,
    `stream`, `astream`. A model of your own may instead override `invoke`, `ainvoke`, `invoke_stream` and
    `ainvoke_stream` as a whole. Settings are never changed by a run, and one model serves many runs at once.
    """

    id: str
    name: str | None = None
    provider: str | None = None

    # What the model can do. The engine asks these, never the provider's name.
    supports_native_structured_outputs: bool = False
    supports_json_schema_outputs: bool = False

    system_prompt: str | None = None
    instructions: list[str] | None = None
    tool_message_role: str = "tool"
    assistant_message_role: str = "assistant"

    # Retries of one request (not of the run); seconds.
    retries: int = 0
    delay_between_retries: int = 1
    exponential_backoff: bool = False
    retry_with_guidance: bool = True
    retry_with_guidance_limit: int = 1

    # Keep answers in files; the key covers everything that is sent. Seconds; None keeps them forever.
    cache_response: bool = False
    cache_ttl: int | None = None
    cache_dir: str | None = None

    native_output_with_tools: ClassVar[bool] = True  # can answer by schema in a turn that also offers tools
    # how it gives an answer by schema where its own feature for that is missing, or cannot go with tools
    answers_by: ClassVar[Literal["tool", "prompt"]] = "prompt"
    native_reasoning: ClassVar[bool] = False
    client_fields: ClassVar[tuple[str, ...]] = ("client", "async_client", "http_client")

    def __post_init__(self) -> None:
        if self.provider is None and self.name is not None:
            self.provider = f"{self.name} ({self.id})"

    # What an adapter states ------------------------------------------------------------------------------------------

    def request(
        self,
        messages: list[Message],
        *,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        response_format: Any = None,
        stream: bool = False,
    ) -> dict[str, Any]:
        """The arguments of the provider call. Pure: touches neither the messages nor the network."""
        self._refuse("request")

    def send(self, request: dict[str, Any]) -> Any:
        """Send a request and return the provider's response object."""
        self._refuse("send")

    async def asend(self, request: dict[str, Any]) -> Any:
        """Send a request and return the provider's response object."""
        self._refuse("asend")

    def stream(self, request: dict[str, Any]) -> Iterator[Any]:
        """Send a request and yield the provider's chunks as they arrive."""
        self._refuse("stream")

    def astream(self, request: dict[str, Any]) -> AsyncIterator[Any]:
        """Send a request and yield the provider's chunks as they arrive."""
        self._refuse("astream")

    def parse(self, response: Any, *, response_format: Any = None) -> ModelResponse:
        """A response of the provider as ours. Pure: touches nothing else."""
        self._refuse("parse")

    def parse_delta(self, delta: Any, state: dict[str, Any]) -> ModelResponse | None:
        """What one chunk of a stream adds, or None for nothing. Pure but for `state`, a dict of this stream alone."""
        self._refuse("parse_delta")

    def goes_on(self, answer: Message) -> bool:
        """True if an answer without tool calls is not complete: the model is then asked again, with the answer so far."""
        return False

    def answer_choice(self, tool: str) -> str | dict[str, Any] | None:
        """The `tool_choice` that forces the model to call this tool, which takes its answer; None where it cannot be forced."""
        return {"type": "function", "function": {"name": tool}}

    def translate_error(self, error: Exception) -> Exception:
        """The exception to raise for one of the SDK's: one of `agno.exceptions` if its meaning is known, else the same one."""
        return error

    def _refuse(self, method: str) -> NoReturn:
        raise NotImplementedError(
            f"{type(self).__name__} has no `{method}`. A model overrides either request/send/stream/parse/parse_delta "
            "or invoke/ainvoke/invoke_stream/ainvoke_stream."
        )

    # What it inherits ------------------------------------------------------------------------------------------------

    def invoke(
        self,
        messages: list[Message],
        assistant_message: Message,
        response_format: Any = None,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        run_response: Any = None,
    ) -> ModelResponse:
        """Ask the model once and return the whole answer. `assistant_message` and `run_response` are for models of your own."""
        request = self.request(messages, tools=tools, tool_choice=tool_choice, response_format=response_format)
        try:
            response = self.send(request)
        except Exception as error:
            self._raise(error)
        return self.parse(response, response_format=response_format)

    async def ainvoke(
        self,
        messages: list[Message],
        assistant_message: Message,
        response_format: Any = None,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        run_response: Any = None,
    ) -> ModelResponse:
        """Ask the model once and return the whole answer. `assistant_message` and `run_response` are for models of your own."""
        request = self.request(messages, tools=tools, tool_choice=tool_choice, response_format=response_format)
        try:
            response = await self.asend(request)
        except Exception as error:
            self._raise(error)
        return self.parse(response, response_format=response_format)

    def invoke_stream(
        self,
        messages: list[Message],
        assistant_message: Message,
        response_format: Any = None,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        run_response: Any = None,
    ) -> Iterator[ModelResponse]:
        """Ask the model once and yield the answer piece by piece. Closing the generator closes the connection."""
        request = self.request(
            messages, tools=tools, tool_choice=tool_choice, response_format=response_format, stream=True
        )
        state: dict[str, Any] = {}
        try:
            with closing(self.stream(request)) as chunks:  # type: ignore[type-var]  # adapters give generators
                for chunk in chunks:
                    delta = self.parse_delta(chunk, state)
                    if delta is not None:
                        yield delta
        except Exception as error:
            self._raise(error)

    async def ainvoke_stream(
        self,
        messages: list[Message],
        assistant_message: Message,
        response_format: Any = None,
        tools: Tools | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        run_response: Any = None,
    ) -> AsyncGenerator[ModelResponse, None]:
        """Ask the model once and yield the answer piece by piece. Closing the generator closes the connection."""
        request = self.request(
            messages, tools=tools, tool_choice=tool_choice, response_format=response_format, stream=True
        )
        state: dict[str, Any] = {}
        try:
            async with aclosing(self.astream(request)) as chunks:  # type: ignore[type-var]  # adapters give generators
                async for chunk in chunks:
                    delta = self.parse_delta(chunk, state)
                    if delta is not None:
                        yield delta
        except Exception as error:
            self._raise(error)

    def _raise(self, error: Exception) -> NoReturn:
        if isinstance(error, AgnoError):
            raise error
        translated = self.translate_error(error)
        if translated is error:
            raise error
        if isinstance(translated, ModelProviderError) and translated.retry_after is None:
            translated.retry_after = retry_after(error)
        raise translated from error

    def parse_tool_calls(self, fragments: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Complete tool calls from the fragments of a stream: those with the same `index` are joined, one without is complete."""
        calls: dict[Any, dict[str, Any]] = {}
        for position, fragment in enumerate(fragments):
            index = fragment.get("index")
            key = ("whole", position) if index is None else index
            function = fragment.get("function") or {}
            call = calls.get(key)
            if call is None:
                call = calls[key] = {"id": None, "type": "function", "function": {"name": "", "arguments": ""}}
                extra = {k: v for k, v in fragment.items() if k not in ("index", "id", "type", "function")}
                call.update(extra)
            if fragment.get("id"):
                call["id"] = fragment["id"]
            call["function"]["name"] += function.get("name") or ""
            call["function"]["arguments"] += function.get("arguments") or ""
        return list(calls.values())

    reshapes_results: ClassVar[bool] = False  # a subclass overrides `format_function_call_results`

    def format_function_call_results(
        self, messages: list[Message], function_call_results: list[Message], **extra: Any
    ) -> None:
        """Append the results of a turn's tool calls to the messages. Override it for a model of your own that wants them in
        another shape; every call must keep its result."""
        messages.extend(function_call_results)

    def get_system_message_for_model(self, tools: list[Any] | None = None) -> str | None:
        """Text that this model wants in every system message."""
        return self.system_prompt

    def get_instructions_for_model(self, tools: list[Any] | None = None) -> list[str] | None:
        """Instructions that this model wants in every system message."""
        return self.instructions

    def get_provider(self) -> str:
        """The provider, or the best name there is."""
        return self.provider or self.name or type(self).__name__

    def connection_info(self) -> dict[str, Any] | None:
        """Where requests go, without secrets: `base`, `version`, `type`, `deployment_name`. None if unknown."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Name, id and provider, as far as they are set."""
        return {key: value for key in ("name", "id", "provider") if (value := getattr(self, key)) is not None}

    def is_retryable(self, error: Exception) -> bool:
        """True if sending the same request again may help."""
        return isinstance(error, ModelProviderError) and error.status_code not in FINAL_STATUS_CODES

    def __repr__(self) -> str:
        # not the settings: keys are among them, and this stands in error messages and logs
        return f"{type(self).__name__}(id={self.id!r})"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "format_function_call_results" in cls.__dict__:
            cls.reshapes_results = True
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Model.__repr__  # type: ignore[method-assign]  # or @dataclass would write one that shows keys

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        """A copy with the same settings; network clients (`client_fields`, `_client…`) are left behind."""
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        for key, value in self.__dict__.items():
            if key in self.client_fields:
                twin.__dict__[key] = None
            elif not key.startswith("_client"):
                twin.__dict__[key] = copy.deepcopy(value, memo)
        return twin


__all__ = ["FINAL_STATUS_CODES", "Model", "Tools"]
