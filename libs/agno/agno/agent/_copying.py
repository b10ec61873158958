"""Changing the tools of a component, and copying it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, TypeVar

from agno.agent._settings import Tool
from agno.tools.function import Function
from agno.tools.toolkit import Toolkit
from agno.utils.settings import Settings

S = TypeVar("S", bound="Copying")

_SHARED = frozenset({"db", "knowledge", "memory_manager", "session_summary_manager", "reasoning_agent"})


class Copying(Settings):
    """Settings are for the time before a run: these methods change the object, not the lists that it was given."""

    def add_tool(self, tool: Tool) -> None:
        """Add a tool; the list that was passed to the constructor is left as it is."""
        component: Any = self
        if callable(component.tools) and not isinstance(component.tools, (list, tuple)):
            raise TypeError(f"tools= of {self!r} is a function that makes the tools; add the tool there.")
        component.tools = [*(component.tools or ()), tool]

    def set_tools(self, tools: Sequence[Tool]) -> None:
        """Replace the tools."""
        component: Any = self
        component.tools = list(tools)

    def deep_copy(self: S, *, update: dict[str, Any] | None = None) -> S:
        """A new component with the same settings, `update` winning; members are copied, too. Models are copied without
        their network clients, the database and other connections are shared."""
        settings = {name: value if name in _SHARED else _copied(value) for name, value in self.settings().items()}
        return type(self)(**{**settings, **(update or {})})


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(item) for item in value]
    if isinstance(value, Copying):
        return value.deep_copy()
    if isinstance(value, (Toolkit, Function)) or callable(value):
        return copy.copy(value)
    try:
        return copy.deepcopy(value)
    except TypeError:  # holds a lock, a socket, a client: shared
        return value


__all__ = ["Copying"]
