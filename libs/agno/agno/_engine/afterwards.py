"""What follows the answer: follow-up questions, memory and summary, a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from agno._engine import structured
from agno._engine.context import Run
from agno._engine.inputs import as_json, text_of
from agno._engine.prompt import json_prompt
from agno._engine.second_models import format_for, second_exchange
from agno.models._loop import converse
from agno.models.message import Message
from agno.models.utils import get_model
from agno.utils.log import log_exception


class Followups(BaseModel):
    """Questions the user may want to ask next."""

    followups: list[str] = Field(description="Short questions, in the user's words")


async def suggest_followups(run: Run) -> None:
    """Ask for the next questions. A failure costs the suggestions, never the answer."""
    component, output = run.component, run.output
    await run.emit(run.events.FollowupsStartedEvent)
    try:
        model = get_model(component.followup_model) if component.followup_model is not None else run.model
        assert model is not None
        asked = format_for(model, Followups)
        prompt = f"Suggest {component.num_followups} short questions that the user may want to ask next."
        if asked == {"type": "json_object"}:
            prompt = f"{prompt}\n\n{json_prompt(Followups)}"
        talk = f"User: {text_of(run.input)}\nAssistant: {output.get_content_as_string()}"
        messages = [Message(role="system", content=prompt), Message(role="user", content=talk)]
        exchange = second_exchange(run, model, messages, asked)
        await converse(exchange)
        found = exchange.response.parsed or structured.parse(exchange.response.content or "", Followups)
        output.followups = found.followups[: component.num_followups] if found is not None else None
    except Exception:
        log_exception(f"run_id={output.run_id} | follow-up questions could not be made")
    await run.emit(run.events.FollowupsCompletedEvent, followups=output.followups)


async def remember(run: Run) -> None:
    """Memories and summary, where they are enabled. Their failures are logged and never cost the answer."""
    for when, work in run.component.after_run(run):
        await run.emit(getattr(run.events, f"{when}StartedEvent"))
        try:
            await work()
        except Exception:
            log_exception(f"run_id={run.output.run_id} | {when} failed")
        await run.emit(getattr(run.events, f"{when}CompletedEvent"))


def save_to_file(component: Any, output: Any, message: str) -> None:
    """Write the answer to `save_response_to_file`. An error is logged, the run is complete."""
    try:
        path = Path(
            component.save_response_to_file.format(
                name=component.name,
                session_id=output.session_id,
                user_id=output.user_id,
                message=message,
                run_id=output.run_id,
            )
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(output.content if isinstance(output.content, str) else as_json(output.content))
    except (OSError, KeyError, IndexError, ValueError):
        log_exception(f"save_response_to_file={component.save_response_to_file!r} could not be written")


__all__ = ["remember", "save_to_file", "suggest_followups"]
