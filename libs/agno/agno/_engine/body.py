"""What happens inside a run of an agent, between its start and its end."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Any

from agno._engine import afterwards, reasoning, second_models, structured
from agno._engine.context import Run
from agno._engine.hooks import run_hooks
from agno._engine.inputs import text_of
from agno._engine.lifecycle import close_messages
from agno._engine.prompt import build_messages
from agno._engine.sessions import store
from agno._engine.toolbox import connect_toolkits, resolve_tools
from agno.models._loop import Exchange, converse
from agno.models._requests import Attempts
from agno.models.response import ModelResponseEvent
from agno.run.base import RunStatus

_ANSWER = ModelResponseEvent.assistant_response.value
_STARTED = ModelResponseEvent.tool_call_started.value
_COMPLETED = ModelResponseEvent.tool_call_completed.value


async def agent_body(run: Run, stack: AsyncExitStack) -> AsyncGenerator[Any, None]:
    """Hooks, prompt, reasoning, the model-tool loop, structured output, storing: in this order."""
    events, output = run.events, run.output
    if not run.continued and run.component.pre_hooks:
        async with aclosing(run_hooks(run, "pre", {"run_input": output.input})) as items:
            async for event in items:
                yield event
        run.input = output.input.input_content
    await connect_toolkits(run, stack)
    await resolve_tools(run, run.component.built_in_tools(run))
    run.response_format = structured.response_format(run)
    if run.continued:
        yield run.emit(events.RunContinuedEvent)
    else:
        run.messages = await build_messages(run)
        run.context.messages = run.messages
        assert run.model is not None
        yield run.emit(events.RunStartedEvent, model=run.model.id, model_provider=run.model.get_provider())
        if reasoning.wanted(run):
            async with aclosing(reasoning.reason(run)) as steps:
                async for event in steps:
                    yield event
    run.exchange = exchange = _exchange(run)
    async with aclosing(_loop_events(run, exchange)) as items:
        async for event in items:
            yield event
    close_messages(run, RunStatus.running, "")
    if exchange.paused:
        async with aclosing(_pause(run)) as items:
            async for event in items:
                yield event
        return
    async with aclosing(_finish(run, exchange)) as items:
        async for event in items:
            yield event


def _exchange(run: Run) -> Exchange:
    component, model = run.component, run.model
    assert model is not None
    exchange = Exchange(
        io=run.io,
        model=model,
        messages=run.messages,
        tools=run.tool_specs,
        functions=run.functions,
        tool_choice=component.tool_choice,
        response_format=run.response_format,
        streaming=run.streaming and _streams_text(run),
        attempts=Attempts(
            retries=run.get("retries") or 0,
            delay=component.delay_between_retries,
            exponential=component.exponential_backoff,
            fallbacks=component.fallbacks_for,
            on_fallback=component.fallback_callback,
        ),
        tool_call_limit=component.tool_call_limit,
        scope=_scope(run),
        check=run.check,
        run_response=run.output,
    )
    if run.continued:
        exchange.executions = list(run.output.tools or ())
        exchange.tool_calls_made = len(exchange.executions)
        for execution in exchange.executions:
            name = execution.tool_name or ""
            exchange.tool_calls_by_name[name] = exchange.tool_calls_by_name.get(name, 0) + 1
        if isinstance(run.output.content, str) and not run.output.content.startswith(PAUSED_TEXT):
            exchange.response.content = run.output.content
    return exchange


def _streams_text(run: Run) -> bool:
    return run.get("output_schema") is None or run.component.parser_model is not None


def _scope(run: Run) -> dict[str, Any]:
    """What tools get by parameter name."""
    values = run.options.values
    return {
        "agent": None,
        "team": None,
        run.identity_name: run.component,
        "run_context": run.context,
        "session_state": run.state,
        "dependencies": run.context.dependencies,
        "images": values.get("images"),
        "videos": values.get("videos"),
        "audios": values.get("audio"),
        "files": values.get("files"),
        "tool_hooks": run.component.tool_hooks,
        "identity": run.identity,
    }


async def _loop_events(run: Run, exchange: Exchange) -> AsyncGenerator[Any, None]:
    """The loop's items as events of this run."""
    content_event = run.events.RunContentEvent
    if run.component.output_model is not None:
        content_event = run.events.IntermediateRunContentEvent
    emit, structured_answer = run.emit, not _streams_text(run)
    async with aclosing(converse(exchange)) as items:
        async for item in items:
            kind = getattr(item, "event", None)
            if kind == _ANSWER:
                if structured_answer:
                    continue
                event = _content_event(run, content_event, item)
                if event is not None:
                    yield event
            elif kind == _STARTED:
                yield emit(run.events.ToolCallStartedEvent, tool=item.tool_executions[0])
            elif kind == _COMPLETED:
                for event in _tool_completed(run, item):
                    yield event
            elif getattr(item, "run_id", kind) is not kind:
                yield _adopted(run, item)
    if run.reasoning_open:
        run.reasoning_open = False
        yield reasoning.completed(run)


