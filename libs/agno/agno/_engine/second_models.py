"""The optional models behind the main one: the output model writes the answer, the parser model structures it."""

from __future__ import annotations

from typing import Any

from agno._engine import structured
from agno._engine.context import Run
from agno._engine.inputs import as_json
from agno._engine.prompt import json_prompt
from agno._io import DONE
from agno.models._loop import Exchange, converse
from agno.models._requests import Attempts
from agno.models.base import Model
from agno.models.message import Message
from agno.models.utils import get_model

_PARSER_PROMPT = "Turn the text you are given into the requested structure. Take everything from the text; add nothing."


def second_exchange(run: Run, model: Model | str, messages: list[Message], response_format: Any = None) -> Exchange:
    """A conversation with another model inside the same run, without tools."""
    component = run.component
    return Exchange(
        io=run.io,
        model=get_model(model),
        messages=messages,
        response_format=response_format,
        streaming=run.streaming,
        attempts=Attempts(run.get("retries") or 0, component.delay_between_retries, component.exponential_backoff),
        check=run.check,
        run_response=run.output,
    )


def format_for(model: Model, schema: Any) -> Any:
    """How this model is asked for a schema."""
    if model.supports_native_structured_outputs:
        return schema
    if model.supports_json_schema_outputs:
        return structured.json_schema_format(schema)
    return {"type": "json_object"}


async def write_answer(run: Run) -> None:
    """Let `output_model` write the answer from the work of the first model."""
    events, output, component = run.events, run.output, run.component
    await run.emit(events.OutputModelResponseStartedEvent)
    messages = [m for m in run.messages if m is not run.messages[-1]]
    if component.output_model_prompt is not None:
        messages = [m for m in messages if m.role != component.system_message_role]
        messages.insert(0, Message(role=component.system_message_role, content=component.output_model_prompt))
    exchange = second_exchange(run, component.output_model, messages)
    exchange.give = lambda item: run.emit(events.RunContentEvent, content=item.content) if item.content else DONE
    await converse(exchange)
    output.content = exchange.response.content
    run.messages[-1] = exchange.messages[-1]
    await run.emit(events.OutputModelResponseCompletedEvent)


async def parse_answer(run: Run) -> None:
    """Let `parser_model` turn the answer into `output_schema`."""
    events, output, component = run.events, run.output, run.component
    await run.emit(events.ParserModelResponseStartedEvent)
    schema = run.context.output_schema
    model = get_model(component.parser_model)
    asked = format_for(model, schema)
    prompt = component.parser_model_prompt or _PARSER_PROMPT
    if asked == {"type": "json_object"}:
        prompt = f"{prompt}\n\n{json_prompt(schema)}"
    text = output.content if isinstance(output.content, str) else as_json(output.content)
    messages = [Message(role="system", content=prompt), Message(role="user", content=text)]
    exchange = second_exchange(run, model, messages, asked)
    await converse(exchange)
    run.messages.append(exchange.messages[-1])
    if component.parse_response:
        value = exchange.response.parsed
        output.content = value if value is not None else (exchange.response.content or output.content)
        structured.adopt(run, value)
    else:
        output.content = exchange.response.content
    await run.emit(events.RunContentEvent, content=output.content, content_type=output.content_type)
    await run.emit(events.ParserModelResponseCompletedEvent)


__all__ = ["format_for", "parse_answer", "second_exchange", "write_answer"]
