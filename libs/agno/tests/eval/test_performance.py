"""PerformanceEval: time and memory of functions."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from judging import ask, in_both_colours, printed

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.eval import PerformanceEval, PerformanceResult
from agno.testing import ScriptedModel, says

QUICK: dict[str, Any] = {"warmup_runs": 1, "num_iterations": 3}


class Counted:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


@in_both_colours
def test_time_and_memory_are_measured_in_rounds_of_their_own(colour: str) -> None:
    def allocate() -> None:
        bytearray(3 * 1024 * 1024)

    result = ask(PerformanceEval(allocate, **QUICK), colour)
    assert len(result.run_times) == len(result.memory_usages) == 3
    assert all(3 <= usage < 3.5 for usage in result.memory_usages)
    assert 0 < result.min_run_time <= result.median_run_time <= result.p95_run_time <= result.max_run_time
    assert not tracemalloc.is_tracing()


@in_both_colours
def test_each_measurement_can_be_left_out_and_warm_ups_too(colour: str) -> None:
    for settings, calls in (
        ({"warmup_runs": 2}, 2 + 3 + 3),
        ({"warmup_runs": None}, 3 + 3),
        ({"warmup_runs": 0, "measure_memory": False}, 3),
        ({"warmup_runs": 0, "measure_runtime": False}, 3),
        ({"warmup_runs": 1, "measure_runtime": False, "measure_memory": False}, 1),
    ):
        func = Counted()
        ask(PerformanceEval(func, num_iterations=3, **settings), colour)
        assert func.calls == calls, settings


def test_an_async_function_is_measured_by_arun_only() -> None:
    calls = []

    async def answer() -> None:
        calls.append((await agent.arun("hi")).content)

    agent = Agent(model=ScriptedModel(says("hello"), repeat=True))
    evaluation = PerformanceEval(answer, **QUICK)
    with pytest.raises(ValueError, match=r"func= is async, so use arun\(\)"):
        evaluation.run()
    result = ask(evaluation, "async")
    assert calls == ["hello"] * 7 and result.avg_run_time > 0 and result.avg_memory_usage > 0


@in_both_colours
def test_a_function_that_gives_something_to_await_is_refused(colour: str) -> None:
    async def answer() -> None: ...

    with pytest.raises(ValueError, match="make it an `async def`"):
        ask(PerformanceEval(lambda: answer(), **QUICK), colour)


@in_both_colours
def test_an_error_of_the_function_travels_and_tracing_ends(colour: str) -> None:
    def broken() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        ask(PerformanceEval(broken, warmup_runs=0, num_iterations=1, measure_runtime=False), colour)
    assert not tracemalloc.is_tracing()
    with pytest.raises(ValueError, match="num_iterations=0"):
        ask(PerformanceEval(broken, num_iterations=0), colour)


def test_tracing_that_was_on_stays_on() -> None:
    tracemalloc.start()
    try:
        PerformanceEval(lambda: None, **QUICK).run()
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


@in_both_colours
def test_the_row_holds_twelve_figures_and_every_run(colour: str) -> None:
    def build() -> None: ...

    db = InMemoryDb()
    evaluation = PerformanceEval(
        build, **QUICK, db=db, name="p", agent_id="a", model_id="m", model_provider="P", measure_memory=False
    )
    result = ask(evaluation, colour)
    [row] = db.get_eval_runs()
    assert (row.run_id, row.eval_type.value, row.evaluated_component_name) == (
        evaluation.eval_id,
        "performance",
        "build",
    )
    assert (row.agent_id, row.model_id, row.model_provider) == ("a", "m", "P")
    assert row.eval_input == {"num_iterations": 3, "warmup_runs": 1}
    assert len(row.eval_data["result"]) == 12 and row.eval_data["result"]["avg_run_time"] == result.avg_run_time
    assert [set(run) for run in row.eval_data["runs"]] == [{"runtime", "memory"}] * 3
    assert row.eval_data["runs"][0]["memory"] is None


def test_the_figures_are_right() -> None:
    result = PerformanceResult(run_times=[float(n) for n in range(1, 101)], memory_usages=[2.0])
    assert (result.avg_run_time, result.median_run_time, result.min_run_time, result.max_run_time) == (
        50.5,
        50.5,
        1,
        100,
    )
    assert round(result.p95_run_time, 2) == 95.05 and round(result.std_dev_run_time, 3) == 29.011
    assert (result.avg_memory_usage, result.p95_memory_usage, result.std_dev_memory_usage) == (2.0, 2.0, 0.0)
    assert PerformanceResult().figures()["p95_run_time"] == 0


def test_tables_show_what_was_measured(capsys: Any) -> None:
    result = PerformanceResult([0.5, 1.5], [1.0, 2.0])
    text = printed(result.print_summary)
    for name in ("Performance Summary", "Metric", "Time (seconds)", "Memory (MiB)", "Average", "Std Dev", "95th %ile"):
        assert name in text
    assert "1.000000" in text and "Maximum" in text and "Median" in text
    assert "Memory" not in printed(lambda console: result.print_summary(console, measure_memory=False))
    text = printed(result.print_results)
    assert "Individual Runs" in text and "Run 2" in text and "1.500000" in text
    PerformanceEval(lambda: None, **QUICK).run(print_summary=True, print_results=True)
    shown = capsys.readouterr().out
    assert "Performance Summary" in shown and "Individual Runs" in shown


def test_growth_is_logged_line_by_line(agno_log: pytest.LogCaptureFixture) -> None:
    kept: list[bytearray] = []
    measured = PerformanceEval(lambda: kept.append(bytearray(100_000)), warmup_runs=0, num_iterations=2)
    measured.run(memory_growth_tracking=True)
    grown = [record.message for record in agno_log.records if "memory after run" in record.message]
    assert len(grown) == 2 and "test_performance.py" in grown[0]


def test_the_result_goes_into_a_file(tmp_path: Any) -> None:
    PerformanceEval(lambda: None, **QUICK, name="p", file_path_to_save_results=str(tmp_path / "{name}.json")).run()
    assert len(json.loads((tmp_path / "p.json").read_text())["run_times"]) == 3
