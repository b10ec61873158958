"""How long a function takes, and how much memory."""

from __future__ import annotations

import gc
import inspect
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from agno._io import IO, SYNC, asynchronous, drive, is_coroutine_function, sync
from agno.db.schemas.evals import EvalType
from agno.eval._evaluation import Evaluation, check_count
from agno.eval._statistics import spread_of
from agno.utils.later import later
from agno.utils.log import log_info

_utils = later("agno.eval.utils")

_MIB = 1024 * 1024
_EMPTY_MEASUREMENTS = 3
_FIGURES = ("avg", "min", "max", "std_dev", "median", "p95")
_LABELS = ("Average", "Minimum", "Maximum", "Std Dev", "Median", "95th %ile")


@dataclass
class PerformanceResult:
    """What was measured: seconds in `run_times`, MiB in `memory_usages`, and figures of both. Of none they are 0."""

    run_times: list[float] = field(default_factory=list)
    avg_run_time: float = field(init=False, default=0.0)
    min_run_time: float = field(init=False, default=0.0)
    max_run_time: float = field(init=False, default=0.0)
    std_dev_run_time: float = field(init=False, default=0.0)
    median_run_time: float = field(init=False, default=0.0)
    p95_run_time: float = field(init=False, default=0.0)
    memory_usages: list[float] = field(default_factory=list)
    avg_memory_usage: float = field(init=False, default=0.0)
    min_memory_usage: float = field(init=False, default=0.0)
    max_memory_usage: float = field(init=False, default=0.0)
    std_dev_memory_usage: float = field(init=False, default=0.0)
    median_memory_usage: float = field(init=False, default=0.0)
    p95_memory_usage: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.compute_stats()

    def compute_stats(self) -> None:
        """Compute the figures from what was measured."""
        for numbers, what in ((self.run_times, "run_time"), (self.memory_usages, "memory_usage")):
            for figure, value in zip(_FIGURES, spread_of(numbers), strict=True):
                setattr(self, f"{figure}_{what}", value)

    def figures(self) -> dict[str, float]:
        """The twelve figures."""
        names = [f"{figure}_{what}" for what in ("run_time", "memory_usage") for figure in _FIGURES]
        return {name: getattr(self, name) for name in names}

    def print_summary(self, console: Any = None, measure_memory: bool = True, measure_runtime: bool = True) -> None:
        """Print the figures."""
        shown = _shown(measure_runtime, measure_memory)
        rows = [
            [label, *(f"{getattr(self, f'{figure}_{what}'):.6f}" for what in shown)]
            for figure, label in zip(_FIGURES, _LABELS, strict=True)
        ]
        _utils.show_columns("Performance Summary", ["Metric", *shown.values()], rows, console)

    def print_results(self, console: Any = None, measure_memory: bool = True, measure_runtime: bool = True) -> None:
        """Print every measurement."""
        shown = _shown(measure_runtime, measure_memory)
        columns = {"run_time": self.run_times, "memory_usage": self.memory_usages}
        cells = zip_longest(*(columns[what] for what in shown))
        rows = [
            [f"Run {number}", *("" if value is None else f"{value:.6f}" for value in values)]
            for number, values in enumerate(cells, 1)
        ]
        _utils.show_columns("Individual Runs", ["Run", *shown.values()], rows, console)


def _shown(runtime: bool, memory: bool) -> dict[str, str]:
    names = {"run_time": "Time (seconds)", "memory_usage": "Memory (MiB)"}
    return {what: name for (what, name), wanted in zip(names.items(), (runtime, memory), strict=True) if wanted}