def _content_event(run: Run, event_class: type[Any], delta: Any) -> Any:
    """A content event for a delta that has something to show."""
    if delta.is_text_only:
        return run.emit(event_class, content=delta.content)
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
    return run.emit(event_class, **details) if details else None


def _tool_completed(run: Run, item: Any) -> list[Any]:
    execution = item.tool_executions[0]
    seconds = execution.metrics.duration if execution.metrics else 0.0
    arguments = ", ".join(f"{key}={value}" for key, value in (execution.tool_args or {}).items())
    done = run.emit(
        run.events.ToolCallCompletedEvent,
        tool=execution,
        content=f"{execution.tool_name}({arguments}) completed in {seconds:.4f}s.",
        images=item.images,
        videos=item.videos,
        audio=item.audios,
    )
    found = [done]
    if execution.tool_call_error:
        failed = run.emit(run.events.ToolCallErrorEvent, tool=execution, error=execution.result)
        found.append(failed)
    return found + reasoning.steps_of_tool(run, execution)


def _adopted(run: Run, event: Any) -> Any:
    """A tool's own event becomes part of this run's stream; what it does not say about its origin is filled in."""
    for name, value in run.identity.items():
        if not getattr(event, name, None):
            setattr(event, name, value)
    run.keep(event)
    return event


PAUSED_TEXT = "The run is paused"


async def _pause(run: Run) -> AsyncGenerator[Any, None]:
    output, exchange = run.output, run.exchange
    assert exchange is not None
    waiting = [execution for execution in exchange.executions if execution.is_paused]
    output.status = RunStatus.paused
    output.content = exchange.response.content or _what_is_needed(waiting)
    output.requirements = output.build_requirements(waiting)
    event = run.emit(run.events.RunPausedEvent, tools=waiting, content=output.content, requirements=output.requirements)
    await store(run)
    yield event


def _what_is_needed(waiting: list[Any]) -> str:
    kinds = {
        "confirmation": [e.tool_name for e in waiting if e.requires_confirmation],
        "user input": [e.tool_name for e in waiting if e.requires_user_input],
        "external execution": [e.tool_name for e in waiting if e.external_execution_required],
    }
    needs = [f"{kind} for {', '.join(names)}" for kind, names in kinds.items() if names]
    return f"{PAUSED_TEXT}; it needs {' and '.join(needs)}."


async def _finish(run: Run, exchange: Exchange) -> AsyncGenerator[Any, None]:
    """From the model's last word to the stored run."""
    output, component = run.output, run.component
    _take_response(run, exchange)
    if component.output_model is not None:
        async with aclosing(second_models.write_answer(run)) as items:
            async for event in items:
                yield event
    if component.parser_model is not None and run.get("output_schema") is not None:
        async with aclosing(second_models.parse_answer(run)) as items:
            async for event in items:
                yield event
    elif component.parse_response and run.get("output_schema") is not None:
        structured.adopt(run, exchange.response.parsed)
    if not _streams_text(run):
        yield run.emit(run.events.RunContentEvent, content=output.content, content_type=output.content_type)
    if component.followups:
        async with aclosing(afterwards.suggest_followups(run)) as items:
            async for event in items:
                yield event
    if component.post_hooks:
        async with aclosing(run_hooks(run, "post", {"run_output": output})) as items:
            async for event in items:
                yield event
    run.check()
    output.status = RunStatus.completed
    close_messages(run, RunStatus.completed, "")
    async with aclosing(afterwards.remember(run)) as items:
        async for event in items:
            yield event
    completed = run.emit(run.events.RunCompletedEvent, **_result(output))
    await store(run)
    if component.save_response_to_file:
        await run.io.call(afterwards.save_to_file, run, text_of(run.input) if run.input is not None else "")
    yield completed


def _take_response(run: Run, exchange: Exchange) -> None:
    """The loop's response, onto the run's output."""
    output, response = run.output, exchange.response
    output.content = response.content
    output.reasoning_content = response.reasoning_content or output.reasoning_content
    output.citations = response.citations
    output.response_audio = response.audio
    output.images, output.videos = response.images or output.images, response.videos or output.videos
    output.audio = response.audios or output.audio
    output.files = getattr(response, "files", None) or output.files
    if response.provider_data:
        output.model_provider_data = response.provider_data
    assert run.model is not None
    if info := run.model.connection_info():
        output.model_provider_data = {**(output.model_provider_data or {}), "api": info}


_RESULT = (
    "content", "content_type", "reasoning_content", "citations", "images", "videos", "audio", "response_audio",
    "references", "additional_input", "reasoning_steps", "reasoning_messages", "metadata", "metrics",
)  # fmt: skip


def _result(output: Any) -> dict[str, Any]:
    values = output.__dict__
    return {name: value for name in _RESULT if (value := values.get(name)) is not None}


__all__ = ["agent_body"]
