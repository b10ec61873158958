"""Reading what a model sent, and keeping results of toolkit methods."""

from __future__ import annotations

import asyncio
from typing import Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from agno.models._structured import parse
from agno.tools import Function, FunctionCall, Toolkit
from agno.utils.functions import cache_result, get_function_call, parse_arguments


def work(
    text: str,
    n: int = 0,
    flag: bool = False,
    either: int | str = 0,
    maybe: Optional[str] = None,  # noqa: UP045
    loose=None,  # type: ignore[no-untyped-def]
) -> None: ...


FUNCTION = Function.from_callable(work)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        (None, {}),
        ("", {}),
        ("  ", {}),
        ("null", {}),
        ("[]", {}),
        ("{}", {}),
        ({"n": 1}, {"n": 1}),
        ('{"text": "a", "n": 1}', {"text": "a", "n": 1}),
        ("{'text': 'a', 'flag': True, 'loose': None}", {"text": "a", "flag": True, "loose": None}),
        ('{"text": "  two  words "}', {"text": "  two  words "}),
        ('{"text": "true"}', {"text": "true"}),
        ('{"text": "None"}', {"text": "None"}),
        ('{"flag": "True", "loose": "none", "n": "null"}', {"flag": True, "loose": None, "n": None}),
        ('{"loose": " FALSE "}', {"loose": False}),
        ('{"loose": "truely"}', {"loose": "truely"}),
        ('{"either": "true"}', {"either": "true"}),
        ('{"maybe": "None"}', {"maybe": None}),
        ('{"maybe": "true"}', {"maybe": "true"}),
    ],
)
def test_arguments_are_read(text: Any, arguments: dict[str, Any]) -> None:
    assert parse_arguments(text, FUNCTION) == arguments


@pytest.mark.parametrize("text", ["{", "not json", "5", "'a'", "[1]", "{1: 2}", "__import__('os')", "(" * 5000])
def test_what_is_no_object_is_refused_with_what_was_received(text: str) -> None:
    with pytest.raises(ValueError, match="The arguments of 'work' are"):
        parse_arguments(text, FUNCTION)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(parse_arguments(text, FUNCTION), dict)
    except ValueError:
        pass


def test_a_call_is_made_from_what_a_model_sent() -> None:
    call = get_function_call("work", '{"text": "a"}', "c1", {"work": FUNCTION})
    assert isinstance(call, FunctionCall)
    assert (call.function, call.arguments, call.call_id, call.error) == (FUNCTION, {"text": "a"}, "c1", None)


def test_bad_arguments_are_the_error_of_the_call() -> None:
    call = get_function_call("work", "{", functions={"work": FUNCTION})
    assert call.arguments is None and "The arguments of 'work' are no JSON object" in call.error


@pytest.mark.parametrize("garbage", ["[" * 100_000, '{"a":' * 100_000])
def test_json_nested_without_end_is_bad_json(garbage: str) -> None:
    """It is more than the decoder can hold; neither as arguments nor as an answer may it end the run."""

    class Film(BaseModel):
        title: str

    with pytest.raises(ValueError, match="'work' are no JSON object"):
        parse_arguments(garbage, FUNCTION)
    assert parse(garbage, Film) is None


def test_an_unknown_function_gives_no_call() -> None:
    assert get_function_call("other", "{}", functions={"work": FUNCTION}) is None
    assert get_function_call("work", "{}") is None


# cache_result --------------------------------------------------------------------------------------------------------


class Prices(Toolkit):
    def __init__(self, **settings: Any) -> None:
        self.calls = 0
        super().__init__(name="prices", tools=[self.price, self.aprice], **settings)

    @cache_result()
    def price(self, item: str, currency: str = "EUR") -> str:
        """Look up a price."""
        self.calls += 1
        return f"{item} {currency}"

    @cache_result()
    async def aprice(self, item: str) -> str:
        self.calls += 1
        return item


def test_a_toolkit_keeps_results_if_it_is_told_to(tmp_path: Any) -> None:
    tools = Prices(cache_results=True, cache_dir=str(tmp_path))
    assert [tools.price("tea"), tools.price(item="tea"), tools.price("rum")] == ["tea EUR", "tea EUR", "rum EUR"]
    assert tools.calls == 2
    assert asyncio.run(tools.aprice("tea")) == asyncio.run(tools.aprice("tea")) == "tea"
    assert tools.calls == 3
    folder = tmp_path / "functions" / __name__ / "Prices.price"
    assert len(list(folder.iterdir())) == 2


def test_a_toolkit_that_keeps_nothing_calls_each_time(tmp_path: Any) -> None:
    tools = Prices(cache_dir=str(tmp_path))
    tools.price("tea"), tools.price("tea")
    assert tools.calls == 2 and not list(tmp_path.iterdir())


def test_a_decorated_method_is_described_as_itself(tmp_path: Any) -> None:
    function = Prices(cache_dir=str(tmp_path)).functions["price"]
    definition = function.definition()
    assert definition["description"] == "Look up a price."
    assert list(definition["parameters"]["properties"]) == ["item", "currency"]


def test_a_plain_function_is_kept_and_switched_off(tmp_path: Any) -> None:
    calls: list[int] = []

    def count(x: int) -> int:
        calls.append(x)
        return x

    kept = cache_result(cache_dir=str(tmp_path))(count)
    assert kept(1) == kept(1) == 1 and calls == [1]
    assert cache_result(enable_cache=False)(count) is count
