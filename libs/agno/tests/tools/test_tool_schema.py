"""What a model is told of a function."""

from __future__ import annotations

import datetime
import functools
import gc
import logging
import math
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Dict, List, Literal, NewType, Optional, Union  # noqa: UP035

import pytest
from pydantic import BaseModel, Field
from typing_extensions import NotRequired, TypedDict

from agno.run import RunContext
from agno.tools.function import Function
from agno.tools.schema import Described, described
from agno.utils.json_schema import can_be_strict, json_schema, strict

if TYPE_CHECKING:
    from agno.agent import Agent


class Colour(Enum):
    red = "red"
    blue = "blue"


class Size(Enum):
    small = 1
    large = 2


class Address(BaseModel):
    street: str
    zip: Optional[str] = None  # noqa: UP045


class Person(BaseModel):
    name: str = Field(description="Full name")
    home: Address


class Tree(BaseModel):
    value: int
    children: list[Tree] = []


@dataclass
class Point:
    x: int
    y: float = 0.0
    label: str | None = None
    tags: list[str] = field(default_factory=list)


@dataclass
class Node:
    name: str
    parent: Node | None = None


class Options(TypedDict):
    depth: int
    verbose: NotRequired[bool]


UserId = NewType("UserId", str)


@pytest.mark.parametrize(
    ("hint", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (complex, {"type": "number"}),
        (Decimal, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (set[str], {"type": "array", "items": {"type": "string"}}),
        (Sequence[bool], {"type": "array", "items": {"type": "boolean"}}),
        (Iterable[int], {"type": "array", "items": {"type": "integer"}}),
        (List, {"type": "array", "items": {"type": "string"}}),  # noqa: UP006
        (tuple, {"type": "array", "items": {"type": "string"}}),
        (list, {"type": "array", "items": {}}),
        (dict, {"type": "object", "additionalProperties": True}),
        (Dict, {"type": "object", "additionalProperties": True}),  # noqa: UP006
        (dict[str, Any], {"type": "object", "additionalProperties": True}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Any, {}),
        (Optional[int], {"type": "integer"}),  # noqa: UP045
        (int | None, {"type": "integer"}),
        (Union[int, str], {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal[1, "b"], {"enum": [1, "b"]}),
        (Colour, {"type": "string", "enum": ["red", "blue"]}),
        (Size, {"type": "integer", "enum": [1, 2]}),
        (datetime.date, {"type": "string", "format": "date"}),
        (Annotated[int, "how many"], {"type": "integer", "description": "how many"}),
        (Annotated[str, Field(description="who")], {"type": "string", "description": "who"}),
        (UserId, {"type": "string"}),
    ],
)
def test_a_type_hint_has_its_json_schema(hint: Any, schema: dict[str, Any]) -> None:
    assert json_schema(hint) == schema


def test_the_schema_of_a_hint_can_be_edited_without_changing_the_next_one() -> None:
    json_schema(list)["items"]["type"] = "string"
    assert json_schema(list) == {"type": "array", "items": {}}


def test_a_nested_model_is_written_where_it_is_used() -> None:
    schema = json_schema(list[Person])["items"]
    assert "$ref" not in str(schema) and "$defs" not in schema
    assert schema["properties"]["name"]["description"] == "Full name"
    assert schema["properties"]["home"]["properties"]["street"]["type"] == "string"
    assert schema["required"] == ["name", "home"]


def test_a_model_that_contains_itself_ends() -> None:
    schema = json_schema(Tree)
    assert schema["properties"]["children"]["items"] == {"type": "object"}
    assert "$" not in str(schema), "a reference would lead nowhere in the parameters of a tool"


def test_a_dataclass_that_contains_itself_ends() -> None:
    assert json_schema(Node)["properties"]["parent"] == {"type": "object"}


def test_a_dataclass_needs_what_has_no_default_and_is_not_optional() -> None:
    schema = json_schema(Point)
    assert list(schema["properties"]) == ["x", "y", "label", "tags"]
    assert schema["required"] == ["x"] and schema["additionalProperties"] is False


def test_a_typed_dict_needs_its_required_keys() -> None:
    schema = json_schema(Options)
    assert schema["required"] == ["depth"]
    assert schema["properties"]["verbose"] == {"type": "boolean"}


def test_strict_requires_every_property_at_every_depth_and_changes_nothing_in_place() -> None:
    given = {"type": "object", "properties": {"p": json_schema(Point)}, "required": []}
    made = strict(given)
    assert made["required"] == ["p"] and made["additionalProperties"] is False
    assert made["properties"]["p"]["required"] == ["x", "y", "label", "tags"]
    assert given["required"] == []


@pytest.mark.parametrize(
    ("hint", "can"), [(Person, True), (list[int], True), (dict, False), (Any, False), (list, False), (Colour, True)]
)
def test_only_closed_schemas_can_be_strict(hint: Any, can: bool) -> None:
    assert can_be_strict({"type": "object", "properties": {"x": json_schema(hint)}}) is can


# Functions ------------------------------------------------------------------------------------------------------------


def forecast(city: str, days: int = 3, *, unit: Literal["C", "F"] = "C") -> str:
    """Look up the weather.

    Works for any city.

    Args:
        city: Where.
        days (int): How far.

    Returns:
        A text.
    """
    return f"{city} {days} {unit}"


def test_a_function_is_described_by_its_hints_and_docstring() -> None:
    known = described(forecast)
    assert known.description == "Look up the weather.\n\nWorks for any city."
    assert known.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where."},
            "days": {"type": "integer", "description": "(int) How far."},
            "unit": {"type": "string", "enum": ["C", "F"]},
        },
        "required": ["city"],
    }


