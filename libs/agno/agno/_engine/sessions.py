"""The session of a run: opened before the first model call, written once at the run's end."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any

from agno._engine.branching import retired
from agno._engine.claims import claim, keep_claim
from agno._engine.context import Run, own_containers, private_copy
from agno._engine.costs import sum_of
from agno._engine.history import finished_runs
from agno.db._codec import from_json
from agno.db._port import DbUnavailableError, SessionConflictError
from agno.db._sessions import known, own_copy
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.run.base import RunStatus
from agno.run.context import RunContext
from agno.utils.dttm import now_epoch
from agno.utils.log import log_warning
from agno.utils.merge_dict import merge_dictionaries
from agno.utils.parameters import accepted


def begin(run: Run) -> Awaitable[None] | None:
    """Load or make the session, settle state, metadata and dependencies, and store the run as running.

    None: there was nothing to wait for.
    """
    if not run.plan.begins_plainly or run.continued or not _SETTLING.isdisjoint(run.asked):
        return _begin(run)
    run.context.session_state = _own_state(run.context, {})
    run.opened = True
    return None


_SETTLING = frozenset({"session_state", "metadata", "dependencies"})


async def _begin(run: Run) -> None:
    component = run.component
    db = component.db if run.output.parent_run_id is None else None
    if not run.announced and (db is not None or run.continued or component.cache_session):
        await _open_session(run, db)
    with _plain_data(run):
        await settle(run)
    if db is not None and (run.announced or not _is_stored(run)):
        try:
            with _plain_data(run):
                await run.io.call(db.finish_run if run.announced else db.begin_run, run.loaded_session, run.output)
        except SessionConflictError:
            run.opened = False  # it is somebody else's session: nothing of this run is to be stored there
            raise
        except DbUnavailableError as error:
            _give_up(run, error)
            raise


class NotPlainError(ValueError):
    """Data of a run is no plain data, so it cannot be kept."""


@contextmanager
def _plain_data(run: Run) -> Iterator[None]:
    """Say in a sentence that data which contains itself, or is nested very deep, cannot be kept."""
    try:
        yield
    except RecursionError:
        raise NotPlainError(
            f"session_state, metadata, dependencies or input of a run of {run.component!r} contains itself, or is nested "
            "too deep. Keep plain data in it."
        ) from None


async def settle(run: Run) -> None:
    """State, metadata and dependencies, once the session is there."""
    _settle_state(run)
    _settle_metadata(run)
    if run.component.dependencies or run.asked.get("dependencies"):
        await _resolve_dependencies(run)
    run.opened = True


async def announce(run: Run) -> None:
    """Store a run that is to go on by itself as pending. Raises what would keep it from beginning."""
    db = run.component.db
    await _open_session(run, db)
    run.output.status = RunStatus.pending
    await run.io.call(db.finish_run if _is_stored(run) else db.begin_run, run.loaded_session, run.output)


def _is_stored(run: Run) -> bool:
    """True if the run is in its session already; one that goes on from an output of the caller's need not be."""
    if not run.continued or run.answers.branches:
        return False
    session = run.loaded_session
    return session is not None and session.get_run(run.output.run_id) is not None


async def _open_session(run: Run, db: Any) -> None:
    component = run.component
    session = run.loaded_session
    if run.continued and db is not None:
        await claim(run, db, _wanted_session(run))
    if session is None and component.cache_session and run.output.parent_run_id is None and run.claim is None:
        session = _cached(run)
    if session is None and db is not None:
        session = await read_stored(run, db)
        if session is None:
            session = component.new_session(run.context)
            if session.runs:  # the introduction
                await run.io.call(db.finish_run, session, session.runs[0])
    run.loaded_session = session
    if run.continued:
        keep_claim(run, session)
        await run.component.taking_up(run)


async def read_stored(run: Run, db: Any) -> Any:
    """The stored session, with as many runs as this run looks at."""
    key = (_wanted_session(run), run.component.session_type, run.context.user_id)
    wanted = _window(run)
    rows = wanted and wanted * run.component.rows_per_run
    session = await run.io.call(db.read_session, *key, runs=rows)
    while rows and session is not None and len(runs := session.runs or []) == rows:
        if len(finished_runs(runs)) >= (wanted or 0):
            break
        rows *= 4  # failed and paused runs, and those of members, take no place in the history
        session = await run.io.call(db.read_session, *key, runs=rows)
    return session


