"""How often and with which models one request of a run is tried."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from agno._engine.context import Run
from agno._engine.prompt import json_prompt
from agno._engine.second_models import format_for
from agno.models._requests import Attempts
from agno.models.base import Model
from agno.models.message import Message
from agno.utils.log import log_exception


def attempts_of(run: Run) -> Attempts:
    """The retries and fallback models that the component's settings ask for."""
    component = run.component
    attempts = Attempts(
        retries=run.get("retries") or 0,
        delay=component.delay_between_retries,
        exponential=component.exponential_backoff,
        fallbacks=component.fallbacks_for,
    )
    if component.fallback_models or component.fallback_config is not None:
        attempts.adapt = _adapted(run)
        if component.fallback_callback is not None:
            attempts.on_fallback = _told(run, component.fallback_callback)
    return attempts


def _told(run: Run, callback: Callable[..., Any]) -> Callable[[str, str, Exception], Awaitable[None]]:
    async def on_fallback(primary: str, fallback: str, error: Exception) -> None:
        try:
            await run.io.call(callback, primary, fallback, error)
        except Exception:  # it listens only; what it fails at must not cost the answer
            log_exception(f"run_id={run.output.run_id} | the callback of fallback_config failed")

    return on_fallback


def _adapted(run: Run) -> Callable[[Model, dict[str, Any]], dict[str, Any]]:
    """The main model's request as another model understands it: each asks for a schema in its own way."""

    def adapt(model: Model, request: dict[str, Any]) -> dict[str, Any]:
        if request["response_format"] is None:
            return request
        schema = run.get("output_schema")
        asked = format_for(model, schema)
        messages = request["messages"]
        if asked == {"type": "json_object"} and not _mentions_fields(messages):
            messages = _with_prompt(run, messages, json_prompt(schema))
        return {**request, "response_format": asked, "messages": messages}

    return adapt


def _mentions_fields(messages: list[Message]) -> bool:
    words = messages[0].get_content_string() if messages else ""
    return "<json_fields>" in words or "<json_schema>" in words


def _with_prompt(run: Run, messages: list[Message], prompt: str) -> list[Message]:
    role = run.component.system_message_role
    if messages and messages[0].role == role and isinstance(messages[0].content, str):
        first = messages[0].model_copy(update={"content": f"{messages[0].content}\n\n{prompt}"})
        return [first, *messages[1:]]
    return [Message(role=role, content=prompt), *messages]


__all__ = ["attempts_of"]
