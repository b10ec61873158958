"""Clients with tools of their own: a run waits for what they gave, and is found again when they come back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from agno.os._caller import Caller
from agno.os._later import Begin
from agno.run.base import RunStatus
from agno.tools.function import Function

_KEPT = 1_000
"""Waiting runs of components without a database that are remembered; the oldest are forgotten first."""


def client_function(name: str, description: str | None, parameters: Any) -> Function:
    """A tool that the client runs: a call of it ends the answer, and its result comes with the next request."""
    schema = parameters if isinstance(parameters, Mapping) and parameters else {"type": "object", "properties": {}}
    return Function(
        name=name,
        description=description or "",
        parameters=dict(schema),
        external_execution=True,
        skip_entrypoint_processing=True,
    )


def with_tools(component: Any, functions: list[Function]) -> Any:
    """The component with more tools, as an object of its own; models, databases and members are shared.

    Raises ValueError for a name that a tool of the component has, and for components that take no tools.
    """
    if not functions:
        return component
    if component.session_type == "workflow":
        raise ValueError(f"{component.id!r} is a workflow, which takes no tools of the client.")
    own = component.tools or ()
    if callable(own):
        raise ValueError(f"The tools of {component.id!r} are made by a function, so the client cannot add its own.")
    names = set(_names(own))
    if taken := [function.name for function in functions if function.name in names]:
        raise ValueError(f"{component.id!r} has a tool named {taken[0]!r} itself; the client's needs another name.")
    component.set_id()  # else the copy would get one of its own
    return type(component)(**{**component.settings(), "id": component.id, "tools": [*own, *functions]})


def _names(tools: Iterable[Any]) -> Iterable[str]:
    for tool in tools:
        yield from getattr(tool, "functions", None) or (str(getattr(tool, "name", getattr(tool, "__name__", ""))),)


def brought(given: Any, caller: Caller) -> dict[str, Any]:
    """Dependencies and state as options of a run: what the identity says wins over what the body says."""
    found: dict[str, Any] = {}
    for name in ("dependencies", "session_state"):
        if values := {**(getattr(given, name, None) or {}), **getattr(caller, name)}:
            found[name] = values
    return found


class Waiting:
    """Finds the newest run of a session that waits for its client. With a database in the database, so that any worker
    finds it; without one in memory."""

    def __init__(self) -> None:
        self._runs: OrderedDict[tuple[str, str | None], Any] = OrderedDict()

    def note(self, component: Any, output: Any, user_id: str | None) -> None:
        """Remember a run that came to a pause, and forget one that did not."""
        if component.db is not None:
            return
        key = (output.session_id, user_id)
        self._runs.pop(key, None)
        if output.status is RunStatus.paused:
            self._runs[key] = output
        while len(self._runs) > _KEPT:
            self._runs.popitem(last=False)

    def noting(self, component: Any, begin: Begin, user_id: str | None) -> Begin:
        """What begins the run and gives its events, as they come; its output is noted."""
        return lambda **how: self._noted(component, begin(**how), user_id)

    async def _noted(
        self, component: Any, events: AsyncGenerator[Any, None], user_id: str | None
    ) -> AsyncGenerator[Any, None]:
        async with aclosing(events):
            async for item in events:
                if not hasattr(item, "event"):
                    self.note(component, item, user_id)
                yield item

    async def find(self, component: Any, session_id: str, user_id: str | None) -> Any:
        """The waiting run, or None."""
        if component.db is None:
            return self._runs.get((session_id, user_id))
        session = await component.aget_session(session_id, user_id)
        runs = session.runs or () if session is not None else ()
        own = [run for run in runs if getattr(run, "parent_run_id", None) is None]
        return own[-1] if own and own[-1].status is RunStatus.paused else None


__all__ = ["Waiting", "brought", "client_function", "with_tools"]
