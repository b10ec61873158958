"""A function that a model can call, and one call of it."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter, ValidationError

from agno._io import ASYNC, SYNC, drive
from agno.media import Audio, File, Image, Video
from agno.models.response import FIELD_TYPES, UserInputField
from agno.tools.schema import Described, describe
from agno.tools.schema import strict as strict_schema

F = TypeVar("F", bound="Function")

_described: WeakKeyDictionary[Any, Described] = WeakKeyDictionary()
_adapters: WeakKeyDictionary[Any, dict[str, TypeAdapter[Any]]] = WeakKeyDictionary()


def _key(fn: Callable[..., Any]) -> Any:
    return getattr(fn, "__func__", fn)


def described(fn: Callable[..., Any]) -> Described:
    """What is known of a callable, from the cache."""
    key = _key(fn)
    try:
        return _described[key]
    except (KeyError, TypeError):
        found = describe(fn)
        try:
            _described[key] = found
        except TypeError:
            pass  # cannot be weakly referenced: described anew each time
        return found


def _empty_schema() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "required": []}


@dataclass
class ToolResult:
    """A tool's answer with media."""

    content: str = ""
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audios: list[Audio] | None = None
    files: list[File] | None = None
    metadata: dict[str, Any] | None = None


@dataclass
class Function:
    """A function that a model can call: its name, description and parameters, and how it is to be run."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] = field(default_factory=_empty_schema)
    strict: bool | None = None
    instructions: str | None = None
    add_instructions: bool = True
    entrypoint: Callable[..., Any] | None = None
    skip_entrypoint_processing: bool = False
    show_result: bool = False
    stop_after_tool_call: bool = False
    pre_hook: Callable[..., Any] | None = None
    post_hook: Callable[..., Any] | None = None
    tool_hooks: list[Callable[..., Any]] | None = None
    requires_confirmation: bool | None = None
    requires_user_input: bool | None = None
    user_input_fields: list[str] | None = None
    user_input_schema: list[UserInputField] | None = None
    external_execution: bool | None = None
    external_execution_silent: bool | None = None
    cache_results: bool = False
    cache_dir: str | None = None
    cache_ttl: int = 3600
    tool_call_limit: int | None = None
    approval_type: str | None = None
    owning_toolkit: Any = None

    def __post_init__(self) -> None:
        self._given_parameters = self.parameters if self.parameters != _empty_schema() else None
        self._processed: bool | None = None
        self._definitions: dict[bool, dict[str, Any]] = {}

    @classmethod
    def from_callable(cls: type[F], c: Callable[..., Any], name: str | None = None, strict: bool = False) -> F:
        """A function from a callable: schema from its hints and docstring."""
        function = cls(name=name or str(getattr(c, "__name__", type(c).__name__)), entrypoint=c)
        function.process_entrypoint(strict=strict)
        return function

    def process_entrypoint(self, strict: bool = False) -> None:
        """Fill in description and parameters. May be called any number of times."""
        if self.skip_entrypoint_processing or self.entrypoint is None or self._processed is strict:
            return
        known = described(self.entrypoint)
        if self.description is None:
            self.description = known.description
        schema = copy.deepcopy(self._given_parameters or known.parameters)
        hidden = set(self.user_input_fields or ())
        if hidden:
            schema["properties"] = {k: v for k, v in schema["properties"].items() if k not in hidden}
            schema["required"] = [k for k in schema.get("required", ()) if k not in hidden]
        self.parameters = strict_schema(schema) if strict else schema
        self._processed = strict

    def definition(self, strict: bool = False) -> dict[str, Any]:
        """What a provider is told in a run; made once, and never changed, so that concurrent runs may share it."""
        strict = strict or bool(self.strict)
        known = self._definitions.get(strict)
        if known is None:
            self.process_entrypoint(strict=bool(self.strict))
            parameters = strict_schema(self.parameters) if strict else self.parameters
            known = {"name": self.name, "description": self.description or "", "parameters": parameters}
            if strict:
                known["strict"] = True
            self._definitions[strict] = known
        return known

    def process_schema_for_strict(self) -> None:
        """Make the parameters strict."""
        self.parameters = strict_schema(self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """What a provider is told: name, description, parameters, strict."""
        known = {
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
            "strict": self.strict,
        }
        return {key: value for key, value in known.items() if value is not None}

    def model_copy(self: F, *, update: dict[str, Any] | None = None, deep: bool = False) -> F:
        """A copy that shares the callable."""
        twin = copy.copy(self)
        twin.parameters = copy.deepcopy(self.parameters)
        twin._definitions = {}
        for key, value in (update or {}).items():
            setattr(twin, key, value)
        return twin

    def validated(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The model's arguments as the types the function declares. Raises ValueError saying which one is wrong."""
        fn = self.entrypoint
        if fn is None or self.skip_entrypoint_processing:
            return arguments
        known = described(fn)
        if not known.accepts_any:
            arguments = {k: v for k, v in arguments.items() if k not in known.injected}
            unknown = [name for name in arguments if name not in known.parameters["properties"]]
            if unknown:
                raise ValueError(
                    f"{self.name} has no parameter {unknown[0]!r}. Parameters: {self._parameter_names(known)}."
                )
        else:
            arguments = {k: v for k, v in arguments.items() if k not in known.injected}
        missing = [name for name in known.parameters["required"] if name not in arguments]
        if missing:
            raise ValueError(
                f"{self.name} needs the parameter {missing[0]!r}. Parameters: {self._parameter_names(known)}."
            )
        return {name: self._checked(fn, known, name, value) for name, value in arguments.items()}

    def _parameter_names(self, known: Described) -> str:
        return ", ".join(known.parameters["properties"]) or "none"

    def _checked(self, fn: Callable[..., Any], known: Described, name: str, value: Any) -> Any:
        hint = known.hints.get(name)
        if hint is None or hint is Any or type(value) is hint:
            return value
        adapters = _adapters.setdefault(_key(fn), {})
        adapter = adapters.get(name)
        if adapter is None:
            adapter = adapters[name] = TypeAdapter(hint)
        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            reason = error.errors()[0]["msg"]
            raise ValueError(f"{self.name}: {name}={value!r} is not valid: {reason}.") from error


