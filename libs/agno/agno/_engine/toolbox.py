"""The tools of one run: the user's, then those the component gives itself. Nothing of it is kept on the component."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from types import BuiltinFunctionType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import msgspec

from agno._engine.approvals import check_records
from agno._engine.context import Run
from agno._engine.factories import tools_of
from agno.tools.function import Function, in_colour
from agno.tools.toolkit import Toolkit
from agno.utils.blank import bare
from agno.utils.log import log_warning


def take_tools(run: Run, *, connect: bool = True) -> Awaitable[None] | None:
    """Plan the run anew, for a hook may have set something, and find its tools; toolkits that need it are connected.

    None: they were known already.
    """
    return None if not run.replan().has_tools and _take_known(run) else _take_tools(run, connect)


async def _take_tools(run: Run, connect: bool) -> None:
    component = run.component
    built_in = component.built_in_tools(run) if run.plan.has_tools else ()
    if built_in or not _take_known(run):
        given = component.tools
        if given and connect:
            await connect_toolkits(run)
        await resolve_tools(run, built_in)
        if given:  # a toolkit, or a function that makes tools, may have set something
            run.replan()


async def resolve_tools(run: Run, built_in: Sequence[Any]) -> None:
    """Fill `run.functions` and `run.tool_specs`. The first tool of a name wins."""
    if not run.component.tools and not built_in:
        run.context.tools = []
        return
    specs: list[dict[str, Any]] = []
    for item in await tools_of(run):
        if isinstance(item, dict):
            specs.append(item)
        else:
            _add(run, item)
    for item in built_in:
        _add(run, item)
    check_records(run)
    strict = _strict(run)
    run.tool_specs = [_spec(function, strict) for function in run.functions.values()] + specs or None
    run.context.tools = list(run.functions.values())


class _Kit(msgspec.Struct, frozen=True):
    """Tools that are the same in every run, because they are plain functions."""

    made_of: tuple[Callable[..., Any], ...]
    functions: dict[str, Function]
    specs: list[dict[str, Any]]
    approved: bool  # some of them need an approval
    whole: bool  # each has a name of its own


def _take_known(run: Run) -> bool:
    """Fill `run.functions` and `run.tool_specs` if there are no tools but plain functions; else it is left undone."""
    given = run.component.tools
    if given is None:
        run.context.tools = []
        return True
    kit = _kit_of(run, given)
    if kit is None or not kit.whole:  # two have one name, of which is to be told
        return False
    run.functions = kit.functions
    if kit.approved:
        check_records(run)
    run.tool_specs = [*kit.specs] or None
    run.context.tools = [*kit.functions.values()]
    return True


_PLAIN = frozenset({FunctionType})


def _kit_of(run: Run, given: Any) -> _Kit | None:
    """The tools of a component if all of them are plain functions, found out once as long as it has the same."""
    if given.__class__ is not list and given.__class__ is not tuple:
        return None
    strict, kits = run.context.output_schema is not None and _strict(run), run.plans
    key = "strict kit" if strict else "kit"
    if kits is not None and (kit := kits.get(key)) is not None and kit.made_of == (*given,):
        return kit  # type: ignore[no-any-return]  # it is a _Kit
    if not _PLAIN.issuperset(map(type, given)):
        return None
    for function in given:
        if function.__closure__ is not None or _holds_something(function):
            return None  # the cache would keep it alive
    kit = _kit(strict, *given)
    if kits is not None:
        kits[key] = kit
    return kit


@functools.lru_cache(maxsize=1024)
def _kit(strict: bool, *tools: Callable[..., Any]) -> _Kit:
    functions: dict[str, Function] = {}
    for function in map(as_function, tools):
        functions.setdefault(function.name, function)
    specs = [_spec(function, strict) for function in functions.values()]
    approved = any(function.approval_type for function in functions.values())
    return _Kit(tools, functions, specs, approved, len(functions) == len(tools))


def _spec(function: Function, strict: bool) -> dict[str, Any]:
    return {"type": "function", "function": function.definition(strict)}


def _strict(run: Run) -> bool:
    model, component = run.model, run.component
    if run.asked_schema is None or model is None:
        return False
    return model.supports_native_structured_outputs and (
        not component.use_json_mode or bool(component.structured_outputs)
    )


_CONSTANTS = frozenset({type(None), bool, int, float, str, bytes})


def _holds_something(function: Any) -> bool:
    """True if a default of the function is an object that may be large, or somebody's."""
    defaults, named = function.__defaults__, function.__kwdefaults__
    if defaults is None and named is None:
        return False
    return not _CONSTANTS.issuperset(map(type, (*(defaults or ()), *(named or {}).values())))


_outlines: WeakKeyDictionary[Callable[..., Any], Function] = (
    WeakKeyDictionary()
)  # of those that hold something, without them
_shared = functools.lru_cache(maxsize=1024)(Function.from_callable)