def _cached(run: Run) -> Any:
    """The cached session, as this run's own: another run may change it at the same time."""
    run.cache_mark = run.component.cache_mark
    cached = run.component.cached_session
    if cached is None or cached.session_id != _wanted_session(run):
        return None
    if run.context.user_id is not None and cached.user_id not in (None, run.context.user_id):
        return None  # the database, if there is one, says what becomes of somebody else's session
    return own_copy(cached)


def _wanted_session(run: Run) -> str:
    """The session to read: of a continued run the one that holds it."""
    return (run.answers.session_id if run.answers is not None else None) or run.context.session_id


def _window(run: Run) -> int | None:
    """How many of the newest runs are loaded; None for all."""
    component = run.component
    wanted = component.runs_to_load(run)
    if run.continued or component.cache_session or component.read_chat_history or component.read_tool_call_history:
        wanted = -1
    return None if wanted < 0 else wanted


def _settle_state(run: Run) -> None:
    """Precedence: call > stored > default; `overwrite_db_session_state` puts the default above the stored one."""
    component, context, session = run.component, run.context, run.loaded_session
    stored = (session.session_data or {}).get("session_state") if session is not None else None
    if run.continued and session is None and run.parent is None:
        stored = run.output.session_state  # no database has it, but the run that was given does
    default, given = component.session_state, run.asked.get("session_state")
    state: dict[str, Any] = {}
    if stored or default or given:
        state = _merged_state(stored or {}, default or {}, component.overwrite_db_session_state)
        if given:
            merge_dictionaries(state, private_copy(given))
    context.session_state = _own_state(context, state)


def _own_state(context: RunContext, state: dict[str, Any]) -> dict[str, Any]:
    """The state, with what only makes sense during the run."""
    if context.user_id:
        state["current_user_id"] = context.user_id
    state["current_session_id"] = context.session_id
    state["current_run_id"] = context.run_id
    return state


def _merged_state(stored: dict[str, Any], default: dict[str, Any], overwrite: bool) -> dict[str, Any]:
    state: dict[str, Any] = private_copy(default)
    if overwrite:
        return {**private_copy(stored), **state}
    merge_dictionaries(state, private_copy(stored))
    return state


def _settle_metadata(run: Run) -> None:
    own, given = run.component.metadata, run.asked.get("metadata")
    before = run.output.metadata if run.continued else None
    if own or given or before:
        merged = {**private_copy(before or {}), **private_copy(given or {}), **private_copy(own or {})}
        run.context.metadata = run.output.metadata = merged
    if own and (session := run.loaded_session) is not None:
        session.metadata = {**(session.metadata or {}), **private_copy(own)}


async def _resolve_dependencies(run: Run) -> None:
    own, given = run.component.dependencies, run.asked.get("dependencies")
    resolved = own_containers({**(own or {}), **(given or {})})
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


def is_kept(run: Run) -> bool:
    """False if the run is not to be written, or by the outermost run: it is as good as stored. Puts the state on it."""
    component, output = run.component, run.output
    if run.opened:  # what could not be opened is left as it is in the database
        output.session_state = run.stored_state() or None
        somewhere = not run.plan.begins_plainly and (component.db is not None or component.cache_session)
        if output.parent_run_id is None and (somewhere or run.loaded_session is not None):
            return True
    run.stored = True
    return False


async def store(run: Run) -> None:
    """Write the run and the session's header, in one transaction."""
    component, output = run.component, run.output
    if not is_kept(run):
        return
    session = run.session
    assert session is not None  # the run is opened
    _update_header(run, session)
    for inside in _brought(run):
        session.upsert_run(inside)
    for ended in run.ended or ():
        session.upsert_run(ended.output)
    session.upsert_run(output)
    if component.db is not None:
        session.updated_at = now_epoch()
        try:
            with _plain_data(run):
                await _write_end(run, session)
        except NotPlainError:
            run.state.clear()
            run.state.update(_stored_before(session))  # so that the run itself can be stored, as failed
            raise
        except DbUnavailableError as error:
            _give_up(run, error)
            raise
    if component.cache_session:
        run.cache_mark = component.remember_session(session, run.cache_mark)
    run.stored = True


def _give_up(run: Run, error: DbUnavailableError) -> None:
    """Write nothing more of a run whose database was waited for in vain: whoever is told would wait as long again."""
    if error.waited:
        run.opened = False


def _stored_before(session: Any) -> dict[str, Any]:
    """The state of a session as the database has it."""
    stored = known(session)
    data = from_json(stored.data) if stored is not None and stored.data else {}
    return data.get("session_state") or {}


