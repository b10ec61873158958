"""`Function`, `@tool` and `@approval`."""

from __future__ import annotations

from typing import Any

import pytest
from calling import call

from agno.approval import ApprovalType, approval
from agno.tools import Function, FunctionCall, Toolkit, tool
from agno.tools.function import UserInputField, user_input_schema


def greet(name: str, times: int = 1) -> str:
    """Greet somebody.

    Args:
        name: Whom.
    """
    return f"Hello {name}! " * times


def test_a_function_has_the_documented_defaults() -> None:
    function = Function(name="f")
    assert function.parameters == {"type": "object", "properties": {}, "required": []}
    assert (function.add_instructions, function.cache_ttl, function.show_result) == (True, 3600, False)
    assert function.strict is function.entrypoint is function.requires_confirmation is None
    assert function.to_dict() == {"name": "f", "parameters": {"type": "object", "properties": {}, "required": []}}


def test_a_dict_of_a_function_holds_only_what_a_provider_is_told() -> None:
    function = Function(name="f", description="d", strict=True, requires_confirmation=True, show_result=True)
    assert set(function.to_dict()) == {"name", "description", "parameters", "strict"}


def test_a_function_is_made_from_a_callable_under_any_name() -> None:
    function = Function.from_callable(greet, name="hello")
    assert function.name == "hello" and function.description == "Greet somebody."
    assert function.parameters["required"] == ["name"]
    assert Function.from_callable(greet, strict=True).parameters["required"] == ["name", "times"]


def test_processing_twice_gives_the_same() -> None:
    function = Function(name="f", entrypoint=greet)
    function.process_entrypoint()
    first = function.to_dict()
    function.process_entrypoint()
    assert function.to_dict() == first


def test_parameters_of_the_user_are_kept_and_never_edited() -> None:
    given = {"type": "object", "properties": {"name": {"type": "string"}}, "required": []}
    function = Function(name="f", entrypoint=greet, parameters=given)
    function.process_entrypoint(strict=True)
    assert function.parameters["required"] == ["name"] and function.parameters["additionalProperties"] is False
    assert given == {"type": "object", "properties": {"name": {"type": "string"}}, "required": []}


def test_a_strict_run_does_not_change_what_other_runs_are_told() -> None:
    function = Function.from_callable(greet)
    loose, tight = function.definition(), function.definition(strict=True)
    assert "strict" not in loose and loose["parameters"]["required"] == ["name"]
    assert tight["strict"] is True and tight["parameters"]["required"] == ["name", "times"]
    assert function.definition() is loose and function.definition(strict=True) is tight


def test_a_tool_with_a_free_dict_is_not_strict_in_a_strict_run() -> None:
    def store(values: dict) -> None: ...

    assert "strict" not in Function.from_callable(store).definition(strict=True)


def test_a_changed_description_is_told_from_then_on() -> None:
    function = Function.from_callable(greet)
    function.definition()
    function.description = "Say hello."
    assert function.definition()["description"] == "Say hello."


def test_a_copy_shares_the_callable_and_nothing_else() -> None:
    function = tool(tool_hooks=[print])(greet)
    twin = function.model_copy(update={"name": "other"})
    twin.parameters["properties"].clear()
    twin.tool_hooks.append(print)
    assert twin.name == "other" and twin.entrypoint is greet
    assert list(function.parameters["properties"]) == ["name", "times"] and function.tool_hooks == [print]
    assert twin.definition()["name"] == "other"


def test_a_copy_with_another_callable_is_described_anew() -> None:
    def other(x: int) -> None: ...

    twin = Function.from_callable(greet).model_copy(update={"entrypoint": other})
    assert list(twin.definition()["parameters"]["properties"]) == ["x"]


# @tool ----------------------------------------------------------------------------------------------------------------


def test_the_decorator_works_bare_and_called() -> None:
    for made in (tool(greet), tool()(greet), tool(name="greet")(greet)):
        assert isinstance(made, Function)
        assert made.name == "greet" and list(made.parameters["properties"]) == ["name", "times"]


def test_every_option_arrives() -> None:
    options: dict[str, Any] = {
        "name": "n", "description": "d", "strict": True, "instructions": "i", "add_instructions": False,
        "show_result": True, "stop_after_tool_call": True, "external_execution": True,
        "external_execution_silent": True, "pre_hook": print, "post_hook": print, "tool_hooks": [print],
        "cache_results": True, "cache_dir": "x", "cache_ttl": 5,
    }  # fmt: skip
    made = tool(**options)(greet)
    assert {name: getattr(made, name) for name in options} == options
    assert made.parameters["additionalProperties"] is False


def test_an_unknown_option_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no option 'names'.*cache_ttl"):
        tool(names="x")


