"""Running one tool call: hooks around the cache around the function."""

from __future__ import annotations

import hashlib
import inspect
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from agno._io import IO, SYNC, drive
from agno.exceptions import AgentRunException, RunCancelledException
from agno.run.base import BaseRunOutputEvent
from agno.tools.function import EXECUTE, FunctionCall, FunctionExecutionResult, ToolResult, described
from agno.utils.log import log_exception, log_warning
from agno.utils.parameters import accepted


async def execute(io: IO, call: FunctionCall, scope: Mapping[str, Any]) -> AsyncGenerator[Any, None]:
    """Run a call. Gives what a generator tool yields; how it ended is put on `call.outcome`.

    An ordinary exception of the tool is a failed outcome; `AgentRunException` and a cancelled run travel.
    """
    try:
        arguments = call.function.validated(call.arguments or {})
        await _call_hook(io, call.function.pre_hook, call, scope)
        async with aclosing(_run(io, call, arguments, scope)) as items:
            async for item in items:
                yield item
        await _call_hook(io, call.function.post_hook, call, scope)
    except (AgentRunException, RunCancelledException):
        raise
    except Exception as error:  # the border: the model reads what went wrong
        call.error = str(error) or type(error).__name__
        call.outcome = FunctionExecutionResult(status="failure", error=call.error)


EXECUTE.append(execute)


async def _call_hook(io: IO, hook: Callable[..., Any] | None, call: FunctionCall, scope: Mapping[str, Any]) -> None:
    if hook is None:
        return
    try:
        await io.call(hook, **accepted(hook, {**scope, "fc": call}))
    except AgentRunException:
        raise
    except Exception:
        log_exception(f"a hook of tool {call.function.name!r} failed; the call goes on")


async def _run(
    io: IO, call: FunctionCall, arguments: dict[str, Any], scope: Mapping[str, Any]
) -> AsyncGenerator[Any, None]:
    function = call.function
    fn = function.entrypoint
    if fn is None:
        raise ValueError(f"Tool {function.name!r} has no function to run.")
    generator = inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn)
    cache = None if generator or not function.cache_results else ResultCache(call, arguments)
    if cache is not None and (kept := cache.read()) is not None:
        _finish(call, kept[0])
        return
    hooks = [*(scope.get("tool_hooks") or ()), *(function.tool_hooks or ())]
    injected = {} if function.skip_entrypoint_processing else _injected(fn, call, scope)
    if generator and not hooks:
        async with aclosing(_collect(io, call, fn, {**arguments, **injected}, scope)) as items:
            async for item in items:
                yield item
        return
    result = await _through_hooks(io, hooks, call, arguments, injected, scope)
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        async with aclosing(_collect(io, call, lambda: result, {}, scope)) as items:
            async for item in items:
                yield item
        return
    if cache is not None:
        cache.write(result)
    _finish(call, result)


