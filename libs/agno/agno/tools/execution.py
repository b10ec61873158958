"""Running one tool call: hooks around the cache around the function."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from types import AsyncGeneratorType, GeneratorType
from typing import TYPE_CHECKING, Any

from agno._io import ASYNC, IO, Give, drive, is_coroutine_function, silent, thread_io
from agno.exceptions import AgentRunException, RunCancelledException
from agno.run.base import BaseRunOutputEvent
from agno.tools._results import Deferred, FunctionExecutionResult, RunsInside, ToolResult
from agno.tools.schema import ArgumentError, Described
from agno.utils.blank import bare
from agno.utils.log import log_exception, log_warning, logger
from agno.utils.parameters import accepted
from agno.utils.result_cache import ResultCache, cache_key

if TYPE_CHECKING:
    from agno.tools.function import FunctionCall

Link = Callable[..., Awaitable[Any]]
_TRAVELS = (AgentRunException, RunCancelledException)
# a hook that asks for one of these gets None where a call is made outside of a run
_ABSENT: dict[str, Any] = dict.fromkeys(
    ("agent", "team", "session_state", "dependencies", "run_context", "images", "videos", "audios", "files")
)
_DATA = frozenset({str, int, float, bool, dict, list, type(None)})  # results that are nothing but what they say
_CONTENT_EVENTS = frozenset({"RunContent", "TeamRunContent"})


async def execute(io: IO, call: FunctionCall, scope: Mapping[str, Any], give: Give = silent) -> None:
    """Run a call. The events that a generator tool yields are given out; how it ended is put on `call.outcome`.

    An ordinary exception of the tool is a failed outcome; `AgentRunException` and a cancelled run travel.
    """
    function = call.function
    try:
        if function.pre_hook is not None:
            await _call_hook(io, function.pre_hook, call, scope)
        begun = await _started(io, call, scope)
        if isinstance(begun, Deferred):
            _succeed(call, await begun.work(io, give))
        elif begun is not None:
            await _collect(io, call, begun, give)
        if "session_state" in scope and call.outcome is not None:
            call.outcome.updated_session_state = scope["session_state"]
        if function.post_hook is not None:
            await _call_hook(io, function.post_hook, call, scope)
    except _TRAVELS:
        raise
    except ArgumentError as error:  # the model's mistake, and the model reads it
        _fail(call, error)
    except Exception as error:  # the border: the model reads what went wrong
        log_warning(
            f"tool {function.name!r} failed: {error!r}",
            exc_info="debug_mode" in scope or logger.isEnabledFor(logging.DEBUG),
        )
        _fail(call, error)


async def _call_hook(io: IO, hook: Callable[..., Any], call: FunctionCall, scope: Mapping[str, Any]) -> None:
    try:
        await io.call(hook, **accepted(hook, {**_ABSENT, **scope, "fc": call}))
    except _TRAVELS:
        raise
    except Exception:
        log_exception(f"a hook of tool {call.function.name!r} failed; the call goes on")


async def _started(io: IO, call: FunctionCall, scope: Mapping[str, Any]) -> Any:
    """Call the function, or find its result. What has only begun, a generator or the work of a run, is given back."""
    function = call.function
    if function.entrypoint is None:
        raise ValueError(f"Tool {function.name!r} has no function to run.")
    known = function.known()
    raw = function.skip_entrypoint_processing
    arguments = dict(call.arguments or {}) if raw else known.own(call.arguments or {})
    cache = None
    if function.cache_results and not known.streams:
        cache = _cache(call, arguments)
        if (kept := await io.call(cache.read)) is not None:
            _succeed(call, kept[0])
            return None
    injected = _injected(known, call, scope, only_contexts=raw) if known.injected else {}
    if function.tool_hooks or scope.get("tool_hooks"):
        entry = functools.partial(_enter, known, function, injected)
        hooks = [*(scope.get("tool_hooks") or ()), *(function.tool_hooks or ())]
        result = await _chain(io, _wanted(io, hooks, function.name), entry, call, scope)(**arguments)
    else:
        fn, given = _prepared(known, function, injected, arguments)
        result = fn(**given) if known.streams else await io.call(fn, **given)
    if result.__class__ not in _DATA and isinstance(result, (GeneratorType, AsyncGeneratorType, Deferred)):
        return result
    if cache is not None:
        await io.call(cache.write, result)
    _succeed(call, result)
    return None


def _injected(known: Described, call: FunctionCall, scope: Mapping[str, Any], *, only_contexts: bool) -> dict[str, Any]:
    """What the framework fills in: by name, and the run context by its annotation."""
    values: dict[str, Any] = {}
    for name, source in known.injected.items():
        if only_contexts and name not in known.contexts:
            continue  # with a schema of their own, names such as `files` are the model's
        if source == "fc":
            values[name] = call
        elif source in scope or name not in known.defaults:
            values[name] = scope.get(source)
    return values


async def _enter(known: Described, function: Any, injected: dict[str, Any], io: IO, arguments: dict[str, Any]) -> Any:
    """Call the function itself, behind its hooks; injected values win over whatever a hook passes."""
    raw = function.skip_entrypoint_processing
    fn, given = _prepared(known, function, injected, arguments if raw else known.own(arguments))
    return fn(**given) if known.streams else await io.call(fn, **given)  # a generator runs nothing yet


def _prepared(
    known: Described, function: Any, injected: dict[str, Any], arguments: dict[str, Any]
) -> tuple[Callable[..., Any], dict[str, Any]]:
    """What is called, with which arguments."""
    if not function.skip_entrypoint_processing:
        arguments = known.validated(function.name, arguments)
    if injected:
        arguments = {**arguments, **injected}
    fn = function.entrypoint
    if known.positional:
        given = [arguments.pop(name) for name in known.positional if name in arguments]
        fn = functools.partial(fn, *given)
    return fn, arguments


# Hooks around the function -------------------------------------------------------------------------------------------


def _wanted(io: IO, hooks: list[Callable[..., Any]], tool: str) -> list[Callable[..., Any]]:
    """A sync run cannot give an async hook the next link to await: it is left out."""
    if io.is_async:
        return hooks
    for hook in hooks:
        if is_coroutine_function(hook):
            name = getattr(hook, "__name__", type(hook).__name__)
            log_warning(f"the async hook {name!r} of tool {tool!r} is skipped in a sync run; use arun")
    return [hook for hook in hooks if not is_coroutine_function(hook)]


def _chain(
    io: IO, hooks: Sequence[Callable[..., Any]], entry: Link, call: FunctionCall, scope: Mapping[str, Any]
) -> Link:
    """The function behind its hooks; the first one is the outermost."""
    if not hooks:

        async def innermost(**arguments: Any) -> Any:
            return await entry(io, arguments)

        return innermost
    hook, rest = hooks[0], hooks[1:]

    async def link(**arguments: Any) -> Any:
        async with _inside(io, hook) as inner_io:
            inner = _chain(inner_io, rest, entry, call, scope)
            proceed: Callable[..., Any] = inner if inner_io.is_async else _plain(inner)
            name = call.function.name
            offered = {**_ABSENT, **scope, "name": name, "function_name": name, "args": arguments}
            offered["arguments"] = arguments
            offered.update(dict.fromkeys(("function", "func", "function_call"), proceed))
            return await io.call(hook, **accepted(hook, offered))

    return link


def _inside(io: IO, hook: Callable[..., Any]) -> AbstractAsyncContextManager[IO]:
    """The port for what lies inside of a hook.

    Inside a plain hook it runs in the thread of that hook: a second worker thread for it could have to wait for hooks
    which wait for it. What must be awaited goes to the loop of the run.
    """
    if is_coroutine_function(hook):
        return nullcontext(io if io.is_async else ASYNC)
    return thread_io(io)


def _plain(link: Link) -> Callable[..., Any]:
    def proceed(**arguments: Any) -> Any:
        return drive(link(**arguments))  # type: ignore[arg-type]  # links are coroutine functions

    return proceed


# How it ended --------------------------------------------------------------------------------------------------------


async def _collect(io: IO, call: FunctionCall, generator: Any, give: Give) -> None:
    """Iterate a generator tool: events pass, text is collected and joined."""
    text: list[str] = []
    outcome = FunctionExecutionResult(status="success")
    async with aclosing(io.stream(lambda: generator, lambda: generator)) as items:
        async for item in items:
            if isinstance(item, BaseRunOutputEvent):
                if (said := _said(item)) is not None:
                    text.append(said)
                if getattr(item, "tool_call_id", "") is None:
                    item.tool_call_id = call.call_id  # type: ignore[attr-defined]  # of custom events
                await give(item)
            elif item is not None:
                if isinstance(item, ToolResult):
                    outcome.add_media(item)
                    item = item.content
                text.append(str(item))
    call.result = outcome.result = "".join(text)
    call.outcome = outcome


def _said(event: BaseRunOutputEvent) -> str | None:
    """The text that an event of a nested run adds to the tool's result."""
    content = getattr(event, "content", None) if event.event in _CONTENT_EVENTS else None
    dump = getattr(content, "model_dump_json", None)
    return dump() if dump is not None else None if content is None else str(content)


