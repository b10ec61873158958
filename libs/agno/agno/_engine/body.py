"""What happens inside a run of an agent, between its start and its end."""

from __future__ import annotations

import functools
from collections.abc import Awaitable
from time import time
from typing import Any

from agno._engine import afterwards, reasoning, second_models, structured
from agno._engine.approvals import record_pending
from agno._engine.branching import say_more
from agno._engine.claims import renew
from agno._engine.compressing import compress_in
from agno._engine.context import Run
from agno._engine.fallbacks import attempts_of
from agno._engine.hooks import run_hooks
from agno._engine.inputs import hooked_input, text_of
from agno._engine.lifecycle import COMPLETED, close_messages
from agno._engine.prompt import build_messages
from agno._engine.sessions import is_kept, store
from agno._engine.toolbox import take_tools
from agno._io import DONE, silent
from agno.models._loop import Exchange, is_stopped
from agno.models.response import ModelResponseEvent
from agno.run.base import RunStatus
from agno.utils.blank import bare
from agno.utils.later import later

_checkpoints, _connections = later("agno._engine.checkpoints"), later("agno._engine.connections")  # few runs have them
_ANSWER = ModelResponseEvent.assistant_response.value
_STARTED = ModelResponseEvent.tool_call_started.value
_COMPLETED = ModelResponseEvent.tool_call_completed.value


async def agent_body(run: Run) -> None:
    """Hooks, prompt, reasoning, the model-tool loop, structured output, storing: in this order."""
    component = run.component
    if run.plan.prepares:
        await component.prepare(run)
    if run.plan.hooks_before and not run.messages:
        await run_hooks(run, "pre", {"run_input": run.output.input})
        run.input = hooked_input(run, run.output.input.input_content)
    if (taking := take_tools(run)) is not None:
        await taking
    if run.context.output_schema is not None:
        run.response_format = structured.response_format(run)
    if run.continued:
        await run.emit(run.events.RunContinuedEvent)
    if not run.messages:
        if (building := build_messages(run)) is not None:
            await building
        run.context.messages = run.messages
        started = run.events.RunStartedEvent
        if run.plan.thinks or run.hears(started):
            await _told_and_thought(run, started)
    if run.continued:
        await say_more(run)
    run.exchange = exchange = _exchange(run)
    await component.converse(run, exchange)
    if run.reasoning_open:
        run.reasoning_open = False
        await reasoning.completed(run)
    if exchange.paused:
        close_messages(run, RunStatus.running, "")
        await _pause(run)
    else:
        await _finish(run, exchange)


async def _told_and_thought(run: Run, started: type[Any]) -> None:
    """The prompt is there: it is told, and if the run is to think first, it does."""
    await run.emit(started, model=run.output.model, model_provider=run.output.model_provider)
    if reasoning.wanted(run):
        await reasoning.reason(run)


def _exchange(run: Run) -> Exchange:
    model = run.model
    assert model is not None
    exchange = Exchange(
        io=run.io,
        model=model,
        messages=run.messages,
        response_format=run.response_format,
        streaming=run.streaming,
        token=run.token,
        run_response=run.output,
        tools=run.tool_specs,
        functions=run.functions,
        is_new=not run.continued and run.plan.opens_plainly and run.input.__class__ is str,
    )
    if run.give is not silent or run.kept_events is not None:
        told = content_event(run)
        exchange.give = _teller(run, told)
        if run.streaming:
            exchange.give_text = silent if told is None else _text_teller(run, told)
    if run.tool_specs:
        exchange.before_tools = functools.partial(_open_tools, run)
    if run.plan.tunes or run.continued or run.progress is not None:
        _tune(run, exchange)
    return exchange


def _tune(run: Run, exchange: Exchange) -> None:
    """What few exchanges have: limits, other attempts, a schema, checkpoints, what was done before a pause."""
    component = run.component
    if run.tool_specs:
        exchange.tool_choice, exchange.tool_call_limit = component.tool_choice, component.tool_call_limit
    if run.context.output_schema is not None:
        exchange.answer_tool = structured.answer_tool(run)
    if run.get("retries") or component.fallback_models or component.fallback_config:
        exchange.attempts = attempts_of(run)
    if run.continued:
        _take_up(run, exchange)
    if component.checkpoint is not None or run.progress is not None:
        _checkpoints.keep_checkpoints(run, exchange)
    if component.compression_manager is not None or component.compress_tool_results:
        compress_in(run, exchange)


def _open_tools(run: Run, exchange: Exchange) -> None:
    """What only a run needs whose model calls a tool."""
    exchange.scope, exchange.give_tool = run.tool_scope(), _tool_teller(run)