def numpy_style(city: str) -> None:
    """Find.

    Parameters
    ----------
    city
        Where it is.
    """


def rest_style(city: str) -> None:
    """Find.

    :param city: Where it is.
    """


def epydoc_style(city: str) -> None:
    """Find.

    @param city: Where it is.
    """


@pytest.mark.parametrize("fn", [numpy_style, rest_style, epydoc_style])
def test_docstrings_of_other_styles_are_read(fn: Any) -> None:
    assert described(fn).parameters["properties"]["city"]["description"] == "Where it is."
    assert described(fn).description == "Find."


def test_without_a_docstring_the_description_is_empty_and_without_hints_anything_goes() -> None:
    known = described(lambda x, y=1: x)
    assert known.description == ""
    assert known.parameters == {"type": "object", "properties": {"x": {}, "y": {}}, "required": ["x"]}


def test_what_the_framework_gives_is_not_in_the_schema() -> None:
    def work(agent: Any, team: Any, session_state: dict, fc: Any, dependencies: dict, images: list, x: int) -> None: ...
    def context(ctx: RunContext, other: RunContext | None, run_context: Any, x: int) -> None: ...

    assert list(described(work).parameters["properties"]) == ["x"]
    known = described(context)
    assert list(known.parameters["properties"]) == ["x"] and known.parameters["required"] == ["x"]
    assert known.injected["run_context"] == "run_context"


def unresolvable(agent: Agent, city: str, context: "Optional[RunContext]" = None) -> str:  # noqa: UP037, UP045
    return city


def test_a_name_known_only_to_type_checkers_does_not_lose_the_other_hints() -> None:
    assert described(unresolvable).parameters["properties"] == {"city": {"type": "string"}}


def test_a_context_is_recognised_by_its_name_where_it_cannot_be_imported() -> None:
    def work(ctx: "Missing[RunContext]", x: int) -> None: ...  # type: ignore[name-defined]  # noqa: F821, UP037

    assert described(work).injected == {"ctx": "run_context"}


def test_a_parameter_that_cannot_be_described_is_left_out_with_a_warning(agno_log: pytest.LogCaptureFixture) -> None:
    class Opaque(BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        fn: object
        lock: logging.Handler

    def work(x: int, o=None) -> None: ...

    work.__annotations__["o"] = Opaque
    assert list(described(work).parameters["properties"]) == ["x"]
    assert "'o' cannot be described" in agno_log.text


def test_arguments_that_a_partial_has_settled_are_hidden() -> None:
    fixed = functools.partial(forecast, unit="F")
    function = Function.from_callable(fixed)
    assert function.name == "forecast" and function.description.startswith("Look up the weather.")
    assert list(function.parameters["properties"]) == ["city", "days"]


def test_objects_that_can_be_called_and_builtins_are_described() -> None:
    class Doubler:
        def __call__(self, x: int) -> int:
            """Double it."""
            return 2 * x

    known = described(Doubler())
    assert known.description == "Double it." and known.parameters["properties"] == {"x": {"type": "integer"}}
    assert list(described(math.sqrt).parameters["properties"]) == ["x"]


def test_a_callable_without_a_signature_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="wrap it in a function with type hints"):
        described(max)


def test_a_function_is_looked_at_once_and_a_method_once_for_all_instances() -> None:
    class Shop:
        def buy(self, item: str) -> str:
            return item

    assert described(forecast) is described(forecast)
    assert described(Shop().buy) is described(Shop().buy)
    assert list(described(Shop.buy).parameters["properties"]) == ["item"]
    assert described(Shop.buy) is not described(Shop().buy)


def test_what_is_known_of_a_function_does_not_keep_it_alive() -> None:
    def passing(x: int) -> int:
        return x

    assert described(passing).validated("passing", {"x": "1"}) == {"x": 1}
    gone = weakref.ref(passing)
    del passing
    gc.collect()
    assert gone() is None


def test_extra_arguments_are_known() -> None:
    def work(x: int, **rest: Any) -> None: ...

    assert described(work).accepts_any and isinstance(described(work), Described)
