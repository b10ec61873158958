"""Changing the tools of a component, and copying the component."""

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
    """Changes to make between runs, not during one. Lists that were passed to the constructor are left as they are."""

    def add_tool(self, tool: Tool) -> None:
        """Add a tool to those that the component has. Raises TypeError if `tools=` is a function."""
        component: Any = self
        if callable(component.tools) and not isinstance(component.tools, (list, tuple)):
            raise TypeError(f"tools= of {self!r} is a function that makes the tools; add the tool there.")
        component.tools = [*(component.tools or ()), tool]

    def set_tools(self, tools: Sequence[Tool]) -> None:
        """Replace all tools."""
        component: Any = self
        component.tools = list(tools)

    def deep_copy(self: S, *, update: dict[str, Any] | None = None) -> S:
        """A new component with the same settings, but for those in `update`. Members are copied too. Models are copied
        without their network clients. The database, the knowledge, managers and whatever cannot be copied are shared."""
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