async def _write_end(run: Run, session: Any) -> None:
    db = run.component.db
    if (replaced := retired(run)) is not None:
        await run.io.call(db.finish_run, session, replaced[0], dropped=replaced[1])
    settled = _settled_progress(run)
    await run.io.call(db.finish_run, session, stored_copy(run), stored_inside(run), **settled)


def _settled_progress(run: Run) -> dict[str, Any]:
    """What was stored beside the run is in it now."""
    return {"dropped": run.progress_rows} if run.progress_rows else {}


async def store_progress(run: Run, messages: list[Message], facts: dict[str, Any]) -> None:
    """Write how far a run has come, with the state of the session; its costs are counted at its end."""
    component, output, progress = run.component, run.output, run.progress
    state = private_copy(run.stored_state())
    so_far = copy.copy(output)
    so_far.__dict__.update(facts, messages=[m for m in messages if m.add_to_agent_memory], session_state=state or None)
    if output.parent_run_id is not None:
        await progress.keep(run, so_far)
        return
    session = run.session
    assert session is not None  # the run is opened
    session.session_data = {**(session.session_data or {}), "session_state": state}
    inside = stored_inside(run)
    rows = progress.rows_of(inside) if progress is not None else ()
    dropped = {"dropped": rows} if rows else {}
    await run.io.call(component.db.finish_run, session, stored_copy(run, so_far), inside, **dropped)
    if rows:
        progress.forget(rows)


def _update_header(run: Run, session: Any) -> None:
    output, data = run.output, dict(session.session_data or {})
    if output.session_state:
        data["session_state"] = output.session_state
    elif "session_state" in data:
        data["session_state"] = {}
    if output.metrics is not None and output.status is not RunStatus.paused:
        if run.session_cost is None:  # a run that is stored once more is not counted once more
            run.session_cost = (data.get("session_metrics"),)
        data["session_metrics"] = _session_metrics(run.session_cost[0], _spent(run))
    session.session_data = data or None


def _spent(run: Run) -> Metrics:
    """What the session has to count: the run, and the runs inside of it."""
    own = run.own_cost()
    members = [inside.output for inside in run.ended or () if inside.parent is run] if run.counted else None
    if members is None:
        members = run.output.__dict__.get("member_responses")
    return own + sum_of(members) if members else own


def _session_metrics(stored: Any, new: Metrics) -> dict[str, Any]:
    before = stored if isinstance(stored, Metrics) else Metrics.from_dict(stored) if stored else None
    total = new if before is None else before + new
    return {key: value for key, value in total.to_dict().items() if key != "time_to_first_token"}


_UNFINISHED = frozenset({RunStatus.pending, RunStatus.running, RunStatus.paused})


def stored_copy(run: Run, output: Any = None) -> Any:
    """What is kept of the run's output."""
    return run.component.kept(output or run.output)


def stored_inside(run: Run) -> list[Any]:
    """What is kept of the runs inside the run: each as its own component says."""
    return [*_brought(run), *[stored_copy(inside) for inside in run.ended or ()]]


def _brought(run: Run) -> list[Any]:
    """Runs inside that ended in an earlier process, and are in no row of the session yet."""
    return [] if run.progress is None else run.progress.brought


def kept_of(component: Any, output: Any) -> Any:
    """The run as it is kept: without history, and without what the settings leave out. The output stays whole."""
    kept = output.__class__.__new__(output.__class__)
    kept.__dict__.update(output.__dict__)
    messages = output.messages or []
    if not component.store_history_messages:
        messages = [m for m in messages if not m.from_history]
    if not component.store_tool_messages and output.status not in _UNFINISHED:  # to continue, a run needs them
        messages = [m for m in messages if m.tool_call_id is None and not m.tool_calls]
    if not component.store_media:
        messages = [_without_media(m) for m in messages]
        kept.images = kept.videos = kept.audio = kept.files = kept.response_audio = None
        kept.input = kept.input.without_media() if kept.input is not None else None
    kept.messages = messages or None
    component.thin_out(kept)
    return kept


def _without_media(message: Message) -> Message:
    names = ("images", "videos", "audio", "files", "audio_output", "image_output", "video_output")
    if all(getattr(message, name) is None for name in names):
        return message
    twin = message.model_copy()
    for name in names:
        setattr(twin, name, None)
    return twin


__all__ = [
    "NotPlainError",
    "announce",
    "begin",
    "is_kept",
    "kept_of",
    "read_stored",
    "settle",
    "store",
    "store_progress",
    "stored_copy",
]