def _take_up(run: Run, exchange: Exchange) -> None:
    """What the run did before it was paused counts."""
    exchange.executions, exchange.resumed = list(run.output.tools or ()), True
    exchange.tool_calls_made = len(exchange.executions)
    for execution in exchange.executions:
        name = execution.tool_name or ""
        exchange.tool_calls_by_name[name] = exchange.tool_calls_by_name.get(name, 0) + 1
    exchange.stopped = not run.answers.redirects and is_stopped(exchange.messages)
    if run.claim is not None:
        exchange.after_turn = lambda messages: renew(run)
    if isinstance(run.output.content, str) and not run.output.content.startswith(PAUSED_TEXT):
        exchange.response.content = run.output.content


def _streams_text(run: Run) -> bool:
    return run.asked_schema is None


def _teller(run: Run, told: Any) -> Any:
    """What turns the loop's items into events of this run; `told` is the kind for pieces of the answer, or None."""

    def tell(item: Any) -> Awaitable[None]:
        kind = getattr(item, "event", None)
        if kind == _ANSWER:
            return DONE if told is None else _tell_content(run, told, item)
        return _tell_adopted(run, item) if getattr(item, "run_id", kind) is not kind else DONE

    return tell


def _tool_teller(run: Run) -> Any:
    """What turns starts and ends of tools into events of this run."""
    events = run.events
    heard = run.hears(events.ToolCallCompletedEvent)

    def tell(kind: str, execution: Any, media: Any) -> Awaitable[None]:
        if kind == _STARTED:
            return run.emit(events.ToolCallStartedEvent, tool=execution) if heard else DONE
        if kind == _COMPLETED and (heard or reasoning.is_thought(execution)):
            return _tell_tool_completed(run, execution, media)
        return DONE

    return tell


def content_event(run: Run) -> Any:
    """The kind of event for pieces of the answer; None if they are not told."""
    if run.component.output_model is not None:
        event_class: Any = run.events.IntermediateRunContentEvent
    else:
        event_class = run.events.RunContentEvent if _streams_text(run) else None
    return event_class if event_class is not None and run.hears(event_class) else None


def _text_teller(run: Run, event_class: type[Any]) -> Any:
    """The frequent case, quickly: a delta that is nothing but text."""
    give, keep = run.give, run.keep if run.kept_events is not None else None
    known = {**run.identity, "created_at": 0, "content": ""}
    second = following = 0.0  # from when to when `created_at` is right

    def tell(text: str) -> Awaitable[None]:
        nonlocal second, following
        if not second <= time() < following:
            known["created_at"] = now = int(time())
            second, following = float(now), now + 1.0
        known["content"] = text
        event = bare(event_class)
        event.__dict__ = known.copy()
        if keep is not None:
            keep(event)
        return give(event)

    return tell


def _tell_content(run: Run, event_class: type[Any], delta: Any) -> Awaitable[None]:
    """A content event for a delta that has something to show."""
    details: dict[str, Any] = {}
    if delta.content is not None:
        details["content"] = delta.content
    if event_class is run.events.RunContentEvent:
        if delta.reasoning_content:
            details["reasoning_content"] = delta.reasoning_content
        if delta.citations is not None:
            details["citations"] = run.output.citations = delta.citations
        if delta.audio is not None:
            details["response_audio"] = delta.audio
        if delta.images:
            details["image"] = delta.images[-1]
    return run.emit(event_class, **details) if details else DONE


async def _tell_tool_completed(run: Run, execution: Any, media: Any) -> None:
    seconds = execution.metrics.duration if execution.metrics else 0.0
    arguments = ", ".join(f"{key}={value}" for key, value in (execution.tool_args or {}).items())
    await run.emit(
        run.events.ToolCallCompletedEvent,
        tool=execution,
        content=f"{execution.tool_name}({arguments}) completed in {seconds:.4f}s.",
        images=media and media.images,
        videos=media and media.videos,
        audio=media and media.audios,
    )
    if execution.tool_call_error:
        await run.emit(run.events.ToolCallErrorEvent, tool=execution, error=execution.result)
    elif reasoning.is_thought(execution):
        await reasoning.step_of_tool(run, execution)


def _tell_adopted(run: Run, event: Any) -> Awaitable[None]:
    """A tool's own event becomes part of this run's stream; what it does not say about its origin is filled in.

    The event of a run inside this one says it all.
    """
    if getattr(event, "run_id", None) is None or event.run_id == run.output.run_id:
        for name, value in run.identity.items():
            if not getattr(event, name, None):
                setattr(event, name, value)
    run.keep(event)
    return run.show(event)


PAUSED_TEXT = "The run is paused; it needs"


