"""Groups of tools."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from calling import call, in_both_colours

from agno.run import RunContext
from agno.tools import Function, Toolkit, tool
from agno.tools.reasoning import ReasoningTools
from agno.tools.tool_registry import ToolRegistry
from agno.tools.user_control_flow import UserControlFlowTools


def one(x: int) -> int:
    """First."""
    return x


def two() -> str:
    return "two"


@tool(cache_ttl=7)
def three() -> str:
    return "three"


def test_tools_are_registered_in_order_under_their_names() -> None:
    tools = Toolkit(name="t", tools=[one, three, two])
    assert list(tools.functions) == ["one", "three", "two"]
    assert all(isinstance(function, Function) for function in tools.functions.values())
    assert repr(tools) == "<Toolkit name=t functions=['one', 'three', 'two']>"


def test_a_tool_can_be_registered_later_and_under_another_name() -> None:
    tools = Toolkit(tools=[one], auto_register=False)
    assert not tools.functions
    tools.register(one, name="uno")
    tools.register(three, name="tre")
    assert list(tools.functions) == ["uno", "tre"] and tools.functions["tre"].name == "tre" and three.name == "three"


def test_tools_are_chosen_and_left_out_by_name() -> None:
    assert list(Toolkit(tools=[one, two, three], include_tools=["three", "one"]).functions) == ["one", "three"]
    assert list(Toolkit(tools=[one, two, three], exclude_tools=["two"]).functions) == ["one", "three"]
    late = Toolkit(exclude_tools=["two"])
    late.register(two)
    assert not late.functions


@pytest.mark.parametrize("setting", ["include_tools", "exclude_tools"])
def test_an_unknown_name_to_choose_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="names 'four'; its tools are one, two"):
        Toolkit(tools=[one, two], **{setting: ["four"]})


@pytest.mark.parametrize("setting", ["requires_confirmation_tools", "external_execution_required_tools"])
def test_an_unknown_name_to_wait_for_is_warned_about(setting: str, agno_log: pytest.LogCaptureFixture) -> None:
    Toolkit(tools=[one], **{setting: ["four"]})
    assert "names 'four'" in agno_log.text


def test_settings_by_name_reach_the_functions() -> None:
    tools = Toolkit(
        tools=[one, two, three],
        requires_confirmation_tools=["one"],
        external_execution_required_tools=["two"],
        stop_after_tool_call_tools=["three"],
        show_result_tools=["one"],
        cache_results=True,
        cache_dir="d",
        cache_ttl=5,
    )
    first, second, third = tools.functions.values()
    assert first.requires_confirmation and first.show_result and not first.stop_after_tool_call
    assert second.external_execution and second.requires_confirmation is None
    assert third.stop_after_tool_call and third.show_result
    assert (first.cache_results, first.cache_dir, first.cache_ttl) == (True, "d", 5)
    assert (third.cache_results, third.cache_ttl) == (False, 7)  # a @tool keeps its own
    assert not three.stop_after_tool_call and first.owning_toolkit is tools


def test_async_runs_get_the_async_variant_of_a_tool() -> None:
    async def aone(x: int) -> str:
        return "async"

    tools = Toolkit(tools=[one, two], async_tools=[(aone, "one"), (aone, "extra")])
    assert tools.get_functions()["one"].entrypoint is one and list(tools.get_functions()) == ["one", "two"]
    assert tools.get_async_functions()["one"].entrypoint is aone
    assert list(tools.get_async_functions()) == ["one", "two", "extra"]
    assert list(Toolkit(tools=[one], async_tools=[(aone, "extra")], include_tools=["extra"]).async_functions) == [
        "extra"
    ]


def test_connecting_and_closing_is_noted() -> None:
    tools = Toolkit()
    assert (tools.requires_connect, tools.is_connected) == (False, False)
    tools.connect()
    assert tools.is_connected
    tools.close()
    assert not tools.is_connected


def test_toolkits_of_one_class_share_what_is_known_of_their_methods_but_not_their_functions() -> None:
    class Shop(Toolkit):
        def __init__(self, town: str) -> None:
            self.town = town
            super().__init__(tools=[self.buy])

        def buy(self, item: str) -> str:
            return f"{item} in {self.town}"

    oslo, rome = Shop("Oslo"), Shop("Rome")
    assert oslo.functions["buy"] is not rome.functions["buy"]
    assert call(oslo.functions["buy"], {"item": "tea"}).result == "tea in Oslo"
    assert call(rome.functions["buy"], {"item": "tea"}).result == "tea in Rome"


# Toolkits that come with agno -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ({}, ["think", "analyze"]),
        ({"enable_think": False}, ["analyze"]),
        ({"enable_analyze": False}, ["think"]),
        ({"enable_think": False, "enable_analyze": False, "all": True}, ["think", "analyze"]),
    ],
)
def test_flags_choose_the_reasoning_tools(flags: dict[str, Any], names: list[str]) -> None:
    tools = ReasoningTools(**flags)
    assert tools.name == "reasoning_tools" and list(tools.functions) == names


def test_reasoning_tools_show_the_model_only_its_own_parameters() -> None:
    tools = ReasoningTools(add_instructions=True, add_few_shot=True, few_shot_examples="EXAMPLE")
    think = tools.functions["think"].definition()["parameters"]
    assert list(think["properties"]) == ["title", "thought", "action", "confidence"]
    assert think["required"] == ["title", "thought"]
    assert tools.instructions.endswith("EXAMPLE") and "EXAMPLE" not in ReasoningTools().instructions


@in_both_colours
def test_steps_accumulate_per_run(colour: str) -> None:
    tools, state = ReasoningTools(), {}
    think, analyze = tools.functions["think"], tools.functions["analyze"]
    for run_id in ("r1", "r2"):
        scope = {"run_context": RunContext(run_id, "s", session_state=state), "session_state": state}
        call(think, {"title": "Plan", "thought": "t"}, colour, **scope)
        done = call(analyze, {"title": "Check", "result": "r", "analysis": "a"}, colour, **scope)
    assert done.result.startswith("Step 1: Plan\n") and "Step 2: Check\nresult: r" in done.result
    assert [step["title"] for step in state["reasoning_steps"]["r1"]] == ["Plan", "Check"]
    assert state["reasoning_steps"]["r1"] == state["reasoning_steps"]["r2"]


def test_reasoning_tools_can_be_called_by_hand() -> None:
    state: dict[str, Any] = {"current_run_id": "r"}
    assert "Step 1: T" in ReasoningTools().think(title="T", thought="x", session_state=state)
    assert state["reasoning_steps"]["r"][0]["reasoning"] == "x"
    assert "Step 1: T" in ReasoningTools().think("T", "x")


def test_the_user_is_asked_through_a_tool() -> None:
    tools = UserControlFlowTools()
    assert list(tools.functions) == ["get_user_input"] and tools.add_instructions
    assert not UserControlFlowTools(enable_get_user_input=False).functions
    schema = tools.functions["get_user_input"].definition()["parameters"]["properties"]["user_input_fields"]
    assert schema["type"] == "array" and schema["items"]["type"] == "object"


def test_an_async_method_of_a_toolkit_runs_in_both_colours() -> None:
    class Slow(Toolkit):
        def __init__(self) -> None:
            super().__init__(tools=[self.wait])

        async def wait(self, x: int) -> int:
            await asyncio.sleep(0)
            return x

    for colour in ("sync", "async"):
        assert call(Slow().functions["wait"], {"x": 4}, colour).result == 4


def test_a_toolkit_has_its_older_name() -> None:
    assert ToolRegistry is Toolkit
