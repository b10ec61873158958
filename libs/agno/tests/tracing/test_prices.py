"""What runs cost."""

from __future__ import annotations

import pytest

from agno.agent import Agent
from agno.models.metrics import Metrics
from agno.models.prices import PRICES, PRICES_AS_OF, Price, cost_of, price_of, set_price
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.tracing import count_costs

from playing import in_every_mode, play


def test_the_list_has_a_date_and_finds_dated_versions_of_a_model() -> None:
    assert PRICES_AS_OF.year >= 2025
    assert (
        price_of("gpt-4o-mini", "OpenAI")
        == price_of("gpt-4o-mini-2024-07-18", "OpenAI")
        == PRICES["OpenAI", "gpt-4o-mini"]
    )
    assert price_of("claude-sonnet-4-20250514", "Anthropic") == PRICES["Anthropic", "claude-sonnet-4"]
    assert price_of("gpt-4o-2024-05-13", "OpenAI") != price_of("gpt-4o", "OpenAI")
    for unknown in (("gpt-4o-audio-preview", "OpenAI"), ("gpt-4o", "OpenRouter"), ("", None)):
        assert price_of(*unknown) is None


@pytest.mark.parametrize(
    ("usage", "price", "cost"),
    [
        ({"input_tokens": 1000, "output_tokens": 100}, Price(2, 8), 0.0028),
        ({"input_tokens": 1000, "cache_read_tokens": 600}, Price(2, 8, 0.5), 0.0011),  # 400 fresh ones, 600 cached
        ({"input_tokens": 1000, "cache_read_tokens": 600}, Price(2, 8), 0.002),
        (
            {"input_tokens": 10, "cache_read_tokens": 600, "cache_write_tokens": 100},
            Price(3, 15, 0.3, 3.75, True),
            0.000585,
        ),
        ({"input_tokens": 10, "audio_input_tokens": 5}, Price(2, 8), None),
        ({"input_tokens": 10, "audio_total_tokens": 5}, Price(2, 8), None),
        ({}, Price(2, 8), 0),
    ],
)
def test_a_price_is_for_a_million_tokens(usage: dict[str, int], price: Price, cost: float | None) -> None:
    assert price.of(Metrics(**usage)) == (None if cost is None else pytest.approx(cost))


def test_your_price_wins_over_the_list_and_the_providers_word_over_both() -> None:
    usage = Metrics(input_tokens=1_000_000)
    set_price("gpt-4o", Price(1, 1))
    assert cost_of(usage, "gpt-4o", "OpenAI") == 1 == cost_of(usage, "gpt-4o", "Azure")
    set_price("gpt-4o", None)
    assert cost_of(usage, "gpt-4o", "OpenAI") is None
    assert cost_of(Metrics(input_tokens=5, cost=0.25), "gpt-4o", "OpenAI") == 0.25


@in_every_mode
def test_costs_stand_in_the_metrics_by_role_and_are_none_for_unknown_models(mode: str) -> None:
    def team() -> Team:
        member = Agent(id="m", model=ScriptedModel(says("x"), id="small"))
        leader = ScriptedModel(
            wants("delegate_task_to_member", member_id="m", task_description="do"), says("y"), id="big"
        )
        return Team(id="t", members=[member], model=leader)

    assert play(team(), "go", mode).output.metrics.cost is None, "nobody asked for it"
    count_costs()
    set_price("small", Price(1_000_000, 1_000_000))
    metrics = play(team(), "go", mode).output.metrics
    assert metrics.cost is None, "the price of the leader's model is not known"
    (member,) = metrics.details["member:m"]
    assert member.cost == member.total_tokens
    set_price("big", Price(1_000_000, 0))
    metrics = play(team(), "go", mode).output.metrics
    assert metrics.cost == metrics.input_tokens == metrics.details["model"][0].cost
