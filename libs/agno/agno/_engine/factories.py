"""Settings that are functions: `tools=`, `knowledge=` and `members=` made per run, and kept per user or session."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from agno._engine.context import Run
from agno.utils.parameters import accepted, required

_KEPT = 256  # of each component; the oldest go first, so that a server with many users does not grow for ever


def is_factory(value: Any) -> bool:
    """True for a function that makes a setting. What can be searched is knowledge, also if it can be called."""
    return callable(value) and not isinstance(value, (list, tuple)) and not hasattr(value, "search")


async def tools_of(run: Run) -> Any:
    """The tools that the user gave, or that their function made for this run."""
    if run.user_tools is None:
        run.user_tools = await made(run, "tools", run.component.tools) or ()
        if isinstance(run.user_tools, (str, dict)) or not hasattr(run.user_tools, "__iter__"):
            raise TypeError(
                f"The function in tools= of {run.component!r} gave {run.user_tools!r}; it must give a list of tools."
            )
    return run.user_tools


async def knowledge_of(run: Run) -> Any:
    """The knowledge of this run; also on its `RunContext`."""
    if run.context.knowledge is None:
        run.context.knowledge = await made(run, "knowledge", run.component.knowledge)
    return run.context.knowledge


async def made(run: Run, kind: str, given: Any) -> Any:
    if not is_factory(given):
        return given
    key = await _key(run, kind)
    kept = run.component.kept_callables
    if key is None:
        return await _called(run, given)
    if (kind, given, key) not in kept:
        kept[kind, given, key] = await _called(run, given)
        while len(kept) > _KEPT:
            kept.pop(next(iter(kept)), None)
    return kept[kind, given, key]


async def _key(run: Run, kind: str) -> Hashable | None:
    """What a made value is kept under: as the component says, else the user, else the session. None: not kept."""
    component = run.component
    if not component.cache_callables:
        return None
    fn = getattr(component, f"callable_{kind}_cache_key")
    if fn is None:  # a session that is called like a user is not that user's
        user_id = run.context.user_id
        return ("user", user_id) if user_id else ("session", run.context.session_id)
    key: Hashable = await _called(run, fn)
    return key


async def _called(run: Run, fn: Callable[..., Any]) -> Any:
    offered = {
        run.identity_name: run.component,
        "run_context": run.context,
        "session_state": run.state,
        "dependencies": run.context.dependencies,
        "user_id": run.context.user_id,
        "session_id": run.context.session_id,
    }
    given = accepted(fn, offered)
    if missing := required(fn) - given.keys():
        raise TypeError(
            f"{run.component!r} was given the function {getattr(fn, '__name__', fn)!r} in place of a list; Agno calls it to "
            f"make one, and has nothing to give for its parameter {min(missing)!r}. If it is a tool, write tools=[...]."
        )
    return await run.io.call(fn, **given)


__all__ = ["is_factory", "knowledge_of", "made", "tools_of"]
