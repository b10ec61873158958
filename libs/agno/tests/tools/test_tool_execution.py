"""Running one call, in both colours."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Optional

import pytest
from calling import call, in_both_colours
from pydantic import BaseModel, Field

from agno._io import ASYNC, SYNC, Outlet, aiterate, iterate
from agno.exceptions import AgentRunException, RetryAgentRun, RunCancelledException, StopAgentRun
from agno.media import Image
from agno.run import RunContext
from agno.run.agent import CustomEvent, RunCompletedEvent, RunContentEvent
from agno.tools import Function, FunctionCall, tool
from agno.tools.execution import execute
from agno.tools.function import ToolResult
from agno.utils.result_cache import cache_key


def add(a: int, b: int = 1) -> int:
    return a + b


async def async_add(a: int, b: int = 1) -> int:
    await asyncio.sleep(0)
    return a + b


@in_both_colours
@pytest.mark.parametrize("fn", [add, async_add])
def test_functions_of_both_colours_run(fn: Callable[..., Any], colour: str) -> None:
    assert call(fn, {"a": 2, "b": 3}, colour).result == 5


def test_a_call_can_be_executed_on_its_own() -> None:
    made = FunctionCall(Function.from_callable(add), {"a": 1})
    assert made.execute().result == 2 and made.result == 2
    assert asyncio.run(FunctionCall(Function.from_callable(async_add), {"a": 1}).aexecute()).result == 2


@in_both_colours
def test_a_blocking_tool_does_not_hold_the_event_loop(colour: str) -> None:
    def where() -> int:
        return threading.get_ident()

    assert (call(where, {}, colour).result == threading.get_ident()) is (colour == "sync")


def test_positional_only_parameters_are_filled_by_name() -> None:
    def power(base: int, exponent: int = 2, /) -> int:
        return base**exponent

    assert call(power, {"base": 3}).result == 9
    assert call(power, {"exponent": 3, "base": 2}).result == 8


# Arguments -------------------------------------------------------------------------------------------------------------


class Level(Enum):
    low = "low"


class Item(BaseModel):
    name: str


@dataclass
class Size:
    width: int


def test_arguments_become_the_types_that_the_function_declares() -> None:
    seen: dict[str, Any] = {}

    def work(n: int, level: Level, item: Item, size: Size, tags: set[str], x: Optional[int] = None) -> None:  # noqa: UP045
        seen.update(n=n, level=level, item=item, size=size, tags=tags, x=x)

    given = {"n": "3", "level": "low", "item": {"name": "tea"}, "size": {"width": 2}, "tags": ["a", "a"], "x": None}
    assert call(work, given).outcome.status == "success"
    assert seen == {
        "n": 3, "level": Level.low, "item": Item(name="tea"), "size": Size(2), "tags": {"a"}, "x": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, "work needs the parameter 'n'. Parameters: n, item, share."),
        ({"n": "x"}, "work: n='x' is not valid"),
        ({"n": 1, "item": {}}, "work: item.name={} is not valid: Field required"),
        ({"n": 1, "m": 2}, "work has no parameter 'm'. Parameters: n, item, share."),
        ({"n": 1, "share": 2.0}, "work: share=2.0 is not valid: Input should be less than or equal to 1"),
    ],
)
def test_wrong_arguments_are_told_to_the_model_and_the_function_does_not_run(
    arguments: dict[str, Any], error: str
) -> None:
    def work(n: int, item: Item | None = None, share: Annotated[float, Field(le=1)] = 0.5) -> None:
        raise AssertionError("must not run")

    outcome = call(work, arguments).outcome
    assert outcome.status == "failure" and outcome.error.startswith(error)


def test_null_is_accepted_where_none_is_the_default() -> None:
    def work(n: int = None) -> str:  # type: ignore[assignment]  # people write this
        return repr(n)

    assert call(work, {"n": None}).result == "None"


def test_hints_that_pydantic_does_not_know_are_checked_by_class() -> None:
    class Odd:
        pass

    def work(odd: Odd, fn: Callable[[int], int] | None = None) -> str:
        return type(odd).__name__

    odd = Odd()
    work.__annotations__["odd"] = Odd
    assert call(work, {"odd": odd}).result == "Odd"
    assert call(work, {"odd": {}}).outcome.status == "failure"


# Injected values -------------------------------------------------------------------------------------------------------


@in_both_colours
def test_injected_values_are_the_framework_s_own_objects(colour: str) -> None:
    seen: dict[str, Any] = {}

    def work(
        x: int, agent: str, ctx: RunContext, session_state: dict[str, int], fc: Any, images: list[Image] | None = None
    ) -> None:
        seen.update(agent=agent, ctx=ctx, state=session_state, fc=fc, images=images)
        session_state["n"] = 1

    state: dict[str, Any] = {"keep": "not an int"}
    context, component = RunContext("r", "s"), object()
    done = call(work, {"x": 1}, colour, agent=component, run_context=context, session_state=state, images=["i"])
    assert done.outcome.status == "success"
    assert seen["agent"] is component and seen["ctx"] is context and seen["state"] is state
    assert seen["fc"] is done.call and seen["images"] == ["i"]
    assert state["n"] == 1 and done.outcome.updated_session_state is state


@in_both_colours
@pytest.mark.parametrize("hooked", [False, True])
def test_the_model_cannot_give_injected_values(hooked: bool, colour: str) -> None:
    def work(x: int, agent: Any, ctx: RunContext, **rest: Any) -> Any:
        return [agent, ctx, rest]

    def hook(function_call: Any, arguments: dict[str, Any]) -> Any:
        assert set(arguments) == {"x", "more"}
        return function_call(**arguments, agent="spoofed by the hook")

    scope: dict[str, Any] = {"agent": "real", "run_context": "context", "tool_hooks": [hook] if hooked else None}
    given = {"x": 1, "agent": "fake", "ctx": "fake", "more": 2}
    assert call(work, given, colour, **scope).result == ["real", "context", {"more": 2}]


def test_outside_of_a_run_defaults_of_injected_parameters_hold_and_the_rest_is_none() -> None:
    def work(agent: Any, dependencies: dict[str, int] = {"a": 1}) -> Any:  # noqa: B006
        return [agent, dependencies]

    assert call(work).result == [None, {"a": 1}]


def test_runs_at_the_same_time_do_not_see_each_other_s_values() -> None:
    async def who(run_context: RunContext, fc: Any, x: int) -> str:
        await asyncio.sleep(0.001 * (x % 3))
        return f"{run_context.run_id} {fc.call_id} {x}"

    function = Function.from_callable(who)

    async def one(n: int) -> str:
        made = FunctionCall(function, {"x": n}, call_id=f"c{n}")
        outcome = await made.aexecute(run_context=RunContext(f"r{n}", "s"))
        return str(outcome.result)

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*[one(n) for n in range(30)])

    assert asyncio.run(all_of_them()) == [f"r{n} c{n} {n}" for n in range(30)]
    assert "r1" not in repr(vars(function))


def test_a_function_with_a_schema_of_its_own_gets_the_arguments_as_they_are() -> None:
    async def remote(ctx: RunContext | None = None, **given: Any) -> Any:
        return [ctx and ctx.run_id, given]

    function = Function(name="remote", parameters={"type": "object"}, entrypoint=remote)
    function.skip_entrypoint_processing = True
    arguments = {"agent": "an argument", "files": ["a"]}
    done = call(function, arguments, "async", agent="the agent", run_context=RunContext("r", "s"))
    assert done.result == ["r", arguments]


# Hooks -----------------------------------------------------------------------------------------------------------------


def tracing(log: list[str], name: str) -> Callable[..., Any]:
    def hook(function_name: str, function_call: Any, arguments: dict[str, Any]) -> Any:
        log.append(f"{name} before {function_name}")
        result = function_call(**arguments)
        log.append(f"{name} after {result}")
        return result

    return hook


@in_both_colours
@pytest.mark.parametrize("fn", [add, async_add])
def test_hooks_of_the_agent_lie_outside_those_of_the_tool(fn: Callable[..., Any], colour: str) -> None:
    log: list[str] = []
    function = Function(name="add", entrypoint=fn, tool_hooks=[tracing(log, "tool")])
    scope = {"tool_hooks": [tracing(log, "first"), tracing(log, "second")]}
    assert call(function, {"a": 1}, colour, **scope).result == 2
    before = ["first before add", "second before add", "tool before add"]
    assert log == [*before, "tool after 2", "second after 2", "first after 2"]


@in_both_colours
def test_a_hook_gets_what_it_names_and_its_value_is_the_result(colour: str) -> None:
    def hook(name: str, func: Any, args: dict[str, Any], agent: Any, run_context: Any, session_state: Any) -> str:
        return f"{name} {args} {func(**{**args, 'b': '5'})} {agent} {run_context} {session_state}"

    function = Function(name="add", entrypoint=add, tool_hooks=[hook])
    assert call(function, {"a": "1"}, colour, agent="A").result == "add {'a': '1'} 6 A None None"


@in_both_colours
def test_a_hook_can_skip_retry_and_refuse(colour: str) -> None:
    tries = []

    def flaky(x: int) -> int:
        tries.append(x)
        if len(tries) < 3:
            raise ConnectionError("down")
        return x

    def retry(function: Any, arguments: dict[str, Any]) -> Any:
        while True:
            try:
                return function(**arguments)
            except ConnectionError:
                continue

    def refuse(arguments: dict[str, Any]) -> Any:
        raise PermissionError("not allowed")

    assert call(Function(name="f", entrypoint=flaky, tool_hooks=[retry]), {"x": 7}, colour).result == 7
    assert call(Function(name="f", entrypoint=flaky, tool_hooks=[lambda: "skipped"]), {}, colour).result == "skipped"
    assert len(tries) == 3
    refused = call(Function(name="f", entrypoint=flaky, tool_hooks=[refuse]), {"x": 1}, colour).outcome
    assert (refused.status, refused.error) == ("failure", "not allowed")


async def doubling(function_call: Any, arguments: dict[str, Any]) -> Any:
    return 2 * await function_call(**arguments)


def plus_one(function_call: Any, arguments: dict[str, Any]) -> Any:
    return 1 + function_call(**arguments)


@pytest.mark.parametrize("fn", [add, async_add])
@pytest.mark.parametrize("hooks", [[doubling], [doubling, plus_one], [plus_one, doubling], [plus_one, doubling] * 2])
def test_hooks_of_both_colours_mix_in_an_async_run(hooks: list[Any], fn: Callable[..., Any]) -> None:
    expected = 3
    for hook in reversed(hooks):
        expected = 2 * expected if hook is doubling else expected + 1
    assert call(Function(name="f", entrypoint=fn, tool_hooks=hooks), {"a": 2}, "async").result == expected


def test_an_async_hook_is_left_out_of_a_sync_run() -> None:
    assert call(Function(name="f", entrypoint=add, tool_hooks=[doubling, plus_one]), {"a": 2}, "sync").result == 4


def test_many_plain_hooks_at_once_do_not_wait_for_each_other_s_threads() -> None:
    def slow(function_call: Any, arguments: dict[str, Any]) -> Any:
        time.sleep(0.02)
        return function_call(**arguments)

    function = Function(name="f", entrypoint=add, tool_hooks=[slow])

    async def many() -> list[Any]:
        return await asyncio.gather(*[FunctionCall(function, {"a": n}).aexecute() for n in range(200)])

    assert [outcome.result for outcome in asyncio.run(asyncio.wait_for(many(), 20))] == [n + 1 for n in range(200)]


@in_both_colours
def test_the_pre_hook_may_change_the_arguments_and_the_post_hook_sees_the_result(colour: str) -> None:
    seen = []

    def before(fc: FunctionCall, agent: Any) -> None:
        fc.arguments = {"a": 40}
        seen.append(agent)

    async def after(fc: FunctionCall) -> None:
        seen.append(fc.result)

    function = tool(pre_hook=before, post_hook=after)(add)
    assert call(function, {"a": 1}, colour).result == 41
    assert seen == [None, 41]


@in_both_colours
def test_a_failing_pre_hook_is_logged_and_the_call_goes_on(colour: str) -> None:
    assert call(tool(pre_hook=lambda fc: 1 / 0)(add), {"a": 1}, colour).result == 2


# How a call ends ---------------------------------------------------------------------------------------------------------


@in_both_colours
def test_an_exception_of_the_tool_is_a_failed_outcome(colour: str) -> None:
    def broken(text: str) -> None:
        raise KeyError() if not text else ValueError(text)

    done = call(broken, {"text": "no such file"}, colour)
    assert (done.outcome.status, done.outcome.error, done.call.error) == ("failure", "no such file", "no such file")
    assert call(broken, {"text": ""}, colour).outcome.error == "KeyError"


@in_both_colours
@pytest.mark.parametrize("error", [RetryAgentRun("again"), StopAgentRun("stop"), RunCancelledException()])
@pytest.mark.parametrize("place", ["tool", "pre_hook", "post_hook", "tool_hooks", "generator"])
def test_exceptions_that_speak_to_the_loop_travel(place: str, error: Exception, colour: str) -> None:
    def throw() -> None:
        raise error

    def throwing() -> Iterator[str]:
        yield "a"
        raise error

    if place in ("tool", "generator"):
        function = Function.from_callable(throw if place == "tool" else throwing)
    else:
        function = Function(name="f", entrypoint=lambda: 1, **{place: [throw] if place == "tool_hooks" else throw})
    with pytest.raises((AgentRunException, RunCancelledException)) as raised:
        call(function, {}, colour)
    assert raised.value is error


@in_both_colours
def test_media_of_a_result_are_on_the_outcome(colour: str) -> None:
    image = Image(url="https://example.com/a.png")
    done = call(lambda: ToolResult(content="drawn", images=[image]), {}, colour)
    assert done.result == "drawn" and done.outcome.images == [image] and done.call.result == "drawn"


def test_a_function_that_is_only_described_says_that_it_cannot_run() -> None:
    assert call(Function(name="f"), {}).outcome.error == "Tool 'f' has no function to run."


# Generators --------------------------------------------------------------------------------------------------------------


@dataclass
class Progress(CustomEvent):
    percent: int = 0


def pages(n: int) -> Iterator[Any]:
    yield Progress(percent=10)
    for number in range(n):
        yield f"page {number} "
    yield RunContentEvent(content="nested")
    yield RunCompletedEvent(content="not text of this tool")
    yield RunContentEvent(content=Item(name="tea"))
    yield 5
    yield None
    yield ToolResult(content="!", images=[Image(url="https://example.com/a.png")])


async def async_pages(n: int) -> AsyncIterator[Any]:
    for item in pages(n):
        await asyncio.sleep(0)
        yield item


@in_both_colours
@pytest.mark.parametrize("fn", [pages, async_pages])
@pytest.mark.parametrize("hooked", [False, True])
def test_a_generator_gives_its_events_at_once_and_its_text_joined(
    hooked: bool, fn: Callable[..., Any], colour: str
) -> None:
    hook = [lambda function_call, arguments: function_call(**arguments)] if hooked else None
    done = call(fn, {"n": 2}, colour, tool_hooks=hook)
    assert done.result == 'page 0 page 1 nested{"name":"tea"}5!'
    events = done.items
    assert [type(event) for event in events] == [Progress, RunContentEvent, RunCompletedEvent, RunContentEvent]
    assert events[0].tool_call_id == "c1" and len(done.outcome.images) == 1


@in_both_colours
def test_a_function_that_returns_a_generator_is_one(colour: str) -> None:
    assert call(lambda: (str(n) for n in range(3)), {}, colour).result == "012"


@in_both_colours
def test_a_generator_that_fails_half_way_is_a_failed_outcome(colour: str) -> None:
    def half() -> Iterator[Any]:
        yield Progress()
        raise ValueError("torn")

    done = call(half, {}, colour)
    assert len(done.items) == 1 and done.outcome.error == "torn"


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_leaving_early_closes_the_generator(colour: str) -> None:
    closed = []

    def endless() -> Iterator[Any]:
        try:
            while True:
                yield Progress()
        finally:
            closed.append(True)

    made = FunctionCall(Function.from_callable(endless))
    outlet = Outlet()
    if colour == "sync":
        items = iterate(lambda: execute(SYNC, made, {}, outlet.give), outlet)
        assert isinstance(next(items), Progress)
        items.close()  # type: ignore[attr-defined]  # iterate gives a generator
    else:

        async def leave() -> None:
            stream = aiterate(lambda: execute(ASYNC, made, {}, outlet.give), outlet)
            assert isinstance(await stream.__anext__(), Progress)
            await stream.aclose()

        asyncio.run(leave())
    assert closed == [True]


# Cache -------------------------------------------------------------------------------------------------------------------


def test_the_key_of_a_kept_result_is_the_known_one() -> None:
    key = cache_key("test_func", {"param1": "value1", "param2": 42}, {"extra": "data"})
    assert key == "12cfb4e42ec8561012d976e2dca0e0c1"


def test_the_key_does_not_depend_on_the_order_of_dicts() -> None:
    assert cache_key("f", {"a": 1, "b": 2}, {"x": {"c": 1, "d": [{"e": 1, "f": 2}]}}) == cache_key(
        "f", {"b": 2, "a": 1}, {"x": {"d": [{"f": 2, "e": 1}], "c": 1}}
    )


class Counting:
    """A function that counts its calls."""

    def __init__(self, result: Any) -> None:
        self.calls = 0
        self.result = result

    def __call__(self, x: int = 0, agent: Any = None) -> Any:
        self.calls += 1
        return self.result


@in_both_colours
@pytest.mark.parametrize("result", ["text", None, 3, ["a", {"b": None}], False])
def test_a_kept_result_is_given_without_calling(result: Any, colour: str, tmp_path: Any) -> None:
    fn = Counting(result)
    function = Function(name="f", entrypoint=fn, cache_results=True, cache_dir=str(tmp_path))
    found = [call(function, {"x": 1}, colour, agent=n).result for n in range(3)]
    assert found == [result] * 3 and fn.calls == 1
    assert call(function, {"x": 2}, colour).result == result and fn.calls == 2
    files = list((tmp_path / "functions" / "f").iterdir())
    assert len(files) == 2 and set(json.loads(files[0].read_text())) == {"timestamp", "result"}


def test_an_old_result_is_dropped(tmp_path: Any) -> None:
    fn = Counting("x")
    function = Function(name="f", entrypoint=fn, cache_results=True, cache_dir=str(tmp_path), cache_ttl=60)
    call(function)
    (file,) = (tmp_path / "functions" / "f").iterdir()
    file.write_text(json.dumps({"timestamp": time.time() - 61, "result": "old"}))
    assert call(function).result == "x" and fn.calls == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"result": 1}'])
def test_a_damaged_file_counts_as_nothing_kept(content: str, tmp_path: Any) -> None:
    fn = Counting("x")
    function = Function(name="f", entrypoint=fn, cache_results=True, cache_dir=str(tmp_path))
    call(function)
    (file,) = (tmp_path / "functions" / "f").iterdir()
    file.write_text(content)
    assert call(function).result == "x" and fn.calls == 2


@pytest.mark.parametrize("result", [(1, 2), {1, 2}, Size(1), b"x", object(), ToolResult(content="x"), {1: "a"}])
def test_what_json_would_change_is_not_kept(result: Any, tmp_path: Any) -> None:
    fn = Counting(result)
    function = Function(name="f", entrypoint=fn, cache_results=True, cache_dir=str(tmp_path))
    assert call(function).result == call(function).result
    assert fn.calls == 2


def test_generators_are_not_kept(tmp_path: Any) -> None:
    function = Function(name="f", entrypoint=pages, cache_results=True, cache_dir=str(tmp_path))
    assert call(function, {"n": 1}).items and call(function, {"n": 1}).items
    assert not list(tmp_path.iterdir())


def test_a_tool_named_by_a_server_cannot_choose_where_results_are_kept(tmp_path: Any) -> None:
    for name in ("../../outside", "..", "/etc/x"):
        call(Function(name=name, entrypoint=Counting("x"), cache_results=True, cache_dir=str(tmp_path / "cache")))
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert len(list((tmp_path / "cache" / "functions").iterdir())) == 3