@pytest.mark.parametrize(
    "options",
    [
        {"requires_confirmation": True, "external_execution": True},
        {"requires_user_input": True, "requires_confirmation": True},
        {"user_input_fields": ["name"], "external_execution": True},
    ],
)
def test_a_tool_waits_in_one_way_only(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one way only"):
        tool(**options)(greet)


def test_stopping_shows_the_result_unless_told_otherwise() -> None:
    assert tool(stop_after_tool_call=True)(greet).show_result is True
    assert tool(stop_after_tool_call=True, show_result=False)(greet).show_result is False


def test_one_decorator_serves_several_functions() -> None:
    decorate = tool(tool_hooks=[print])

    def other(x: int) -> None: ...

    one, two = decorate(greet), decorate(other)
    one.tool_hooks.append(len)
    assert (one.name, two.name) == ("greet", "other") and two.tool_hooks == [print]


def test_decorating_what_is_no_function_is_refused() -> None:
    with pytest.raises(ValueError, match="decorates a function, not 'name'"):
        tool("name")  # type: ignore[call-overload]


# Waiting for the user --------------------------------------------------------------------------------------------------


def test_fields_of_the_user_are_hidden_from_the_model_but_listed_for_the_user() -> None:
    def mail(agent: Any, to: str, body: str, urgent: bool = False) -> None:
        """Mail.

        Args:
            to: Receiver.
        """

    made = tool(user_input_fields=["to"])(mail)
    assert made.requires_user_input is True
    assert list(made.parameters["properties"]) == ["body", "urgent"] and made.parameters["required"] == ["body"]
    fields = user_input_schema(made, {"body": "hi"})
    assert [(f.name, f.field_type, f.value) for f in fields] == [
        ("to", str, None),
        ("body", str, "hi"),
        ("urgent", bool, None),
    ]
    assert fields[0].description == "Receiver."
    assert [f.name for f in made.user_input_schema] == ["to", "body", "urgent"]


def test_fields_of_a_given_schema_are_listed_too() -> None:
    parameters = {"type": "object", "properties": {"n": {"type": "integer"}, "l": {"type": "array"}}}
    function = Function(
        name="f", parameters=parameters, entrypoint=lambda **given: given, skip_entrypoint_processing=True
    )
    assert [(f.name, f.field_type) for f in user_input_schema(function, {})] == [("n", int), ("l", list)]


def test_types_that_a_model_names_are_looked_up_and_never_evaluated() -> None:
    function = Function(name="get_user_input")
    asked = [{"field_name": "a", "field_type": "int"}, {"field_name": "b", "field_type": "__import__('os')"}, "junk"]
    fields = user_input_schema(function, {"user_input_fields": asked})
    assert [(f.name, f.field_type) for f in fields] == [("a", int), ("b", str)]
    assert UserInputField.from_dict({"name": "x", "field_type": "exit()"}).field_type is str


def test_a_user_field_that_is_no_parameter_is_warned_about(agno_log: pytest.LogCaptureFixture) -> None:
    tool(user_input_fields=["nmae"])(greet)
    assert "'nmae', which is no parameter" in agno_log.text


# Methods, and what is called how ---------------------------------------------------------------------------------------


def test_a_decorated_method_belongs_to_its_instance() -> None:
    class Shop(Toolkit):
        def __init__(self, town: str) -> None:
            self.town = town
            super().__init__(name="shop", tools=[self.buy])

        @tool(stop_after_tool_call=True)
        def buy(self, item: str) -> str:
            """Buy."""
            return f"{item} in {self.town}"

    one, two = Shop("Oslo"), Shop("Rome")
    assert call(one.functions["buy"], {"item": "tea"}).result == "tea in Oslo"
    assert call(two.functions["buy"], {"item": "tea"}).result == "tea in Rome"
    assert call(two.buy, {"item": "tea"}).result == "tea in Rome"
    assert one.functions["buy"].stop_after_tool_call and list(one.buy.parameters["properties"]) == ["item"]


def test_a_call_is_shown_as_text_that_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    function = Function(name="f")
    assert FunctionCall(function).get_call_str() == "f()"
    assert FunctionCall(function, {"a": 1, "b": "x"}).get_call_str() == "f(a=1, b=x)"
    assert FunctionCall(function, {"a": "x" * 90}).get_call_str() == "f(a=...)"
    assert FunctionCall(function, {c: "x" * 30 for c in "abc"}).get_call_str() == "f(...)"


# @approval -------------------------------------------------------------------------------------------------------------


def test_an_approval_without_a_flag_asks_for_a_confirmation() -> None:
    for made in (approval(tool(greet)), tool(approval(greet)), Function.from_callable(approval(lambda: 1), name="x")):
        assert made.approval_type == "required" and made.requires_confirmation is True


def test_an_approval_keeps_the_way_the_tool_waits() -> None:
    made = approval(type="audit")(tool(external_execution=True)(lambda: 1))
    assert made.approval_type == "audit" and made.requires_confirmation is None
    again = tool(requires_user_input=True)(approval("audit")(lambda x: 1))
    assert again.approval_type == ApprovalType.audit.value and again.requires_confirmation is None


def test_an_audit_of_a_tool_nobody_is_asked_about_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody is asked about"):
        approval("audit")(tool(lambda: 1))


def test_an_unknown_kind_of_approval_is_refused() -> None:
    with pytest.raises(ValueError, match="the types are 'required', 'audit'"):
        approval("sometimes")
