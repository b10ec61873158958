"""OpenAI's responses API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from agno.models._sdk import Link, aload, load, parsed
from agno.models.base import Tools
from agno.models.message import Message
from agno.models.openai import _output
from agno.models.openai._client import OpenAIBase
from agno.models.openai._items import input_items
from agno.models.openai._schemas import choice_param, described, response_tools
from agno.models.openai._search import file_search
from agno.models.response import ModelResponse

_SETTINGS = (
    "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls", "store", "temperature", "top_p",
    "truncation", "user", "service_tier",
)  # fmt: skip
# models that think before they answer, and those that the contract counts among them
_THINKERS = re.compile(r"\bo[134]\b|gpt-[5-9](?!.*-chat)|codex")
_NATIVE = re.compile(r"\bo[134]\b|\b4\.[15]\b|gpt-[5-9]")
_ENCRYPTED = "reasoning.encrypted_content"


@dataclass
class OpenAIResponses(OpenAIBase):
    """A model over OpenAI's responses API.

    Every request carries the whole conversation; reasoning goes back to the model as it came, encrypted, so that it
    goes on thinking between tool calls whether or not the provider stores anything. With the provider's `file_search`
    tool and no vector store given, the input's files are uploaded to one named `vector_store_name`.
    `request_params` is merged last into every request, `client_params` last into the client's arguments.
    """

    id: str = "gpt-4o"
    name: str | None = "OpenAIResponses"
    provider: str | None = "OpenAI"

    include: list[str] | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    metadata: dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    reasoning: dict[str, Any] | None = None
    verbosity: str | None = None
    reasoning_effort: str | None = None
    reasoning_summary: str | None = None
    store: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    truncation: str | None = None
    user: str | None = None
    service_tier: str | None = None
    request_params: dict[str, Any] | None = None
    vector_store_name: str = "knowledge_base"
    role_map: dict[str, str] | None = None

    roles: ClassVar[dict[str, str]] = {"system": "developer"}

    @property
    def native_reasoning(self) -> bool:  # type: ignore[override]  # depends on the id
        return _NATIVE.search(self.id) is not None

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
        offered = response_tools(tools) if tools else []
        search = file_search(offered, messages, links)
        items = input_items(
            messages, self.role_map or self.roles, self.id, links,
            uploaded=search is not None, stored=self.store is not False,
        )  # fmt: skip
        request: dict[str, Any] = {"model": self.id, "input": items, **self._settings()}
        if offered:
            request["tools"] = offered
            if tool_choice is not None:
                request["tool_choice"] = choice_param(tool_choice, flat=True)
        if text := self._text(response_format):
            request["text"] = text
        if stream:
            request["stream"] = True
        if self.request_params:
            request.update(self.request_params)
        if links:
            request["_links"] = links
        if search is not None:
            request["_search"] = search
        return request

    def _settings(self) -> dict[str, Any]:
        settings = {name: value for name in _SETTINGS if (value := getattr(self, name)) is not None}
        thinking = {**(self.reasoning or {})}
        if self.reasoning_effort is not None:
            thinking["effort"] = self.reasoning_effort
        if self.reasoning_summary is not None:
            thinking["summary"] = self.reasoning_summary
        if thinking:
            settings["reasoning"] = thinking
        include = list(self.include or ())
        if (thinking or _THINKERS.search(self.id)) and _ENCRYPTED not in include:
            include.append(_ENCRYPTED)
        if include:
            settings["include"] = include
        return settings

    def _text(self, response_format: Any) -> dict[str, Any]:
        text: dict[str, Any] = {}
        if response_format is not None:
            schema = described(response_format)
            text["format"] = {"type": "json_schema", **schema} if schema else response_format
        if self.verbosity is not None:
            text["verbosity"] = self.verbosity
        return text

    # Answer ----------------------------------------------------------------------------------------------------------

    def parse(self, response: Any, *, response_format: Any = None) -> ModelResponse:
        if getattr(response, "output", None) is None or response.status == "failed":
            raise self.no_answer(response)
        answer = _output.whole(response, self.id)
        if response_format is not None and not answer.tool_calls:
            answer.parsed = parsed(answer.content, response_format)
        return answer

    def parse_delta(self, delta: Any, state: dict[str, Any]) -> ModelResponse | None:
        kind = delta.type
        if kind in _output.ENDS:
            return _output.end(delta, state, self.id)
        if kind == "response.failed":
            raise self.no_answer(delta.response)
        if kind == "error":
            stated = {"code": delta.code, "message": delta.message, **(delta.model_extra or {})}
            raise self.stated_error(stated, f"{self.get_provider()} reported an error.")
        return _output.event(delta, state)

    # Client ----------------------------------------------------------------------------------------------------------

    def endpoint(self, client: Any) -> Any:
        return client.responses

    def is_last(self, chunk: Any) -> bool:
        return chunk.type in _output.ENDS

    def send(self, request: dict[str, Any]) -> Any:
        load(request.pop("_links", ()))
        search = request.pop("_search", None)
        if search is not None and not search.is_ready(self._stores()):
            stores = self.get_client().vector_stores
            store = stores.create(name=self.vector_store_name)
            stores.file_batches.upload_and_poll(store.id, files=search.files())
            search.use(store.id, self._stores())
        return super().send(request)

    async def asend(self, request: dict[str, Any]) -> Any:
        await aload(request.pop("_links", ()))
        search = request.pop("_search", None)
        if search is not None and not search.is_ready(self._stores()):
            stores = (await self.open_async_client()).vector_stores
            store = await stores.create(name=self.vector_store_name)
            await stores.file_batches.upload_and_poll(store.id, files=search.files())
            search.use(store.id, self._stores())
        return await super().asend(request)

    def _stores(self) -> dict[str, str]:
        """The vector stores that this model made, by their content."""
        made: dict[str, str] = self.__dict__.setdefault("_client_stores", {})
        return made


__all__ = ["OpenAIResponses"]