def as_function(item: Callable[..., Any]) -> Function:
    """The function of a plain callable, described once.

    One that holds more than constants may be made for one request and hold what belongs to it: nothing keeps it alive.
    """
    if not inspect.isfunction(item):
        return Function.from_callable(item)
    if item.__closure__ is None and not _holds_something(item):
        return _shared(item)
    outline = _outlines.get(item)
    if outline is None:
        outline = _outlines[item] = Function.from_callable(item)
        outline.entrypoint = outline._known = None
    function = bare(Function)
    function.__dict__.update(outline.__dict__, entrypoint=item)
    return function


def coloured(run: Run, work: Callable[..., Any]) -> Function:
    """A built-in tool, written once as a coroutine function that waits through the run's io, in the run's colour."""
    return in_colour(run.io, work)


def _add(run: Run, item: Any) -> None:
    if isinstance(item, Toolkit):
        functions: Any = item.get_functions() if not run.io.is_async else item.get_async_functions()
        for name, function in functions.items():
            _offer(run, name, function)
        if item.add_instructions and item.instructions:
            run.tool_instructions += (item.instructions,)
    elif isinstance(item, Function):
        _offer(run, item.name, item)
        if item.add_instructions and item.instructions:
            run.tool_instructions += (item.instructions,)
    elif callable(item):
        function = as_function(item)
        _offer(run, function.name, function)
    else:
        raise TypeError(_no_tool(run.component, item))


def _offer(run: Run, name: str, function: Function) -> None:
    first = run.functions.setdefault(name, function)
    if first is not function and (first.entrypoint is None or first.entrypoint != function.entrypoint):
        _tell_apart(repr(run.component), name, _origin(first), _origin(function))


@functools.lru_cache(maxsize=256)
def _tell_apart(component: str, name: str, first: str, second: str) -> None:
    """Warn of a tool that is never called: once, not at each run."""
    log_warning(
        f"tools= of {component} has two tools named {name!r}: {first} is used, {second} is left out. "
        "Give one of them another name, for example with @tool(name=...)."
    )


def _origin(function: Function) -> str:
    entry = function.entrypoint
    module, name = getattr(entry, "__module__", None), getattr(entry, "__qualname__", None)
    return f"{module}.{name}" if name else repr(function.name)


async def connect_toolkits(run: Run) -> None:
    """Connect the toolkits that need it; those connected here are closed when the run ends."""
    for item in await tools_of(run):
        if not (isinstance(item, Toolkit) and item.requires_connect):
            continue
        hold: Any = getattr(item, "hold", None)
        if hold is not None:  # it counts its users: the last one to leave closes it
            await run.io.call(hold, run_context=run.context)
            run.closers += (getattr(item, "release"),)  # noqa: B009  # comes with `hold`
        elif not item.is_connected or item in _users:
            _users[item] = _users.get(item, 0) + 1
            run.closers += (functools.partial(_release, item),)
            while item in _connecting:
                await run.io.sleep(0.005)
            if not item.is_connected:
                _connecting.add(item)
                try:
                    await run.io.call(item.connect)
                finally:
                    _connecting.discard(item)


_users: WeakKeyDictionary[Toolkit, int] = WeakKeyDictionary()  # how many runs use a toolkit that a run connected


_connecting: WeakSet[Toolkit] = WeakSet()


def _release(toolkit: Toolkit) -> Any:
    left = _users.get(toolkit, 1) - 1
    if left:
        _users[toolkit] = left
        return None
    _users.pop(toolkit, None)
    return toolkit.close()


def component_in_tools(component: Any, kinds: tuple[type[Any], ...]) -> None:
    """Complain early about what is no tool, such as an agent."""
    tools = component.tools
    for item in tools if isinstance(tools, (list, tuple)) else ():
        if item.__class__ is FunctionType or isinstance(item, (Toolkit, Function, dict)):
            continue
        if isinstance(item, kinds):
            other: Any = item
            name = other.name or "agent"
            raise TypeError(
                f"tools= of {component!r} contains another agent ({other.name!r}).\n\n"
                f"  Agent(tools=[{name}])      # a tool is a function or a Toolkit\n"
                f"  Team(members=[{name}])     # this lets agents work together"
            )
        if isinstance(item, type):
            raise TypeError(_is_class(component, item))
        if not callable(item) or not _can_be_described(item):
            raise TypeError(_no_tool(component, item))


def _is_class(component: Any, item: type[Any]) -> str:
    name = item.__name__
    what = f"write {name}(...)" if issubclass(item, Toolkit) else f"write a function that makes a {name}"
    return f"tools= of {component!r} holds the class {name}, which is no tool: {what}."


def _can_be_described(item: Any) -> bool:
    """False for a built-in function that does not tell its parameters."""
    if not isinstance(item, BuiltinFunctionType):
        return True
    try:
        inspect.signature(item)
    except ValueError:
        return False
    return True


def _no_tool(component: Any, item: Any) -> str:
    return (
        f"tools= of {component!r} holds {item!r} ({type(item).__name__}). "
        "A tool is a function, a Function made by @tool, a Toolkit, or a provider's tool as a dict."
    )


__all__ = ["coloured", "component_in_tools", "connect_toolkits", "take_tools"]
