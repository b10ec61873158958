"""A function that a model can call, and one call of it."""

from __future__ import annotations

import copy
import functools
import inspect
import operator
import shutil
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agno._io import ASYNC, IO, SYNC, drive
from agno.models.response import FIELD_TYPES, UserInputField
from agno.tools._results import FunctionExecutionResult, ToolResult
from agno.tools.execution import execute
from agno.tools.schema import Described, described
from agno.utils.json_schema import can_be_strict
from agno.utils.json_schema import strict as strict_schema

F = TypeVar("F", bound="Function")
APPROVAL_MARK = "__agno_approval__"  # what @approval leaves on a plain function


def _empty_schema() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "required": []}


@dataclass
class Function:
    """A function that a model can call: its name, description and parameters, and how it is to be run.

    Runs share it, so no run writes to it.
    """

    name: str
    description: str | None = None
    parameters: dict[str, Any] = field(default_factory=_empty_schema)
    strict: bool | None = None
    instructions: str | None = None
    add_instructions: bool = True
    entrypoint: Callable[..., Any] | None = None
    skip_entrypoint_processing: bool = False  # parameters are given, and the model's arguments are passed as they are
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
    owning_toolkit: Any = field(default=None, repr=False, compare=False)
    asks_user = False  # its questions are answered by a person, with answers to choose from
    begins_runs = False  # runs inside of it end themselves when they are cancelled, and say so: it is not left

    def __post_init__(self) -> None:
        self._given_parameters = self.parameters if self.parameters != _empty_schema() else None
        self._processed: bool | None = None
        self._known: tuple[Any, Described] | None = None
        self._definitions: dict[bool, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        if (kind := getattr(self.entrypoint, APPROVAL_MARK, None)) is not None and self.approval_type is None:
            self.require_approval(kind)

    @property
    def waits(self) -> bool:
        """True if a call waits for a person."""
        asks = self.requires_confirmation or self.requires_user_input or self.external_execution
        return bool(asks) or self.asks_user or self.name == "get_user_input"

    def require_approval(self, kind: str) -> None:
        """Keep approvals of calls on record. A required one without another way to wait asks for a confirmation."""
        waits = self.waits
        if not waits and kind == "audit":
            raise ValueError(
                f'@approval("audit") records what a person decided, but nobody is asked about {self.name!r}. Give its '
                "@tool one of requires_confirmation, requires_user_input and external_execution, or use @approval."
            )
        self.approval_type = kind
        if not waits:
            self.requires_confirmation = True

    @classmethod
    def from_callable(cls: type[F], c: Callable[..., Any], name: str | None = None, strict: bool = False) -> F:
        """A function from a callable: schema from its hints and docstring."""
        function = cls(name=name or name_of(c), entrypoint=c)
        function.process_entrypoint(strict=strict)
        return function

    def process_entrypoint(self, strict: bool = False) -> None:
        """Fill in description and parameters. May be called any number of times."""
        if self.skip_entrypoint_processing or self.entrypoint is None or self._processed is strict:
            return
        known = described(self.entrypoint)
        if self.description is None:
            self.description = known.description
        schema = copy.deepcopy(self._all_parameters())
        if hidden := set(self.user_input_fields or ()):
            schema["properties"] = {k: v for k, v in schema.get("properties", {}).items() if k not in hidden}
            schema["required"] = [k for k in schema.get("required", ()) if k not in hidden]
        if self.requires_user_input and self.user_input_schema is None:
            self.user_input_schema = user_input_schema(self, {})
        self.parameters = strict_schema(schema) if strict else schema
        self._processed = strict

    def _all_parameters(self) -> dict[str, Any]:
        """The parameters, also those that only the user fills in."""
        if self._given_parameters is not None or self.entrypoint is None:
            return self._given_parameters or self.parameters
        return described(self.entrypoint).parameters

    def definition(self, strict: bool = False) -> dict[str, Any]:
        """What a provider is told in a run; made once, and never changed, so that concurrent runs may share it.

        Tools with a free dict or a value of any type stay as they are in a strict run: strict providers refuse them.
        """
        if self._processed is None:
            self.process_entrypoint(strict=bool(self.strict))
        made_of = (self.name, self.description, self.parameters, self.strict)
        known = self._definitions.get(strict)
        if known is None or not all(map(operator.is_, known[0], made_of)):
            known = self._definitions[strict] = (made_of, self._defined(strict))
        return known[1]

    def _defined(self, strict: bool) -> dict[str, Any]:
        given = self.skip_entrypoint_processing  # a schema that a server gave is sent as it is
        may_be = self.strict is None and not given and can_be_strict(self.parameters)
        strict = bool(self.strict) or (strict and may_be)
        parameters = strict_schema(self.parameters) if strict else self.parameters
        told = {"name": self.name, "description": self.description or "", "parameters": parameters}
        return {**told, "strict": True} if strict else told

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
        """A copy that shares the callable, and nothing that can be changed."""
        twin = copy.copy(self)
        twin._definitions = {}
        for name in ("tool_hooks", "user_input_fields"):
            setattr(twin, name, copy.copy(getattr(self, name)))
        twin.user_input_schema = copy.deepcopy(self.user_input_schema)
        twin.parameters = copy.deepcopy(self.parameters)
        for key, value in (update or {}).items():
            setattr(twin, key, value)
        if update and "parameters" in update:
            twin._given_parameters = twin.parameters
        if update and not _SCHEMA.isdisjoint(update):
            twin._processed = None
        return twin

    def bound(self: F, instance: Any) -> F:
        """The same tool as a method of an instance; a function without `self` stays as it is."""
        fn = self.entrypoint
        if not isinstance(fn, types.FunctionType) or next(iter(inspect.signature(fn).parameters), None) != "self":
            return self
        return self.model_copy(update={"entrypoint": types.MethodType(fn, instance)})

    def __get__(self: F, instance: Any, owner: type | None = None) -> F:
        """A method that `@tool` decorates is found bound, as methods are."""
        return self if instance is None else self.bound(instance)

    def call(self, arguments: dict[str, Any] | None = None, call_id: str | None = None) -> FunctionCall:
        """A call of this function, to be executed."""
        return FunctionCall(function=self, arguments=arguments, call_id=call_id)

    def known(self) -> Described:
        """What is known of the entrypoint, which must be set."""
        kept = self._known
        if kept is None or kept[0] is not self.entrypoint:
            fn: Any = self.entrypoint
            kept = self._known = (fn, described(fn))
        return kept[1]

    def takes_none(self, name: str) -> bool:
        """True if None is a value that a parameter allows."""
        return self.entrypoint is not None and self.known().takes_none(name)


def in_colour(io: IO, work: Callable[..., Any], *, strict: bool = False) -> Function:
    """A tool of our own, written once as a coroutine function that waits through `io`, in the colour of `io`."""
    if io.is_async:
        return Function.from_callable(work, strict=strict)

    @functools.wraps(work)
    def stepped(*arguments: Any, **named: Any) -> Any:
        return drive(work(*arguments, **named))

    return Function.from_callable(stepped, strict=strict)


_SCHEMA = frozenset({"entrypoint", "parameters", "user_input_fields"})  # what the parameters are made of


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
        """The call as text that fits the terminal: long values are shortened, or all of them left out."""
        shown = ", ".join(f"{name}={_short(value)}" for name, value in (self.arguments or {}).items())
        width = shutil.get_terminal_size().columns
        fits = len(self.function.name) + len(shown) + 2 <= width
        return f"{self.function.name}({shown if fits else '...'})"

    def execute(self, **scope: Any) -> FunctionExecutionResult:
        """Run the call and wait for its end. Values for injected parameters are given by name."""
        return drive(_run_to_end(SYNC, self, scope))

    async def aexecute(self, **scope: Any) -> FunctionExecutionResult:
        """`execute` for asyncio."""
        return await _run_to_end(ASYNC, self, scope)


async def _run_to_end(io: IO, call: FunctionCall, scope: dict[str, Any]) -> FunctionExecutionResult:
    await execute(io, call, scope)
    assert call.outcome is not None  # execute() leaves one, or raises
    return call.outcome


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else "..."


def name_of(fn: Any) -> str:
    """The name of a callable as a tool; a partial goes by what it calls."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    return str(getattr(fn, "__name__", type(fn).__name__))


_JSON_TYPES = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}


def user_input_schema(function: Function, arguments: dict[str, Any]) -> list[UserInputField]:
    """All parameters as fields for a person to fill in; what the model gave is filled in already."""
    if function.name == "get_user_input":
        return [_asked(item) for item in arguments.get("user_input_fields") or () if isinstance(item, dict)]
    return [
        UserInputField(
            name=name,
            field_type=_JSON_TYPES.get(str(schema.get("type")), str),
            description=schema.get("description"),
            value=arguments.get(name),
        )
        for name, schema in function._all_parameters().get("properties", {}).items()
    ]


def user_feedback_schema(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """The questions of a model, as a person is asked them; `selected` is for the answer."""
    found = []
    for item in arguments.get("questions") or ():
        if isinstance(item, dict) and item.get("question"):
            options = [_option(option) for option in item.get("options") or ()]
            found.append(
                {
                    "question": str(item["question"]),
                    "header": item.get("header"),
                    "options": options,
                    "multi_select": bool(item.get("multi_select")),
                    "selected": None,
                }
            )
    return found


def _option(option: Any) -> dict[str, Any]:
    if isinstance(option, dict):
        return {"label": str(option.get("label")), "description": option.get("description")}
    return {"label": str(option), "description": None}


def _asked(item: dict[str, Any]) -> UserInputField:
    """A field that the model asks for; the type it names is looked up, never evaluated."""
    return UserInputField(
        name=str(item.get("field_name") or ""),
        field_type=FIELD_TYPES.get(str(item.get("field_type")), str),
        description=item.get("field_description"),
    )


__all__ = [
    "Function",
    "FunctionCall",
    "FunctionExecutionResult",
    "ToolResult",
    "UserInputField",
    "described",
    "in_colour",
    "name_of",
    "user_feedback_schema",
    "user_input_schema",
]
