"""A group of tools."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from agno.tools.function import Function, name_of
from agno.utils.log import log_warning
from agno.utils.rebuild import Rebuildable


class Toolkit(Rebuildable):
    """Tools that belong together. Subclass it, and pass the methods as `tools=`.

    `instructions` are told to the model if `add_instructions` is set. `include_tools` and `exclude_tools` choose tools by
    name; the four `…_tools` lists set a flag on the tools that they name. `cache_results` keeps results in files for
    `cache_ttl` seconds. `async_tools` are pairs of a coroutine function and a name: in async runs they take the place of
    the tool with that name.
    """

    requires_connect: bool = False  # connect() before, close() after a run
    is_connected: bool = False

    def __init__(
        self,
        name: str = "toolkit",
        tools: Sequence[Callable[..., Any] | Function] = (),
        instructions: str | None = None,
        add_instructions: bool = False,
        include_tools: list[str] | None = None,
        exclude_tools: list[str] | None = None,
        requires_confirmation_tools: list[str] | None = None,
        external_execution_required_tools: list[str] | None = None,
        stop_after_tool_call_tools: list[str] | None = None,
        show_result_tools: list[str] | None = None,
        cache_results: bool = False,
        cache_ttl: int = 3600,
        cache_dir: str | None = None,
        auto_register: bool = True,
        async_tools: Sequence[tuple[Callable[..., Any], str]] = (),
        timeout: int | None = None,
    ) -> None:
        self.name = name
        self.tools = list(tools)
        self.instructions = instructions
        self.add_instructions = add_instructions
        self.include_tools = include_tools
        self.exclude_tools = exclude_tools
        self.requires_confirmation_tools = requires_confirmation_tools or []
        self.external_execution_required_tools = external_execution_required_tools or []
        self.stop_after_tool_call_tools = stop_after_tool_call_tools or []
        self.show_result_tools = show_result_tools or []
        self.cache_results = cache_results
        self.cache_ttl = cache_ttl
        self.cache_dir = cache_dir
        self.timeout = timeout
        self.functions: OrderedDict[str, Function] = OrderedDict()
        self.async_functions: OrderedDict[str, Function] = OrderedDict()
        self._check_names([_name(tool) for tool in self.tools] + [name for _, name in async_tools])
        if auto_register:
            for tool in self.tools:
                self.register(tool)
            for fn, tool_name in async_tools:
                if self._is_wanted(tool_name):
                    self.async_functions[tool_name] = self._function(fn, tool_name)

    def _check_names(self, known: list[str]) -> None:
        for setting in ("include_tools", "exclude_tools"):
            for name in getattr(self, setting) or ():
                if known and name not in known:
                    raise ValueError(f"{setting}= of {self.name!r} names {name!r}; its tools are {', '.join(known)}.")
        for setting in ("requires_confirmation_tools", "external_execution_required_tools"):
            for name in getattr(self, setting):
                if known and name not in known:
                    log_warning(f"{setting}= of {self.name!r} names {name!r}; its tools are {', '.join(known)}")

    def _is_wanted(self, name: str) -> bool:
        if self.include_tools is not None and name not in self.include_tools:
            return False
        return name not in (self.exclude_tools or ())

    def register(self, function: Callable[..., Any] | Function, name: str | None = None) -> None:
        """Add a tool, unless `include_tools` or `exclude_tools` leave its name out."""
        tool_name = name or _name(function)
        if self._is_wanted(tool_name):
            self.functions[tool_name] = self._function(function, tool_name)

    def _function(self, tool: Callable[..., Any] | Function, name: str) -> Function:
        if isinstance(tool, Function):
            function = tool.bound(self).model_copy(update={"name": name})
        else:
            function = Function(
                name=name,
                entrypoint=tool,
                requires_confirmation=name in self.requires_confirmation_tools or None,
                external_execution=name in self.external_execution_required_tools or None,
                cache_results=self.cache_results,
                cache_dir=self.cache_dir,
                cache_ttl=self.cache_ttl,
            )
        function.owning_toolkit = self
        if name in self.requires_confirmation_tools:
            function.requires_confirmation = True
        if name in self.external_execution_required_tools:
            function.external_execution = True
        if name in self.stop_after_tool_call_tools:
            function.stop_after_tool_call = function.show_result = True
        if name in self.show_result_tools:
            function.show_result = True
        return function

    def get_functions(self) -> dict[str, Function]:
        """The tools of sync runs, by name."""
        return self.functions

    def get_async_functions(self) -> dict[str, Function]:
        """The tools of async runs, by name: an async tool replaces the sync one of the same name."""
        return {**self.functions, **self.async_functions} if self.async_functions else self.functions

    def connect(self) -> Any:
        """Open what the tools need, such as a connection. Called before each run if `requires_connect` is set."""
        self.is_connected = True

    def close(self) -> Any:
        """Close what `connect` opened. Called after each run if `requires_connect` is set."""
        self.is_connected = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name} functions={list(self.functions)}>"

    __str__ = __repr__


def _name(tool: Callable[..., Any] | Function) -> str:
    return tool.name if isinstance(tool, Function) else name_of(tool)


__all__ = ["Toolkit"]