def _succeed(call: FunctionCall, result: Any) -> None:
    outcome = bare(FunctionExecutionResult)
    outcome.status, outcome.result = "success", result
    if result.__class__ in _DATA:
        call.result, call.outcome = result, outcome
        return
    if isinstance(result, RunsInside):
        outcome.inside, outcome.result = result, result.result
        if result.result is None:
            outcome.status = "waiting"
        elif result.failed:
            outcome.status, outcome.error = "failure", result.result
    if isinstance(result, ToolResult):
        outcome.result = result.content
        outcome.add_media(result)
        if (result.metadata or {}).get("is_error"):  # a server said that its tool failed
            outcome.status, outcome.error = "failure", result.content
    call.result, call.outcome = outcome.result, outcome


def _fail(call: FunctionCall, error: Exception) -> None:
    call.error = str(error) or type(error).__name__
    call.outcome = FunctionExecutionResult(status="failure", error=call.error, error_type=type(error).__name__)


def _cache(call: FunctionCall, arguments: dict[str, Any]) -> ResultCache:
    function = call.function
    key = cache_key(function.name, {}, arguments)
    return ResultCache((function.name,), key, cache_dir=function.cache_dir, ttl=function.cache_ttl)


__all__ = ["ResultCache", "cache_key", "execute"]
