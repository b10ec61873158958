"""From a call to a `Run`: options checked, ids settled, input captured."""

from __future__ import annotations

import difflib
from math import floor
from time import time
from typing import Any

from agno._engine.branching import Continuation
from agno._engine.context import Run, own_containers
from agno._engine.hooks import refuse_async_hooks
from agno._engine.inputs import MEDIA_NAMES, validated
from agno._engine.modes import Mode
from agno._engine.plan import Plan, id_of, plan_of
from agno._io import IO
from agno.agent._checks import refuse_option
from agno.agent._options import CONTINUE_OPTIONS, RUN_OPTIONS
from agno.exceptions import RunNotContinuableError
from agno.filters import overlaid
from agno.models.base import Model
from agno.run.agent import RunInput
from agno.run.cancel import is_running_here
from agno.run.context import RunContext
from agno.utils.blank import bare
from agno.utils.ids import new_id
from agno.utils.parameters import names_of

_WORKFLOW_TAGS = ("workflow_id", "workflow_run_id", "step_id", "step_name", "step_index")


def new_run(agent: Any, given: Any, mode: Mode, parent: Run | None = None) -> Run:
    """A run that has not begun. Raises for input and options that cannot be right.

    A run that is a part of another, its `parent`, takes the model of that if its component has none.
    """
    values, extra = _sorted_options(agent, mode.options, RUN_OPTIONS) if mode.options else ({}, {})
    return begun_run(agent, given, mode.io, mode.streaming, values, extra, parent)


def begun_run(
    agent: Any,
    given: Any,
    io: IO,
    streaming: bool,
    values: dict[str, Any],
    extra: dict[str, Any] | None = None,
    parent: Run | None = None,
) -> Run:
    """`new_run` with options that need no check, because another run gives them; each has a value."""
    plan = plan_of(agent, values)
    value = given if plan.is_taken_plainly or agent.input_schema is None else validated(given, agent.input_schema)
    context = _context(agent, plan, values, values.get("run_id") or new_id())
    model = agent.model_of_run() if parent is None else _model(agent, parent)
    run = _run(agent, io, streaming, plan, context, values, extra, model, value, parent)
    output = run.output
    output.model, output.model_provider, output.input = model.id, model.get_provider(), _captured(given, values)
    return run


def _model(component: Any, parent: Run | None) -> Any:
    if parent is not None and component.model is None:
        return parent.model
    return component.model_of_run()


def _captured(given: Any, values: dict[str, Any]) -> RunInput:
    captured = bare(RunInput)
    captured.input_content = given
    if values and not MEDIA_NAMES.isdisjoint(values):
        captured.images, captured.videos = values.get("images"), values.get("videos")
        captured.audios, captured.files = values.get("audio"), values.get("files")
    return captured


def continued_run(agent: Any, given: Any, mode: Mode, parent: Run | None = None) -> Run:
    """A run that goes on where another stopped. What was stored is loaded when it begins."""
    values, extra = _sorted_options(agent, mode.options, CONTINUE_OPTIONS)
    wish = Continuation(given, **{name: values.pop(name) for name in _WISHES if name in values})
    wish.check()
    if given is not None:
        wish.run_id = given.run_id
        values.setdefault("session_id", given.session_id)
        values.setdefault("user_id", given.user_id)
    elif not (values.get("session_id") or agent.known_session_id(values.get("user_id"))):
        raise ValueError(
            f"continue_run(run_id={wish.run_id!r}) needs session_id=, the session that the run belongs to."
        )
    plan = plan_of(agent, values)
    context = _context(agent, plan, values, new_id() if wish.branches else wish.run_id or new_id())
    wish.session_id = context.session_id
    if wish.fork_session:
        context.session_id = new_id()
    if not wish.branches and is_running_here(context.run_id):
        raise RunNotContinuableError(f"Run {wish.run_id!r} is running, so there is nothing to continue.")
    run = _run(agent, mode.io, mode.streaming, plan, context, values, extra, _model(agent, parent), None, parent)
    run.continued, run.answers = True, wish
    return run


_WISHES = tuple(name for name in Continuation.__dataclass_fields__ if name in CONTINUE_OPTIONS and name != "session_id")


