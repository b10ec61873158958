"""Reading the arguments of a tool call, and keeping results of toolkit methods. Nothing a model said is evaluated."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from agno._io import ASYNC, IO, SYNC, drive
from agno.utils.result_cache import ResultCache, cache_key

C = TypeVar("C", bound=Callable[..., Any])
_WORDS = {"none": None, "null": None, "true": True, "false": False}


class Callee(Protocol):
    """What is asked of an `agno.tools.Function` here."""

    name: str
    parameters: dict[str, Any]
    strict: bool | None

    def process_entrypoint(self, strict: bool = False) -> None: ...

    def call(self, arguments: dict[str, Any] | None, call_id: str | None) -> Any: ...

    def takes_none(self, name: str) -> bool: ...


def get_function_call(
    name: str,
    arguments: Any = None,
    call_id: str | None = None,
    functions: Mapping[str, Callee] | None = None,
) -> Any:
    """The `FunctionCall` a model asked for; None for a function that is not there. Bad arguments are told in its `error`."""
    function = (functions or {}).get(name)
    if function is None:
        return None
    function.process_entrypoint(strict=bool(function.strict))
    try:
        return function.call(parse_arguments(arguments, function), call_id)
    except ValueError as error:
        call = function.call(None, call_id)
        call.error = str(error)
        return call


def parse_arguments(text: Any, function: Callee) -> dict[str, Any]:
    """The arguments of a call as a dict. Raises ValueError, saying what was received."""
    value = _decoded(text, function.name)
    if value is None or value == []:
        return {}
    if not isinstance(value, dict) or not _TEXT.issuperset(map(type, value)):
        raise ValueError(f"The arguments of {function.name!r} are {text!r}; they must be a JSON object.")
    for key, item in value.items():
        if isinstance(item, str) and len(item) <= 16:
            value[key] = _cleaned(item, key, function)
    return value


def _decoded(text: Any, name: str) -> Any:
    if not isinstance(text, str):
        return text if text is not None and not isinstance(text, Mapping) else dict(text or {})
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        if not text.strip():
            return {}
        try:
            return ast.literal_eval(text.strip())
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            raise ValueError(f"The arguments of {name!r} are no JSON object ({error}): {text[:200]!r}") from error


_TEXT = frozenset({str})


def _cleaned(value: str, name: str, function: Callee) -> Any:
    """`"true"` where no text is wanted becomes True, and so on for false; `"null"` and `"none"` where None is allowed."""
    if (word := value.strip().lower()) not in _WORDS:
        return value
    if not _wants_text((function.parameters.get("properties") or {}).get(name, {})):
        return _WORDS[word]
    return None if _WORDS[word] is None and function.takes_none(name) else value


def _wants_text(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    if kind == "string" or "enum" in schema or (isinstance(kind, list) and "string" in kind):
        return True
    return any(_wants_text(item) for item in schema.get("anyOf") or () if isinstance(item, Mapping))


def cache_result(enable_cache: bool = True, cache_dir: str | None = None, cache_ttl: int = 3600) -> Callable[[C], C]:
    """Keep what a function returns in a file, for `cache_ttl` seconds.

    A method of an object with `cache_results`, `cache_dir` and `cache_ttl` (a Toolkit) goes by these. Generators are
    not kept.
    """

    def decorate(fn: C) -> C:
        if not enable_cache or inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
            return fn
        keeper = _Keeper(fn, cache_dir, cache_ttl)

        def sync(*args: Any, **kwargs: Any) -> Any:
            return drive(keeper.get(SYNC, args, kwargs))

        async def asynchronous(*args: Any, **kwargs: Any) -> Any:
            return await keeper.get(ASYNC, args, kwargs)

        face: Any = functools.wraps(fn)(asynchronous if inspect.iscoroutinefunction(fn) else sync)
        return face  # type: ignore[no-any-return]  # it has the signature of fn

    return decorate


class _Keeper:
    """Where the results of one function are kept."""

    def __init__(self, fn: Callable[..., Any], cache_dir: str | None, ttl: int) -> None:
        self.fn, self.cache_dir, self.ttl = fn, cache_dir, ttl
        self.signature = inspect.signature(fn)
        self.is_method = next(iter(self.signature.parameters), None) == "self"

    async def get(self, io: IO, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The kept result, or a fresh one."""
        cache = self._cache(args, kwargs)
        if cache is None:
            return await io.call(self.fn, *args, **kwargs)
        if (found := await io.call(cache.read)) is not None:
            return found[0]
        result = await io.call(self.fn, *args, **kwargs)
        await io.call(cache.write, result)
        return result

    def _cache(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ResultCache | None:
        owner = args[0] if self.is_method and args else None
        if not getattr(owner, "cache_results", True):
            return None
        given = dict(self.signature.bind(*args, **kwargs).arguments)
        if self.is_method:
            given.pop("self", None)
        folders = (self.fn.__module__, self.fn.__qualname__)
        return ResultCache(
            folders,
            cache_key(self.fn.__name__, {}, given),
            cache_dir=getattr(owner, "cache_dir", None) or self.cache_dir,
            ttl=getattr(owner, "cache_ttl", self.ttl),
        )


__all__ = ["cache_result", "get_function_call", "parse_arguments"]
