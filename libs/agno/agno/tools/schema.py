"""What is known of a function: its schema from hints and docstring, what is injected, and how arguments are checked.

Looked up once per function object; nothing here is asked again when a tool runs.
"""

from __future__ import annotations

import functools
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from docstring_parser import ParseError
from docstring_parser import parse as parse_docstring
from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

from agno.run.context import RunContext
from agno.utils.json_schema import allows_none, inlined, json_schema, strict
from agno.utils.log import log_warning

# filled in by the framework; never shown to the model, never taken from it
INJECTED = frozenset(
    {"agent", "team", "session_state", "dependencies", "run_context", "images", "videos", "audios", "files", "fc"}
)

_UNRESOLVABLE = (NameError, TypeError, AttributeError, SyntaxError)


class ArgumentError(ValueError):
    """The model's arguments do not fit the function."""


@dataclass
class Described:
    """What is known of a callable. Shared by all runs, so nothing of a run is put here."""

    description: str = ""
    parameters: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}, "required": []})
    injected: dict[str, str] = field(default_factory=dict)  # parameter name -> what it gets
    contexts: tuple[str, ...] = ()  # the injected ones that say by their annotation that they want the run context
    hints: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    positional: tuple[str, ...] = ()
    accepts_any: bool = False
    streams: bool = False  # a generator function of either colour
    checks: dict[str, Callable[[Any], Any] | None] = field(default_factory=dict)

    def takes_none(self, name: str) -> bool:
        """True if None is a value the parameter allows."""
        return allows_none(self.hints.get(name, Any)) or self.defaults.get(name, ...) is None

    def own(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments without those that only the framework may give."""
        if not self.injected or self.injected.keys().isdisjoint(arguments):
            return dict(arguments)
        return {name: value for name, value in arguments.items() if name not in self.injected}

    def validated(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments as the types that the function declares. Raises ArgumentError saying which one is wrong."""
        for name in self.parameters["required"]:
            if name not in arguments:
                raise ArgumentError(f"{tool} needs the parameter {name!r}. Parameters: {self._names()}.")
        hints = self.hints
        result = {}
        for name, value in arguments.items():
            hint = hints.get(name)
            if hint is None:
                if name not in self.parameters["properties"] and name not in hints and not self.accepts_any:
                    raise ArgumentError(f"{tool} has no parameter {name!r}. Parameters: {self._names()}.")
            elif type(value) is not hint and hint is not Any:
                value = self._checked(tool, name, hint, value)
            result[name] = value
        return result

    def _checked(self, tool: str, name: str, hint: Any, value: Any) -> Any:
        if value is None and self.takes_none(name):
            return None
        if name not in self.checks:
            self.checks[name] = _checker(hint)
        check = self.checks[name]
        try:
            return value if check is None else check(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join([name, *map(str, first["loc"])])
            raise ArgumentError(f"{tool}: {place}={first['input']!r} is not valid: {first['msg']}.") from error

    def _names(self) -> str:
        return ", ".join(self.parameters["properties"]) or "none"


def _checker(hint: Any) -> Callable[[Any], Any] | None:
    """What turns a value into the hinted type; None for hints that pydantic cannot check."""
    for config in (ConfigDict(arbitrary_types_allowed=True), None):  # models and dataclasses allow no config here
        try:
            return TypeAdapter(hint, config=config).validate_python
        except (PydanticUserError, NameError, TypeError):
            continue
    return None


# Looking up -----------------------------------------------------------------------------------------------------------

# Bound methods are made anew at each access, so what is known of them is kept under their function: once for all
# instances, and apart from what is known of the function itself, which has one parameter more.
_functions: WeakKeyDictionary[Any, Described] = WeakKeyDictionary()
_methods: WeakKeyDictionary[Any, Described] = WeakKeyDictionary()


def described(fn: Callable[..., Any]) -> Described:
    """What is known of a callable, from the cache."""
    inner = getattr(fn, "__func__", None)
    known, key = (_functions, fn) if inner is None else (_methods, inner)
    try:
        return known[key]
    except (KeyError, TypeError):
        found = describe(fn)
    try:
        known[key] = found
    except TypeError:  # cannot be weakly referenced: described anew each time
        pass
    return found


def describe(fn: Callable[..., Any]) -> Described:
    """Look at a function."""
    try:
        parameters = inspect.signature(fn).parameters
    except ValueError as error:
        raise ValueError(
            f"{fn!r} has no signature that could be read; wrap it in a function with type hints."
        ) from error
    description, notes = _documented(fn)
    known = Described(description=description, streams=_streams(fn))
    hints = type_hints(fn)
    settled = {"self", *(fn.keywords if isinstance(fn, functools.partial) else ())}
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            known.accepts_any = True
        elif parameter.kind is not parameter.VAR_POSITIONAL and name not in settled:
            _add(known, parameter, hints.get(name, parameter.annotation), notes.get(name))
    return known


def _add(known: Described, parameter: inspect.Parameter, hint: Any, note: str | None) -> None:
    name = parameter.name
    if parameter.default is not parameter.empty:
        known.defaults[name] = parameter.default
    if parameter.kind is parameter.POSITIONAL_ONLY:
        known.positional += (name,)
    if _wants_context(hint):
        known.injected[name] = "run_context"
        known.contexts += (name,)
        return
    if name in INJECTED:
        known.injected[name] = name
        return
    known.hints[name] = Any if hint is parameter.empty or isinstance(hint, str) else hint
    try:
        schema = json_schema(hint)
    except (PydanticUserError, NameError, TypeError, AttributeError) as error:
        log_warning(f"the parameter {name!r} cannot be described to a model and is left out: {error}")
        return
    if note:
        schema["description"] = note
    known.parameters["properties"][name] = schema
    if name not in known.defaults:
        known.parameters["required"].append(name)


def _underlying(fn: Any) -> Any:
    """The function below partials, decorators and objects with `__call__`."""
    while True:
        if isinstance(fn, functools.partial):
            fn = fn.func
        elif hasattr(fn, "__wrapped__"):
            fn = fn.__wrapped__
        elif not inspect.isroutine(fn) and not inspect.isclass(fn) and inspect.isroutine(getattr(fn, "__call__", None)):  # noqa: B004
            fn = type(fn).__call__
        else:
            return fn


def _streams(fn: Any) -> bool:
    # not below decorators: a wrapper around a generator function may collect what it gives
    while isinstance(fn, functools.partial):
        fn = fn.func
    if not inspect.isroutine(fn):
        fn = getattr(type(fn), "__call__", fn)  # noqa: B004
    return inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn)


def _documented(fn: Any) -> tuple[str, dict[str, str]]:
    """The description, and what the docstring says about the parameters."""
    text = inspect.getdoc(_underlying(fn))
    if not text:
        return "", {}
    try:
        doc = parse_docstring(text)
    except ParseError:
        return text, {}
    notes = {}
    for parameter in doc.params:
        kind = f"({parameter.type_name}) " if parameter.type_name else ""
        if parameter.description:
            notes[parameter.arg_name] = kind + parameter.description
    return "\n\n".join(part for part in (doc.short_description, doc.long_description) if part), notes


def type_hints(fn: Callable[..., Any]) -> dict[str, Any]:
    """Resolved annotations; one that cannot be resolved (a name under TYPE_CHECKING) is left as text."""
    target = _underlying(fn)
    try:
        return typing.get_type_hints(target, include_extras=True)
    except _UNRESOLVABLE:
        pass
    found: dict[str, Any] = {}
    scope = getattr(target, "__globals__", {})
    for name, hint in getattr(target, "__annotations__", {}).items():
        one = types.SimpleNamespace(__annotations__={name: hint})
        try:
            found.update(typing.get_type_hints(one, scope, include_extras=True))
        except _UNRESOLVABLE:
            found[name] = hint
    return found


def _wants_context(hint: Any) -> bool:
    if isinstance(hint, str):  # not resolved; this is still what it says
        return re.search(r"\bRunContext\b", hint) is not None
    return hint is RunContext or RunContext in typing.get_args(hint)


__all__ = [
    "INJECTED",
    "ArgumentError",
    "Described",
    "describe",
    "described",
    "inlined",
    "json_schema",
    "strict",
    "type_hints",
]
