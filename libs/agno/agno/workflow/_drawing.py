"""Workflows as pictures: the steps as a flowchart, a run as a tree of lines."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from agno._engine.tree import Node as Line
from agno._engine.tree import node_of
from agno._engine.tree import tree_of as lines_of
from agno.run.base import RunStatus
from agno.run.workflow import WorkflowRunOutput
from agno.run.workflow_data import StepOutput, StepType
from agno.utils.mermaid import quoted
from agno.workflow._node import Node
from agno.workflow.condition import Condition

# Flowcharts ----------------------------------------------------------------------------------------------------------


class _Chart:
    """A flowchart being drawn: lines of Mermaid, and names for what stands in it."""

    def __init__(self) -> None:
        self.lines = ["flowchart TD"]
        self._numbers = itertools.count(1)

    def box(self, text: str, shape: str = "[]") -> str:
        name = f"n{next(self._numbers)}"
        self.lines.append(f"    {name}{shape[: len(shape) // 2]}{quoted(text)}{shape[len(shape) // 2 :]}")
        return name

    def arrows(self, ends: Iterable[tuple[str, str]], target: str) -> None:
        for source, label in ends:
            self.lines.append(f"    {source} -->{f'|{_on_arrow(label)}|' if label else ''} {target}")


def _on_arrow(label: str) -> str:
    return (
        label if label.replace(" ", "").isalnum() and label != "end" else quoted(label)
    )  # "end" is a word of Mermaid's


Ends = list[tuple[str, str]]  # where arrows to the next step begin, and what stands on them


def mermaid_of(workflow: Any) -> str:
    """The steps of a workflow as a Mermaid flowchart."""
    chart = _Chart()
    ends: Ends = [(chart.box("start", "([])"), "")]
    if workflow.is_function:
        box = chart.box(f"{getattr(workflow.steps, '__name__', 'function')} (function)")
        chart.arrows(ends, box)
        ends = [(box, "")]
    else:
        ends = _sequence(chart, workflow.nodes, ends)
    chart.arrows(ends, chart.box("end", "([])"))
    return "\n".join(chart.lines) + "\n"


def _sequence(chart: _Chart, nodes: Iterable[Node], ends: Ends) -> Ends:
    for node in nodes:
        ends = _drawn(chart, node, ends)
    return ends


def _drawn(chart: _Chart, node: Node, ends: Ends) -> Ends:
    """Draw a step behind what came before. Gives where it ends."""
    kind = node.step_type
    if isinstance(node, Condition):
        return _condition(chart, node, ends)
    if kind is StepType.STEPS:
        return _sequence(chart, node.nodes, ends)
    if kind is StepType.PARALLEL:
        fork = chart.box(node.label, "[[]]")
        chart.arrows(ends, fork)
        return [end for inner in node.nodes for end in _drawn(chart, inner, [(fork, "")])]
    if kind is StepType.ROUTER:
        fork = chart.box(f"{node.label}?", "{}")
        chart.arrows(ends, fork)
        return [end for inner in node.nodes for end in _drawn(chart, inner, [(fork, inner.label)])]
    if kind is StepType.LOOP:
        return _loop(chart, node, ends)
    box = chart.box(_text(node))
    chart.arrows(ends, box)
    return [(box, "")]


def _condition(chart: _Chart, node: Condition, ends: Ends) -> Ends:
    fork = chart.box(f"{node.label}?", "{}")
    chart.arrows(ends, fork)
    met = _sequence(chart, node.then_nodes, [(fork, "yes")])
    return [*met, *_sequence(chart, node.else_nodes, [(fork, "no")])]


def _loop(chart: _Chart, node: Any, ends: Ends) -> Ends:
    limit = f"at most {node.max_iterations} rounds" if node.max_iterations is not None else "until it is done"
    head = chart.box(f"{node.label}, {limit}", "{{}}")
    chart.arrows(ends, head)
    last = _sequence(chart, node.nodes, [(head, "")])
    chart.arrows([(end, "again") for end, _ in last], head)
    return [(end, "done") for end, _ in last]


def _text(node: Any) -> str:
    waits = " (waits for a person)" if node.review.asks_before or node.review.requires_output_review else ""
    if node.executor_type == "function" or node.executor_name == node.label:
        return f"{node.label} ({node.executor_type}){waits}"
    return f"{node.label} ({node.executor_type} {node.executor_name}){waits}"


# Trees ---------------------------------------------------------------------------------------------------------------


def tree_of(output: WorkflowRunOutput) -> str:
    """A run as a tree: its steps, and who ran in them."""
    return lines_of(_line_of_run(output))


def _line_of_run(output: WorkflowRunOutput) -> Line:
    runs = {run.run_id: run for run in output.step_executor_runs or ()}
    metrics = output.metrics
    return Line(
        f"Workflow {output.workflow_name or output.workflow_id}",
        RunStatus(output.status).name,
        metrics.duration if metrics is not None else None,
        None,
        [_step_line(step, runs) for step in _flat(output.step_results)],
        "steps",
    )


def _flat(results: Iterable[Any]) -> Iterator[StepOutput]:
    for result in results:
        if isinstance(result, list):
            yield from _flat(result)
        else:
            yield result


def _step_line(step: StepOutput, runs: dict[str | None, Any]) -> Line:
    run = runs.get(step.step_run_id)
    inside = [_step_line(inner, runs) for inner in step.steps or ()]
    if run is not None:
        inside = [_line_of_run(run) if isinstance(run, WorkflowRunOutput) else node_of(run)]
    status = "left out" if step.skipped else "completed" if step.success else "failed"
    stop = " (stops the workflow)" if step.stop and not step.steps else ""
    seconds = step.duration if run is None else None  # else it stands on the line of the run
    return Line(f"{step.step_type or 'Step'} {step.step_name}{stop}", status, seconds, None, inside, "steps")


__all__ = ["mermaid_of", "tree_of"]
