"""`@tool`: a function, described for models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from agno.tools.function import Function, described, name_of
from agno.utils.log import log_warning

_OPTIONS = (
    "name", "description", "strict", "instructions", "add_instructions", "show_result", "stop_after_tool_call",
    "requires_confirmation", "requires_user_input", "external_execution", "external_execution_silent",
    "user_input_fields", "pre_hook", "post_hook", "tool_hooks", "cache_results", "cache_dir", "cache_ttl",
    "tool_call_limit", "approval_type",
)  # fmt: skip
_WAITS = ("requires_confirmation", "requires_user_input", "external_execution")


@overload
def tool(fn: Callable[..., Any], /) -> Function: ...
@overload
def tool(**options: Any) -> Callable[[Callable[..., Any]], Function]: ...
def tool(fn: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function a tool: `@tool`, or `@tool(requires_confirmation=True, ...)`.

    Options:
        name, description: What the model reads, instead of the function's name and docstring.
        instructions, add_instructions: Text for the system message, and whether it goes there (True).
        strict: Whether the provider is asked to hold the model to the schema.
        show_result: Show the result to the user as a part of the answer.
        stop_after_tool_call: End the run after this call; its result is shown.
        requires_confirmation: The run pauses until a person confirmed or rejected the call.
        requires_user_input: The run pauses until a person filled in the values.
        user_input_fields: The parameters that only a person fills in; sets requires_user_input.
        external_execution: The run pauses until the tool's result was given by whoever executed it.
        external_execution_silent: With external_execution: the content of the paused run does not mention the call.
        approval_type: "required" or "audit"; see `agno.approval`.
        pre_hook, post_hook: Functions that are called before and after each call.
        tool_hooks: Functions around each call, the first one outermost.
        cache_results, cache_dir, cache_ttl: Keep results in files, for `cache_ttl` seconds (3600).
        tool_call_limit: At most this many calls of the tool in one run.

    Raises ValueError for an unknown option, and if more than one of requires_confirmation, requires_user_input and
    external_execution is set.
    """
    if fn is not None:
        return _function(fn, options)
    _check(options)
    return lambda function: _function(function, options)


def _check(options: dict[str, Any]) -> None:
    for name in options:
        if name not in _OPTIONS:
            raise ValueError(f"@tool has no option {name!r}. Options: {', '.join(_OPTIONS)}.")
    waits = [name for name in _WAITS if options.get(name)]
    if len(waits) > 1:
        raise ValueError(f"@tool got {' and '.join(waits)}; a tool waits for a person in one way only.")


def _function(fn: Callable[..., Any], given: dict[str, Any]) -> Function:
    if not callable(fn):
        raise ValueError(f"@tool decorates a function, not {fn!r}.")
    # copied lists: one decorator may serve several functions
    options: dict[str, Any] = {k: list(v) if isinstance(v, list) else v for k, v in given.items() if v is not None}
    if options.get("user_input_fields"):
        options["requires_user_input"] = True
        _check(options)
    if options.get("stop_after_tool_call"):
        options.setdefault("show_result", True)
    options.setdefault("name", name_of(fn))
    function = Function(entrypoint=fn, **options)
    function.process_entrypoint(strict=bool(function.strict))
    if unknown := sorted(set(function.user_input_fields or ()) - _parameters(fn)):
        log_warning(f"user_input_fields= of tool {function.name!r} names {unknown[0]!r}, which is no parameter of it")
    return function


def _parameters(fn: Callable[..., Any]) -> set[str]:
    return set(described(fn).parameters["properties"])


__all__ = ["tool"]
