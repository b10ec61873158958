"""Numbers for Prometheus."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read

from agno.agent import Agent
from agno.models.prices import Price, set_price
from agno.testing import ScriptedModel, fails, says, wants
from agno.tracing import count_costs, setup_prometheus, stop_prometheus
from agno.tracing.prometheus import PrometheusListener, asks_for_prometheus

from playing import in_every_mode, play

# what Prometheus 3 sends
ACCEPT = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3"
)


def broken() -> str:
    """Break."""
    raise ValueError("no")


@in_every_mode
def test_runs_requests_tokens_and_tools_are_counted(mode: str) -> None:
    numbers, registry = (made := setup_prometheus()), made.registry
    count_costs()
    set_price("scripted", Price(1_000_000, 1_000_000))
    agent = Agent(id="a", model=ScriptedModel(wants("broken"), says("x"), fails(RuntimeError("no"))), tools=[broken])
    output = play(agent, "go", mode, user_id="ann").output
    play(agent, "go", mode)
    value = registry.get_sample_value
    model = {"model": "scripted", "provider": agent.model.get_provider().lower().replace(" ", "_")}
    assert value("agno_runs_total", {"component": "a", "type": "agent", "status": "completed"}) == 1
    assert value("agno_runs_total", {"component": "a", "type": "agent", "status": "error"}) == 1
    assert value("agno_run_duration_seconds_count", {"component": "a", "type": "agent"}) == 2
    assert value("agno_model_requests_total", {**model, "outcome": "ok"}) == 2
    assert value("agno_model_requests_total", {**model, "outcome": "error"}) == 1
    assert value("agno_tokens_total", {**model, "direction": "input"}) == output.metrics.input_tokens
    assert value("agno_cost_usd_total", model) == output.metrics.cost == output.metrics.total_tokens
    assert value("agno_tool_calls_total", {"tool": "broken", "outcome": "error"}) == 1
    assert value("agno_active_runs", {"type": "agent"}) == 0
    streamed = value("agno_time_to_first_token_seconds_count", model)
    assert streamed == (2 if mode.endswith("stream") else None)
    assert "ann" not in numbers.text()[0].decode()


def test_streams_that_go_on_are_counted_until_they_end() -> None:
    value = setup_prometheus().registry.get_sample_value
    stream = Agent(model=ScriptedModel(says("one two three"))).run("go", stream=True)
    next(stream)
    assert value("agno_active_streams", {"type": "agent"}) == 1
    stream.close()
    assert value("agno_active_streams", {"type": "agent"}) == 0


def test_a_run_that_began_before_anybody_counted_is_not_taken_away() -> None:
    made: list[Any] = []

    def begin() -> str:
        """Begin."""
        made.append(setup_prometheus(CollectorRegistry()))
        return "ok"

    setup_prometheus()
    model = ScriptedModel(wants("begin"), says("x"), says("y"))
    agent = Agent(model=model, tools=[begin])
    agent.run("go")
    assert not made[0].registry.get_sample_value("agno_active_runs", {"type": "agent"})
    agent.run("go")
    assert made[0].registry.get_sample_value("agno_active_runs", {"type": "agent"}) == 0


def test_a_registry_can_be_counted_into_again() -> None:
    registry = CollectorRegistry()
    setup_prometheus(registry)
    stop_prometheus()
    assert setup_prometheus(registry).registry is registry
    with pytest.raises(ValueError, match="registry='mine'.: give a CollectorRegistry"):
        setup_prometheus("mine")


def test_there_are_no_more_than_so_many_names() -> None:
    numbers = PrometheusListener(most_names=2)
    assert [numbers._known("tool", name) for name in ("a", "b", "c", "a", "d", None)] == [
        "a",
        "b",
        "other",
        "a",
        "other",
        "other",
    ]


def test_a_scraper_gets_the_format_that_it_asks_for() -> None:
    numbers = setup_prometheus()
    assert setup_prometheus() is numbers
    Agent(id="ü", model=ScriptedModel(says("x"))).run("go")
    body, kind = numbers.text(ACCEPT)
    assert kind.startswith("application/openmetrics-text") and body.endswith(b"# EOF\n")
    assert {family.name for family in read_openmetrics(body.decode())} >= {
        "agno_runs",
        "agno_tokens",
        "agno_tool_calls",
    }
    body, kind = numbers.text("text/plain")
    assert kind.startswith("text/plain") and any(family.name == "agno_runs" for family in read(body.decode()))


def test_a_scraper_is_told_from_a_client_by_its_accept_header() -> None:
    wanted: dict[str, Any] = {
        ACCEPT: True, "text/plain": True, "application/openmetrics-text; version=1.0.0": True, "": False, "*/*": False,
        "application/json": False, "application/json, text/plain, */*": False,
    }  # fmt: skip
    assert {accept: asks_for_prometheus(accept) for accept in wanted} == wanted