@dataclass(eq=False)
class PerformanceEval(Evaluation):
    """Calls `func` again and again: first `warmup_runs` times unmeasured, then `num_iterations` times for the time, and as
    often for the memory.

    The memory is the peak of what Python allocates in this process during a call, so nothing else should run beside it.
    `arun` takes an `async def` too; a plain function runs in a worker thread then, so that the loop goes on. An error of
    `func` ends the evaluation. `memory_growth_tracking` logs the `top_n_memory_allocations` lines whose allocations grew
    most from one call to the next. The ids and the model are for the row in `db` only.
    """

    eval_type = EvalType.PERFORMANCE

    func: Callable[[], Any]
    measure_runtime: bool = True
    measure_memory: bool = True
    warmup_runs: int | None = 10
    num_iterations: int = 50
    result: PerformanceResult | None = None
    print_summary: bool = False
    memory_growth_tracking: bool = False
    top_n_memory_allocations: int = 5
    agent_id: str | None = None
    team_id: str | None = None
    workflow_id: str | None = None
    model_id: str | None = None
    model_provider: str | None = None

    async def _run(
        self,
        io: IO,
        *,
        print_summary: bool = False,
        print_results: bool = False,
        memory_growth_tracking: bool = False,
    ) -> PerformanceResult:
        """Measure, store and print. Raises ValueError for an `async def` in `run`."""
        self._check(io)
        eval_id, growth = self._begin(), memory_growth_tracking or self.memory_growth_tracking
        if is_coroutine_function(self.func):
            result = await self._measured(io, growth)
        else:
            result = await io.call(self._measured_here, growth)
        self.result = result
        parts = {"measure_memory": self.measure_memory, "measure_runtime": self.measure_runtime}
        if print_results or self.print_results:
            result.print_results(**parts)
        if print_summary or self.print_summary:
            result.print_summary(**parts)
        await self._keep(io, eval_id, result, _as_data(result), self._about())
        return result

    run = sync(_run)
    arun = asynchronous(_run)

    def _check(self, io: IO) -> None:
        if not callable(self.func):
            raise ValueError(f"PerformanceEval(func={self.func!r}) must be a function without arguments.")
        if is_coroutine_function(self.func) and not io.is_async:
            raise ValueError("PerformanceEval.run() measures plain functions; func= is async, so use arun().")
        check_count("PerformanceEval", "num_iterations", self.num_iterations, 1)
        check_count("PerformanceEval", "warmup_runs", self.warmup_runs or 0, 0)
        check_count("PerformanceEval", "top_n_memory_allocations", self.top_n_memory_allocations, 0)

    def _about(self) -> dict[str, Any]:
        return {
            "agent_id": self.agent_id,
            "team_id": self.team_id,
            "workflow_id": self.workflow_id,
            "model_id": self.model_id,
            "model_provider": self.model_provider,
            "evaluated_component_name": getattr(self.func, "__name__", type(self.func).__name__),
            "eval_input": {"num_iterations": self.num_iterations, "warmup_runs": self.warmup_runs},
        }

    # Measuring -------------------------------------------------------------------------------------------------------

    def _measured_here(self, growth: bool) -> PerformanceResult:
        """In this thread, with nothing between the clock and the function."""
        return drive(self._measured(SYNC, growth))

    async def _measured(self, io: IO, growth: bool) -> PerformanceResult:
        call = io.call if io.is_async else _plainly
        for _ in range(self.warmup_runs or 0):
            await call(self.func)
        result = PerformanceResult()
        if self.measure_runtime:
            for _ in range(self.num_iterations):
                gc.collect()
                began = io.now()
                await call(self.func)
                result.run_times.append(io.now() - began)
        if self.measure_memory:
            result.memory_usages = await self._memory(call, growth)
        result.compute_stats()
        return result

    async def _memory(self, call: Any, growth: bool) -> list[float]:
        traced_before = tracemalloc.is_tracing()
        if not traced_before:
            tracemalloc.start()
        try:
            empty = [await _peak(call, _nothing) for _ in range(_EMPTY_MEASUREMENTS)]
            baseline = sum(empty) / len(empty)
            usages, earlier = [], _snapshot() if growth else None
            for number in range(1, self.num_iterations + 1):
                usages.append(max(0.0, await _peak(call, self.func) - baseline))
                if earlier is not None:
                    earlier = self._log_growth(number, earlier)
            return usages
        finally:
            if not traced_before:
                tracemalloc.stop()

    def _log_growth(self, number: int, earlier: tracemalloc.Snapshot) -> tracemalloc.Snapshot:
        now = _snapshot()
        lines = now.compare_to(earlier, "lineno")[: self.top_n_memory_allocations]
        grown = "; ".join(f"{line.traceback}: {line.size_diff / _MIB:+.6f} MiB" for line in lines)
        log_info(f"eval_id={self.eval_id} | memory after run {number}: {grown or 'no change'}")
        return now


async def _plainly(func: Callable[[], Any]) -> None:
    found = func()
    if inspect.isawaitable(found):
        if inspect.iscoroutine(found):
            found.close()
        raise ValueError(f"{func!r} gives something to await: make it an `async def`, and use arun().")


def _nothing() -> None:
    """What an empty measurement measures."""


async def _peak(call: Any, func: Callable[[], Any]) -> float:
    """MiB that a call allocates at most at once."""
    gc.collect()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    await call(func)
    return (tracemalloc.get_traced_memory()[1] - before) / _MIB


def _snapshot() -> tracemalloc.Snapshot:
    return tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(False, tracemalloc.__file__)])


def _as_data(result: PerformanceResult) -> dict[str, Any]:
    measured = zip_longest(result.run_times, result.memory_usages)
    return {
        "result": result.figures(),
        "runs": [{"runtime": seconds, "memory": mib} for seconds, mib in measured],
    }


__all__ = ["PerformanceEval", "PerformanceResult"]