@dataclass
class FunctionExecutionResult:
    """How a call ended."""

    status: str  # "success" or "failure"
    result: Any = None
    error: str | None = None
    updated_session_state: dict[str, Any] | None = None
    images: list[Image] | None = None
    videos: list[Video] | None = None
    audios: list[Audio] | None = None
    files: list[File] | None = None


@dataclass
class FunctionCall:
    """One call of a function."""

    function: Function
    arguments: dict[str, Any] | None = None
    result: Any = None
    call_id: str | None = None
    error: str | None = None
    outcome: FunctionExecutionResult | None = None

    def get_call_str(self) -> str:
        """The call as text, long values shortened."""
        shown = ", ".join(f"{k}={_short(v)}" for k, v in (self.arguments or {}).items())
        return f"{self.function.name}({shown})"

    def execute(self, **scope: Any) -> FunctionExecutionResult:
        """Run the call and wait for its end."""
        return drive(_run_to_end(SYNC, self, scope))

    async def aexecute(self, **scope: Any) -> FunctionExecutionResult:
        """`execute` for asyncio."""
        return await _run_to_end(ASYNC, self, scope)


async def _run_to_end(io: Any, call: FunctionCall, scope: dict[str, Any]) -> FunctionExecutionResult:
    async for _ in EXECUTE[0](io, call, scope):
        pass
    assert call.outcome is not None
    return call.outcome


EXECUTE: list[Any] = []  # set by agno.tools.execution, which imports this module


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else "..."


def user_input_schema(function: Function, arguments: dict[str, Any]) -> list[UserInputField]:
    """All parameters as fields for a person to fill in; what the model gave is filled in already."""
    if function.name == "get_user_input":
        return [
            UserInputField(
                name=item.get("field_name", ""),
                field_type=FIELD_TYPES.get(str(item.get("field_type")), str),
                description=item.get("field_description"),
            )
            for item in arguments.get("user_input_fields") or ()
            if isinstance(item, dict)
        ]
    if function.entrypoint is None:
        return []
    known = described(function.entrypoint)
    return [
        UserInputField(
            name=name,
            field_type=_field_type(known.hints.get(name)),
            description=schema.get("description"),
            value=arguments.get(name),
        )
        for name, schema in known.parameters["properties"].items()
    ]


def _field_type(hint: Any) -> type:
    return hint if hint in FIELD_TYPES.values() else str


def is_async(fn: Callable[..., Any]) -> bool:
    """True for coroutine functions and async generator functions."""
    return inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn)


__all__ = [
    "Function",
    "FunctionCall",
    "FunctionExecutionResult",
    "ToolResult",
    "UserInputField",
    "described",
    "user_input_schema",
]