def _sorted_options(
    agent: Any, options: dict[str, Any], known: frozenset[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options with a value, and the caller's own keywords, which someone must have asked for."""
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in options.items():
        if name in known:
            if value is not None:
                refuse_option(agent, name, value)
                values[name] = _known_tags(value) if name == "workflow_context" else value
        elif _is_asked_for(agent, name):
            extra[name] = value
        else:
            raise TypeError(f"A run of {agent!r} got the unknown option {name!r}.{_hint(name, known)}")
    return values, extra


def _known_tags(given: dict[str, Any]) -> dict[str, Any]:
    return {name: tag for name, tag in given.items() if tag is not None and name in _WORKFLOW_TAGS}


def _hint(name: str, known: frozenset[str]) -> str:
    if name in ("message", "prompt"):
        return " What the user says is the first argument, or input=."
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _is_asked_for(agent: Any, name: str) -> bool:
    """True if a hook or the knowledge retriever names this keyword."""
    takers = [*(agent.pre_hooks or ()), *(agent.post_hooks or ()), agent.knowledge_retriever]
    for taker in takers:
        if callable(taker):
            names = names_of(taker)
            if names is None or name in names:
                return True
    return False


def _context(agent: Any, plan: Plan, values: dict[str, Any], run_id: str) -> RunContext:
    session_id = user_id = None
    if values:
        session_id, user_id = values.get("session_id"), values.get("user_id")
        if (given := values.get("run_context")) is not None:
            session_id, user_id = session_id or given.session_id, user_id or given.user_id
    user_id = user_id or agent.user_id
    context = bare(RunContext)
    context.run_id, context.user_id = run_id, user_id
    context.session_id = session_id or agent.sticky_session_id(user_id)
    if not plan.is_taken_plainly:
        if agent.knowledge_filters or values.get("knowledge_filters"):
            filters = overlaid(agent.knowledge_filters, values.get("knowledge_filters"))
            context.knowledge_filters = own_containers(filters)
        context.output_schema = values.get("output_schema") or agent.output_schema
    return context


def _run(
    agent: Any,
    io: IO,
    streaming: bool,
    plan: Plan,
    context: RunContext,
    values: dict[str, Any],
    extra: dict[str, Any] | None,
    model: Model,
    input: Any,
    parent: Run | None,
) -> Run:
    own_id, name, run_id, session_id = id_of(agent), agent.name, context.run_id, context.session_id
    output = agent.new_output()
    output.run_id, output.session_id, output.user_id = run_id, session_id, context.user_id
    setattr(output, plan.id_field, own_id)
    setattr(output, plan.name_field, name)
    output.created_at = began = floor(time())
    identity = {plan.id_field: own_id, plan.name_field: name or "", "run_id": run_id, "session_id": session_id}
    if values:
        _tag(output, identity, values)
    if parent is not None:
        output.parent_run_id = parent.output.run_id
        identity["nested_depth"] = parent.identity.get("nested_depth", 0) + 1
    if (values or parent is not None) and output.parent_run_id:
        identity["parent_run_id"] = output.parent_run_id
    run = Run(
        component=agent,
        io=io,
        events=plan.events,
        output=output,
        context=context,
        asked=values,
        identity=identity,
        plan=plan,
        plans=agent._plans,
        model=model,
        input=input,
        streaming=streaming,
        parent=parent,
        identity_name=plan.identity_name,
        began=began,
    )
    if extra:
        run.extra = extra
    if not plan.is_taken_plainly:
        if agent.store_events:
            run.kept_events = list(output.events or ())
            run.skipped_events = _skipped(agent)
        if not io.is_async and (agent.pre_hooks or agent.post_hooks):
            refuse_async_hooks(agent)
    return run


def _tag(output: Any, identity: dict[str, Any], values: dict[str, Any]) -> None:
    """What the run is a part of, as the call says."""
    output.parent_run_id = values.get("parent_run_id")
    if tags := values.get("workflow_context"):
        identity.update(tags)
        output.workflow_id, output.workflow_step_id = tags.get("workflow_id"), tags.get("step_id")


def _skipped(agent: Any) -> frozenset[str]:
    kinds = agent.events_to_skip
    return agent.unkept_events if kinds is None else frozenset(getattr(kind, "value", kind) for kind in kinds)


__all__ = ["begun_run", "continued_run", "new_run"]
