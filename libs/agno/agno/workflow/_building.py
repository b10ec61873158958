"""Lists of steps, as users write them, into steps; and shapes that cannot be right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import is_
from typing import Any

from agno.workflow._node import Node, named, unlike
from agno.workflow._steps_of import kind_of_executor
from agno.workflow.step import Step, own_name

MOST_DEEP = 10  # workflows inside of workflows


def step_of(value: Any, owner: str, fallback: str | None = None) -> Node:
    """A step from whatever stands for one: a step, a function, an agent, a team, a workflow."""
    if isinstance(value, Node):
        return value
    kind = kind_of_executor(value)
    if kind is None:
        raise ValueError(
            f"{owner} holds {value!r} ({type(value).__name__}), which is no step. Steps are Step, Steps, Parallel, Loop, "
            "Condition, Router, functions, agents, teams and workflows."
        )
    given: dict[str, Any] = {kind: value}
    return Step(name=own_name(value) or fallback, **given)


def listed(values: Any) -> Sequence[Any]:
    """What a list of steps holds. A single step stands for a list of it, and so does what is no step, to be refused."""
    if values.__class__ is list:  # the frequent case
        return values
    if values is None:
        return ()
    return values if isinstance(values, Sequence) and not isinstance(values, (str, bytes)) else (values,)


def steps_of(values: Any, owner: str) -> tuple[Node, ...]:
    """The steps of a list, each with a name of its own. The list stays as it is."""
    nodes = tuple(step_of(value, owner, f"step_{number}") for number, value in enumerate(listed(values), 1))
    unlike(nodes, owner)
    return nodes


class StepList:
    """The steps that a list stands for, made anew when the list was changed."""

    __slots__ = ("_made", "_seen")

    def __init__(self) -> None:
        self._seen: tuple[Any, ...] | None = None
        self._made: tuple[Node, ...] = ()

    def of(self, given: Any, owner: Any) -> tuple[Node, ...]:
        """The steps of a container or a workflow. Raises ValueError for what is none."""
        seen, values = self._seen, listed(given)
        if seen is None or len(seen) != len(values) or not all(map(is_, seen, values)):
            self._made = steps_of(values, owner.title)
            self._seen = tuple(values)
        return self._made


def check_depth(workflow: Any, nodes: Iterable[Node], above: tuple[Any, ...] = ()) -> None:
    """Refuse workflows that contain themselves, and more of them inside of each other than anybody can follow."""
    if above and any(workflow is outer for outer in above):
        circle = (*above[[outer is workflow for outer in above].index(True) :], workflow)
        names = " -> ".join(repr(outer.name or outer.id) for outer in circle)
        raise ValueError(f"{named('Workflow', workflow.name)} contains itself: {names}. It would never end.")
    if len(above) > MOST_DEEP:
        names = " -> ".join(repr(outer.name or outer.id) for outer in (*above, workflow))
        raise ValueError(f"More than {MOST_DEEP} workflows lie inside of each other: {names}.")
    for inner in _workflows(nodes, ()):
        check_depth(inner, inner.nodes, (*above, workflow))


def _workflows(nodes: Iterable[Node], above: tuple[Node, ...]) -> Iterable[Any]:
    for node in nodes:
        if isinstance(node, Step):
            if node.workflow is not None:
                yield node.workflow
        elif any(node is outer for outer in above):
            names = " -> ".join(repr(one.label) for one in (*above, node))
            raise ValueError(f"{node.step_type.value} {node.label!r} contains itself: {names}. It would never end.")
        else:
            yield from _workflows(node.nodes, (*above, node))


__all__ = ["MOST_DEEP", "StepList", "check_depth", "listed", "step_of", "steps_of"]
