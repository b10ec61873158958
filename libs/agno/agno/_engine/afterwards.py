"""What follows the answer: follow-up questions, memory and summary, a file."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from agno._engine import structured
from agno._engine.context import Run
from agno._engine.inputs import as_json, text_of
from agno._engine.lifecycle import count_more
from agno._engine.prompt import json_prompt
from agno._engine.second_models import converse_as, format_for, second_exchange
from agno._engine.sessions import store
from agno._io import drive
from agno.models.message import Message
from agno.models.metrics import ModelType
from agno.models.utils import get_model
from agno.utils.log import log_exception

Works = Sequence[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]


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
        await converse_as(run, ModelType.FOLLOWUP_MODEL, exchange)
        found = exchange.response.parsed or structured.parse(exchange.response.content or "", Followups)
        output.followups = found.followups[: component.num_followups] if found is not None else None
    except Exception:
        log_exception(f"run_id={output.run_id} | follow-up questions could not be made")
    await run.emit(run.events.FollowupsCompletedEvent, followups=output.followups)


async def remember(run: Run, works: Works) -> None:
    """Memories and summary, what `after_run` of the component gave: at the same time, when the answer is out and stored.

    Their failures are logged and never cost the answer. With `background_tasks` those of the outermost run follow the
    response; else a run waits for them, so that what was spent is counted, and the next turn and a program that ends
    here lose nothing.
    """
    await store(run)
    tasks = run.asked.get("background_tasks")
    if tasks is not None and run.output.parent_run_id is None:  # what it costs inside of another run, that one counts
        tasks.add_task(_later(run, works))
        return
    told = [when for when, _ in works if hasattr(run.events, f"{when}StartedEvent")]  # culture and learning are silent
    for when in told:
        await run.emit(getattr(run.events, f"{when}StartedEvent"))
    await _remembered(run, works)
    for when in told:
        details = {"session_summary": _summary(run)} if when == "SessionSummary" else {}
        await run.emit(getattr(run.events, f"{when}CompletedEvent"), **details)


def _later(run: Run, works: Works) -> Callable[[], Any]:
    """The work as a task in the colour of the run."""

    async def memories_and_summary() -> None:  # the name is told when it fails
        await _remembered(run, works)

    if run.io.is_async:
        return memories_and_summary
    return lambda: drive(memories_and_summary())


async def _remembered(run: Run, works: Works) -> None:
    """Do the work, then store what came of it: the summary, and what it cost."""
    known, summary = len(run.other_usage), _summary(run)
    try:
        await run.io.gather(*[_logged(run, when, work) for when, work in works])
    finally:  # also when somebody leaves meanwhile: then the end of the run stores it
        if len(run.other_usage) > known or _summary(run) is not summary:
            count_more(run, run.other_usage[known:])
    if run.stored:
        return
    try:
        await store(run)
    except Exception:  # the answer is stored already
        log_exception(f"run_id={run.output.run_id} | what was spent on memories and summary could not be stored")
        run.stored = True


def _summary(run: Run) -> Any:
    return run.session.summary if run.session is not None else None


async def _logged(run: Run, when: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:  # the answer is there; what follows it must not cost it
        log_exception(f"run_id={run.output.run_id} | {when} failed")


def save_to_file(run: Run, message: str) -> None:
    """Write the answer of a run to `save_response_to_file`."""
    context = run.context
    write_answer_file(run.component, run.output, message, session_id=context.session_id, user_id=context.user_id)


def _file_name(value: Any) -> str:
    """A value as a part of a file name: callers say it, so it must not lead into another folder."""
    return re.sub(r"[/\\:\x00-\x1f]|\.\.+", "_", str(value))[:150]


def write_answer_file(
    component: Any, output: Any, input: Any, *, session_id: str | None = None, user_id: str | None = None
) -> None:
    """Write an answer to `save_response_to_file`. An error is logged, the run is complete."""
    template = component.save_response_to_file
    facts = {"name": component.name, "session_id": session_id, "user_id": user_id, "run_id": output.run_id}
    facts["message"] = "" if input is None else text_of(input)
    try:
        path = Path(template.format(**{name: _file_name(value) for name, value in facts.items()}))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            output.content if isinstance(output.content, str) else as_json(output.content), encoding="utf-8"
        )
    except Exception:  # a template may fail in any way, and the answer is there
        log_exception(f"save_response_to_file={template!r} could not be written")


__all__ = ["remember", "save_to_file", "suggest_followups", "write_answer_file"]
