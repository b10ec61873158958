"""A workflow that was edited between a run's pause or death and its going on: what was done or asked must still have its
place, or the output of one step would be taken for that of another, and a person's yes for another step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agno.exceptions import RunNotContinuableError
from agno.run.workflow_data import StepOutput

if TYPE_CHECKING:
    from agno.workflow._journal import Journal
    from agno.workflow._node import Node

_STEP = re.compile(r"(\.else\.|#\d+(?:~\d+)?\.|\.|/|^)(\d+)")  # how it lies in the one before, and its number there


def refuse_edited(run_id: str | None, nodes: Sequence[Node], journal: Journal, asked: Iterable[Any]) -> None:
    """Raise RunNotContinuableError if a step that was done or asked about is not the one that stands there now."""
    names = {key: _name(record["output"]) for key, record in journal.done.items()}
    names |= {question.key: question.step_name for question in asked}
    ways = {key: notes["ways"] for key, notes in journal.notes.items() if "ways" in notes}
    for key, name in names.items():
        if not _STEP.match(key):
            continue
        known, node = _node_at(nodes, key, ways)
        if known and (node is None or node.label != name):
            there = f"step {node.label!r}" if node is not None else "no step"
            raise RunNotContinuableError(
                f"Run {run_id!r} was begun with step {name!r} at a place where the workflow has {there} now. Continue it "
                "with the steps it was begun with; new ones may stand behind those that it has reached."
            )


def _name(output: Any) -> Any:
    return output.step_name if isinstance(output, StepOutput) else output.get("step_name")


def _node_at(nodes: Sequence[Node], key: str, ways: Mapping[str, list[str]]) -> tuple[bool, Node | None]:
    """What stands at a place now. False: only the run itself knows, as of a selector that gives steps."""
    node, at = None, ""
    inside: Sequence[Node] | None = nodes
    for mark, number in _STEP.findall(key):
        if node is not None:
            inside = node._inside(mark, ways.get(at))
        if inside is None:
            return False, None
        if int(number) >= len(inside):
            return True, None
        node, at = inside[int(number)], f"{at}{mark}{number}"
    return True, node


__all__ = ["refuse_edited"]