def _injected(fn: Callable[..., Any], call: FunctionCall, scope: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for name, source in described(fn).injected.items():
        values[name] = call if source == "fc" else scope.get(source)
    return values


async def _through_hooks(
    io: IO,
    hooks: list[Callable[..., Any]],
    call: FunctionCall,
    arguments: dict[str, Any],
    injected: dict[str, Any],
    scope: Mapping[str, Any],
) -> Any:
    """Call the function through its hooks; the first hook is the outermost."""
    fn: Any = call.function.entrypoint

    async def entry(**given: Any) -> Any:
        return await io.call(fn, **{**given, **injected})

    link: Callable[..., Awaitable[Any]] = entry
    for hook in reversed(hooks):
        if inspect.iscoroutinefunction(hook) and not io.is_async:
            log_warning(f"the async hook {hook.__name__!r} of tool {call.function.name!r} is skipped in a sync run")
            continue
        link = _linked(io, hook, link, call, scope)
    return await link(**arguments)


def _linked(
    io: IO, hook: Callable[..., Any], inner: Callable[..., Awaitable[Any]], call: FunctionCall, scope: Mapping[str, Any]
) -> Callable[..., Awaitable[Any]]:
    async def link(**arguments: Any) -> Any:
        next_link: Callable[..., Any] = inner
        if not inspect.iscoroutinefunction(hook):
            next_link = _blocking(io, inner)
        offered = {**scope}
        for name in ("name", "function_name"):
            offered[name] = call.function.name
        for name in ("function", "func", "function_call"):
            offered[name] = next_link
        for name in ("args", "arguments"):
            offered[name] = arguments
        return await io.call(hook, **accepted(hook, offered))

    return link


def _blocking(io: IO, inner: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    """The next link as a plain function, for a plain hook: it runs in the hook's own thread."""

    def proceed(**arguments: Any) -> Any:
        if not io.is_async:
            return drive(inner(**arguments))  # type: ignore[arg-type]  # links are coroutine functions
        return drive(_in_this_thread(inner, arguments))

    async def _in_this_thread(link: Callable[..., Awaitable[Any]], arguments: dict[str, Any]) -> Any:
        return await SYNC.call(lambda: link(**arguments))

    return proceed


async def _collect(
    io: IO, call: FunctionCall, fn: Callable[..., Any], arguments: dict[str, Any], scope: Mapping[str, Any]
) -> AsyncGenerator[Any, None]:
    """A generator tool: events pass, text is collected."""
    text: list[str] = []
    async with aclosing(io.stream(fn, fn, **arguments)) as items:
        async for item in items:
            if isinstance(item, BaseRunOutputEvent):
                if (said := _said(item)) is not None:
                    text.append(said)
                if hasattr(item, "tool_call_id") and item.tool_call_id is None:
                    item.tool_call_id = call.call_id
            else:
                text.append(item.content if isinstance(item, ToolResult) else str(item))
            yield item
    _finish(call, "".join(text))


def _said(event: BaseRunOutputEvent) -> str | None:
    if event.event not in ("RunContent", "TeamRunContent"):
        return None
    content = getattr(event, "content", None)
    dump = getattr(content, "model_dump_json", None)
    return dump() if dump is not None else None if content is None else str(content)


def _finish(call: FunctionCall, result: Any) -> None:
    outcome = FunctionExecutionResult(status="success", result=result)
    if isinstance(result, ToolResult):
        outcome.result = result.content
        outcome.images, outcome.videos = result.images, result.videos
        outcome.audios, outcome.files = result.audios, result.files
    call.result, call.outcome = outcome.result, outcome


def cache_key(name: str, entrypoint_args: dict[str, Any], call_args: dict[str, Any]) -> str:
    """The file name of a cached result."""
    text = f"{name}:{entrypoint_args}:{sorted(call_args.items())}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class ResultCache:
    """The kept result of one call."""

    def __init__(self, call: FunctionCall, arguments: dict[str, Any]) -> None:
        function = call.function
        base = Path(function.cache_dir) if function.cache_dir else Path(tempfile.gettempdir()) / "agno_cache"
        self.path = base / "functions" / function.name / f"{cache_key(function.name, {}, arguments)}.json"
        self.ttl = function.cache_ttl

    def read(self) -> tuple[Any] | None:
        """The result, wrapped so that a kept None differs from nothing kept."""
        try:
            kept = msgspec.json.decode(self.path.read_bytes())
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        if time.time() - kept["timestamp"] > self.ttl:
            self.path.unlink(missing_ok=True)
            return None
        return (kept["result"],)

    def write(self, result: Any) -> None:
        """Keep a result that JSON can hold."""
        try:
            content = msgspec.json.encode({"timestamp": time.time(), "result": result})
        except TypeError:
            log_warning(f"the result at {self.path.parent.name} cannot be cached: {type(result).__name__} is no JSON")
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(content)


__all__ = ["ResultCache", "cache_key", "execute"]
