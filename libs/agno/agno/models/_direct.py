"""Using a model without an agent: `response` and its three siblings, over the same loop that agents use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agno._io import IO, Give, asynchronous, asynchronous_stream, sync, sync_stream
from agno.models._loop import Exchange, converse
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.models.response import ModelResponse
from agno.tools.function import Function

Offer = Sequence[dict[str, Any] | Function | Callable[..., Any]]


class DirectUse:
    """What one can ask of every model. `Model` inherits it."""

    async def _response(
        self,
        io: IO,
        messages: list[Message],
        response_format: Any = None,
        tools: Offer | None = None,
        functions: Mapping[str, Function] | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        tool_call_limit: int | None = None,
        run_response: Any = None,
    ) -> ModelResponse:
        """Ask the model and run the tools it asks for until it answers, or a tool must wait for a person.

        `messages` is the conversation: answers and tool results are appended to it, so that it can go on. A tool is a
        function, a Function, or what the provider is told of one; in the last case `functions` has what is to be run.
        The text of all turns is joined, and `response_usage` counts them all.
        """
        x = _exchange(self, io, messages, tools, functions, response_format, tool_choice, tool_call_limit, run_response)
        start = len(messages)
        await converse(x)
        return _complete(x, start)

    response = sync(_response)
    aresponse = asynchronous(_response)

    async def _response_stream(
        self,
        io: IO,
        give: Give,
        messages: list[Message],
        response_format: Any = None,
        tools: Offer | None = None,
        functions: Mapping[str, Function] | None = None,
        tool_choice: str | dict[str, Any] | None = None,
        tool_call_limit: int | None = None,
        stream_model_response: bool = True,
        run_response: Any = None,
    ) -> None:
        """The same in pieces: text as it comes, starts and ends of tools, and events that tools yield.

        With `stream_model_response=False` the provider gives each answer in one piece.
        """
        x = _exchange(self, io, messages, tools, functions, response_format, tool_choice, tool_call_limit, run_response)
        x.streaming, x.give = stream_model_response, give
        await converse(x)

    response_stream = sync_stream(_response_stream)
    aresponse_stream = asynchronous_stream(_response_stream)


def _exchange(
    model: Any,
    io: IO,
    messages: list[Message],
    tools: Offer | None,
    functions: Mapping[str, Function] | None,
    response_format: Any,
    tool_choice: str | dict[str, Any] | None,
    tool_call_limit: int | None,
    run_response: Any,
) -> Exchange:
    specs, known = _offered(tools, functions)
    return Exchange(
        io=io,
        model=model,
        messages=messages,
        tools=specs,
        functions=known,
        tool_choice=tool_choice,
        response_format=response_format,
        tool_call_limit=tool_call_limit,
        run_response=run_response,
    )


def _offered(
    tools: Offer | None, functions: Mapping[str, Function] | None
) -> tuple[list[dict[str, Any]] | None, dict[str, Function]]:
    """What the provider is told, and what can be run."""
    known = dict(functions or {})
    specs: list[dict[str, Any]] = []
    for tool in tools if tools is not None else known.values():
        if isinstance(tool, dict):
            specs.append(tool)
            continue
        if not isinstance(tool, Function):
            if not callable(tool):
                raise TypeError(f"A tool is a function, a Function or a dict of the provider's, not {tool!r}.")
            tool = Function.from_callable(tool)
        known[tool.name] = tool
        specs.append({"type": "function", "function": tool.definition()})
    return specs or None, known


def _complete(x: Exchange, start: int) -> ModelResponse:
    response = x.response
    response.role = x.model.assistant_message_role
    response.tool_executions = x.executions
    usage = Metrics()
    for message in x.messages[start:]:
        if message.has_metrics:
            usage.add_usage(message.metrics)
    response.response_usage = usage
    return response


__all__ = ["DirectUse"]
