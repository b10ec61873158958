"""The optional models behind the main one: the output model writes the answer, the parser model structures it."""

from __future__ import annotations

from typing import Any

from agno._engine import structured
from agno._engine.context import Run
from agno._engine.inputs import as_json
from agno._io import DONE
from agno.models._loop import Exchange, converse
from agno.models._requests import Attempts
from agno.models._structured import format_for, json_prompt
from agno.models.base import Model
from agno.models.message import Message
from agno.models.metrics import ModelType
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
        token=run.token,
        run_response=run.output,
    )


async def converse_as(run: Run, part: ModelType, exchange: Exchange) -> None:
    """`converse`, and what it cost is counted under the part that the model plays."""
    start = len(exchange.messages)
    try:
        await converse(exchange)
    finally:
        run.note_usage(part, exchange.model, exchange.messages[start:])


async def write_answer(run: Run) -> None:
    """Let `output_model` write the answer from the work of the first model, as `output_schema` if there is one."""
    events, output, component = run.events, run.output, run.component
    await run.emit(events.OutputModelResponseStartedEvent)
    schema = None if component.parser_model is not None else run.context.output_schema
    model = get_model(component.output_model)
    asked = None if schema is None else format_for(model, schema)
    exchange = second_exchange(run, model, _work(run, asked), asked)
    if schema is None:
        exchange.give = lambda item: run.emit(events.RunContentEvent, content=item.content) if item.content else DONE
    await converse_as(run, ModelType.OUTPUT_MODEL, exchange)
    output.content = exchange.response.content
    _replace_answer(run, exchange.messages[-1])
    if schema is not None:
        if component.parse_response:
            structured.adopt(run, exchange.response.parsed)
        await run.emit(events.RunContentEvent, content=output.content, content_type=output.content_type)
    await run.emit(events.OutputModelResponseCompletedEvent)


def _is_answer(message: Message) -> bool:
    return message.role in ("assistant", "model") and not message.tool_calls


def _work(run: Run, asked: Any) -> list[Message]:
    """What the output model reads: everything but the first model's answer, in place of which it writes its own."""
    component, role = run.component, run.component.system_message_role
    messages = list(run.messages[:-1] if _is_answer(run.messages[-1]) else run.messages)
    prompts = [component.output_model_prompt] if component.output_model_prompt is not None else []
    if asked == {"type": "json_object"}:
        prompts.append(json_prompt(run.context.output_schema))
    if component.output_model_prompt is not None:
        messages = [m for m in messages if m.role != role]
    elif prompts and messages and messages[0].role == role:
        prompts.insert(0, messages.pop(0).get_content_string())
    return [Message(role=role, content="\n\n".join(prompts)), *messages] if prompts else messages


def _replace_answer(run: Run, written: Message) -> None:
    """The run has one answer: the written one. What the first one cost is counted with it."""
    if not _is_answer(run.messages[-1]):
        run.messages.append(written)
        return
    first, run.messages[-1] = run.messages[-1], written
    assert run.model is not None
    run.note_usage(ModelType.MODEL, run.model, [first])


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
    await converse_as(run, ModelType.PARSER_MODEL, exchange)  # its words are `content`; the conversation has one answer
    if component.parse_response:
        value = exchange.response.parsed
        output.content = value if value is not None else (exchange.response.content or output.content)
        structured.adopt(run, value)
    else:
        output.content = exchange.response.content
    await run.emit(events.RunContentEvent, content=output.content, content_type=output.content_type)
    await run.emit(events.ParserModelResponseCompletedEvent)


__all__ = ["converse_as", "format_for", "parse_answer", "second_exchange", "write_answer"]
