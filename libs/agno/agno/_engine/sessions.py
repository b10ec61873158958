"""The session of a run: opened before the first model call, written once at the run's end."""

from __future__ import annotations

from typing import Any

from agno._engine.context import Run, private_copy
from agno._engine.history import runs_needed
from agno.exceptions import RunNotContinuableError, RunNotFoundError
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.run.base import RunStatus
from agno.utils.dttm import now_epoch
from agno.utils.log import log_warning
from agno.utils.merge_dict import merge_dictionaries
from agno.utils.parameters import accepted


async def begin(run: Run) -> None:
    """Load or make the session, settle state, metadata and dependencies, and store the run as running."""
    component, context = run.component, run.context
    db = component.db if run.identity.get("parent_run_id") is None else None
    session = run.session or _cached(run)
    if session is None and db is not None:
        session = await run.io.call(
            db.read_session, context.session_id, component.session_type, context.user_id, **_window(run)
        )
    run.session = session = session if session is not None else component.new_session(context)
    if run.continued:
        _take_up(run)
    _settle_state(run)
    _settle_metadata(run)
    await _resolve_dependencies(run)
    if db is not None and not run.continued:
        try:
            await run.io.call(db.begin_run, session, run.output)
        except Exception:
            raise
        except BaseException:  # interrupted or cancelled: the row may be there, and its end must be written too
            run.opened = True
            raise
    run.opened = True


def _cached(run: Run) -> Any:
    component = run.component
    cached = component.cached_session if component.cache_session else None
    return cached if cached is not None and cached.session_id == run.context.session_id else None


def _take_up(run: Run) -> None:
    """Continue: find the paused run, put the caller's answers on it, and go on from its messages."""
    answers = run.answers or {}
    output = answers.get("run_response")
    if output is None:
        assert run.session is not None
        output = run.session.get_run(run.output.run_id)
        if output is None:
            raise RunNotFoundError(f"There is no run {run.output.run_id!r} in session {run.context.session_id!r}.")
        run.output = output
    if output.status is not RunStatus.paused:
        raise RunNotContinuableError(
            f"Run {output.run_id!r} is {output.status.value}, so there is nothing to continue."
        )
    _answer(output, answers)
    output.status = RunStatus.running
    run.messages = list(output.messages or ())
    run.context.messages = run.messages
    run.input = output.input.input_content if output.input is not None else None
    if run.component.store_events:
        run.kept_events = list(output.events or ())


def _answer(output: Any, answers: dict[str, Any]) -> None:
    tools = {tool.tool_call_id: tool for tool in output.tools or ()}
    given = list(answers.get("tools") or ())
    given += [r.tool_execution for r in answers.get("requirements") or () if r.tool_execution is not None]
    for tool in given:
        if tool.tool_call_id not in tools:
            raise ValueError(f"Run {output.run_id!r} has no tool call {tool.tool_call_id!r} to answer.")
        tools[tool.tool_call_id] = tool
    for tool in tools.values():
        if tool.external_execution_required and tool.result is None:
            raise ValueError(
                f"Tool {tool.tool_name!r} (call {tool.tool_call_id}) is executed outside of the run and has no result. "
                "Set tool.result, or requirement.set_external_execution_result(...), before continuing."
            )
    output.tools = list(tools.values())


def _window(run: Run) -> dict[str, Any]:
    wanted = runs_needed(run)
    component = run.component
    if run.continued or component.cache_session or component.read_chat_history or component.read_tool_call_history:
        wanted = -1
    return {"runs": None if wanted < 0 else wanted}


def _settle_state(run: Run) -> None:
    """Precedence: call > stored > default; `overwrite_db_session_state` puts the default above the stored one."""
    component, context, session = run.component, run.context, run.session
    assert session is not None
    stored = (session.session_data or {}).get("session_state") or {}
    default = component.session_state
    given = run.options.values.get("session_state")
    if not stored and not default and not given:
        state: dict[str, Any] = {}
    else:
        state = private_copy(default) if default else {}
        if component.overwrite_db_session_state:
            state = {**private_copy(stored), **state}
        else:
            merge_dictionaries(state, private_copy(stored))
        if given:
            merge_dictionaries(state, private_copy(given))
    if context.user_id:
        state["current_user_id"] = context.user_id
    state["current_session_id"] = context.session_id
    state["current_run_id"] = context.run_id
    context.session_state = state


def _settle_metadata(run: Run) -> None:
    own, given = run.component.metadata, run.options.values.get("metadata")
    if own or given:
        run.context.metadata = run.output.metadata = {**private_copy(given or {}), **private_copy(own or {})}
    if own and run.session is not None:
        run.session.metadata = {**(run.session.metadata or {}), **private_copy(own)}


async def _resolve_dependencies(run: Run) -> None:
    own, given = run.component.dependencies, run.options.values.get("dependencies")
    if not own and not given:
        return
    resolved = {**(own or {}), **(given or {})}
    offered = {run.identity_name: run.component, "run_context": run.context}
    for key, value in resolved.items():
        if not callable(value):
            continue
        try:
            result = await run.io.call(value, **accepted(value, offered))
        except Exception as error:  # contract: a dependency that fails keeps its original value
            log_warning(f"dependency {key!r} could not be resolved: {error}")
            continue
        if result is not None:
            resolved[key] = result
    run.context.dependencies = resolved


async def store(run: Run) -> None:
    """Write the run and the session's header, in one transaction. Does nothing without a database."""
    component, session, output = run.component, run.session, run.output
    run.stored = True
    if session is None or not run.opened:
        return  # what could not be opened is left as it is in the database
    data = dict(session.session_data or {})
    if state := run.stored_state():
        data["session_state"] = state
    elif "session_state" in data:
        data["session_state"] = {}
    if output.metrics is not None and output.status is not RunStatus.paused:
        data["session_metrics"] = _session_metrics(data.get("session_metrics"), output.metrics)
    session.session_data = data or None
    output.session_state = run.stored_state() or None
    session.upsert_run(output)
    if component.cache_session:
        component.remember_session(session)
    if component.db is not None and run.identity.get("parent_run_id") is None:
        session.updated_at = now_epoch()
        await run.io.call(component.db.finish_run, session, stored_copy(run))


def _session_metrics(stored: Any, new: Metrics) -> dict[str, Any]:
    before = stored if isinstance(stored, Metrics) else Metrics.from_dict(stored) if stored else None
    total = new if before is None else before + new
    return {key: value for key, value in total.to_dict().items() if key != "time_to_first_token"}


def stored_copy(run: Run) -> Any:
    """The run as it is kept: without history, and without what the settings leave out. The output stays whole."""
    component, output = run.component, run.output
    kept = output.__class__.__new__(output.__class__)
    kept.__dict__.update(output.__dict__)
    messages = output.messages or []
    if not component.store_history_messages:
        messages = [m for m in messages if not m.from_history]
    if not component.store_tool_messages:
        messages = [m for m in messages if m.tool_call_id is None and not m.tool_calls]
    if not component.store_media:
        messages = [_without_media(m) for m in messages]
        kept.images = kept.videos = kept.audio = kept.files = kept.response_audio = None
        kept.input = kept.input.without_media() if kept.input is not None else None
    kept.messages = messages or None
    return kept


def _without_media(message: Message) -> Message:
    names = ("images", "videos", "audio", "files", "audio_output", "image_output", "video_output")
    if all(getattr(message, name) is None for name in names):
        return message
    twin = message.model_copy()
    for name in names:
        setattr(twin, name, None)
    return twin


__all__ = ["begin", "store", "stored_copy"]