async def _pause(run: Run) -> None:
    output, exchange = run.output, run.exchange
    assert exchange is not None
    waiting = [execution for execution in exchange.executions if execution.is_paused]
    output.status = RunStatus.paused
    await record_pending(run, waiting)
    output.requirements = output.build_requirements(waiting)
    if run.parent is not None:
        _sign(run, output.requirements)
    asked = [r.tool_execution for r in output.requirements]  # of a team, also what its members wait for
    output.content = exchange.response.content or _what_is_needed(asked)
    event = run.event(run.events.RunPausedEvent, tools=asked, content=output.content, requirements=output.requirements)
    await store(run)
    await run.show(event)


def _sign(run: Run, requirements: list[Any]) -> None:
    """Tell who asks: whoever answers sees the run that the caller began, not the one inside of it."""
    for requirement in requirements:
        if requirement.member_run_id is None:
            requirement.member_agent_id, requirement.member_agent_name = run.component.id, run.component.name
            requirement.member_run_id = run.output.run_id


def _what_is_needed(waiting: list[Any]) -> str | None:
    """What a person is told to do; None if all that waits is executed outside in silence."""
    kinds = {
        "confirmation": [e.tool_name for e in waiting if e.requires_confirmation],
        "user input": [e.tool_name for e in waiting if e.requires_user_input],
        "user feedback": [e.tool_name for e in waiting if e.user_feedback_schema is not None],
        "external execution": [
            e.tool_name for e in waiting if e.external_execution_required and not e.external_execution_silent
        ],
    }
    needs = [f"{kind} for {', '.join(names)}" for kind, names in kinds.items() if names]
    return f"{PAUSED_TEXT} {' and '.join(needs)}." if needs else None


async def _finish(run: Run, exchange: Exchange) -> None:
    """From the model's last word to the stored run."""
    output, component = run.output, run.component
    plan = run.replan()  # a tool may have set something
    _take_response(run, exchange)
    if plan.shapes_answer:
        await _shape(run, exchange)
    run.check()
    output.status = COMPLETED
    close_messages(run, COMPLETED, "")
    if not plan.ends_plainly and (works := component.after_run(run)):
        await afterwards.remember(run, works)
    heard = run.hears(run.events.RunCompletedEvent)
    completed = run.event(run.events.RunCompletedEvent, **_result(output)) if heard else None
    if not run.stored and is_kept(run):
        await store(run)
    if plan.saves_answer and component.save_response_to_file:
        message = text_of(run.input) if run.input is not None else ""
        await run.io.call(afterwards.save_to_file, run, message)
    if completed is not None:
        await run.show(completed)


async def _shape(run: Run, exchange: Exchange) -> None:
    """What settings make of the answer: another model's words, a schema's object, questions that may follow, hooks."""
    output, component = run.output, run.component
    if component.output_model is not None:
        await second_models.write_answer(run)
    if run.context.output_schema is not None and (component.parser_model or not component.output_model):
        await _structure(run, exchange)
    if component.followups:
        await afterwards.suggest_followups(run)
    if component.post_hooks:
        close_messages(run, RunStatus.running, "")
        await run_hooks(run, "post", {"run_output": output})


async def _structure(run: Run, exchange: Exchange) -> None:
    """Structured output, by a parser model or out of the answer itself."""
    component, output = run.component, run.output
    if component.parser_model is not None:
        await second_models.parse_answer(run)
        return
    if component.parse_response:
        structured.adopt(run, exchange.response.parsed)
    await run.emit(run.events.RunContentEvent, content=output.content, content_type=output.content_type)


def _take_response(run: Run, exchange: Exchange) -> None:
    """The loop's response, onto the run's output."""
    output, model = run.output, run.model
    output.content = None
    if run.continued:
        output.citations = output.response_audio = None
    for name, value in exchange.response.__dict__.items():
        if not value:
            continue
        if name == "content":
            output.content = value
        elif (target := _TAKEN.get(name)) is not None:
            setattr(output, target, [*(getattr(output, target) or ()), *value] if target in _MEDIA else value)
    assert model is not None
    if run.context.knowledge is not None or model.connection_info():
        _connections.note_connections(run)


# fields of the loop's response, and where they stand on the output
_TAKEN = {
    "reasoning_content": "reasoning_content",
    "citations": "citations",
    "audio": "response_audio",
    "images": "images",
    "videos": "videos",
    "audios": "audio",
    "files": "files",
    "provider_data": "model_provider_data",
}

_MEDIA = frozenset({"images", "videos", "audio", "files"})  # a team has those of its members already

_RESULT = (
    "content", "content_type", "reasoning_content", "citations", "images", "videos", "audio", "response_audio",
    "references", "additional_input", "reasoning_steps", "reasoning_messages", "metadata", "metrics", "member_responses",
)  # fmt: skip


def _result(output: Any) -> dict[str, Any]:
    values = output.__dict__
    return {name: value for name in _RESULT if (value := values.get(name)) is not None}


__all__ = ["agent_body", "content_event"]
