"""A finished run as a tree of lines: who ran, how it ended, how long it took, what it cost.

    Team Newsroom · 2.10s · 30 tokens (with members: 75 tokens, $0.0021)
    ├─ search(query='rain') · 0.20s
    ├─ Agent Writer · 1.20s · 45 tokens · $0.0021
    └─ Agent Checker · error · 0.10s

`node_of` reads outputs of agents and teams. Whoever has other parts, such as steps, makes a `Node` of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agno.models.metrics import Metrics
from agno.run.base import RunStatus

_WIDEST = 60  # characters of a tool's arguments


@dataclass
class Node:
    """One line, and those below it. `status` is told unless it is "completed"; `parts` is what `inside` is called."""

    title: str
    status: str = "completed"
    seconds: float | None = None
    own: Metrics | None = None
    inside: list[Node] = field(default_factory=list)
    parts: str = "members"

    def total(self) -> Metrics:
        """What this and everything inside of it cost."""
        sum_ = Metrics()
        for metrics in (self.own, *(node.total() for node in self.inside)):
            if metrics is not None:
                sum_.add_usage(metrics)
        return sum_

    def line(self) -> str:
        """The facts of this node, without what is inside."""
        facts = [self.title]
        if self.status != "completed":
            facts.append(self.status)
        if self.seconds is not None:
            facts.append(f"{self.seconds:.2f}s")
        own = _costs(self.own) if self.own is not None else []
        if self.inside and (total := self.total()).total_tokens > (self.own.total_tokens if self.own else 0):
            own = [" ".join([*own[:1], f"(with {self.parts}: {', '.join(_costs(total))})"]), *own[1:]]
        return " · ".join(facts + own)

    def lines(self) -> Iterator[str]:
        """This node and everything inside of it."""
        yield self.line()
        for node in self.inside:
            last = node is self.inside[-1]
            for number, line in enumerate(node.lines()):
                yield f"{('└─ ' if last else '├─ ') if number == 0 else ('   ' if last else '│  ')}{line}"


def _costs(metrics: Metrics) -> list[str]:
    facts = [f"{metrics.total_tokens:,} tokens"] if metrics.total_tokens else []
    return facts + ([f"${metrics.cost:.4f}"] if metrics.cost else [])


def node_of(output: Any) -> Node:
    """The node of a run of an agent or a team. Tool calls are lines, too; a delegation is the run of its member."""
    fields = output.__dict__
    kind = "Team" if "member_responses" in fields or fields.get("team_id") else "Agent"
    name = fields.get(f"{kind.lower()}_name") or fields.get(f"{kind.lower()}_id") or output.run_id
    metrics = output.metrics
    members = fields.get("member_responses") or []
    return Node(
        f"{kind} {name}",
        RunStatus(output.status).name,
        metrics.duration if metrics is not None else None,
        metrics,
        [*_tools(output, delegates=bool(members)), *map(node_of, members)],
    )


def _tools(output: Any, *, delegates: bool) -> Iterator[Node]:
    for tool in output.tools or ():
        if delegates and tool.child_run_id is not None:
            continue
        shown = ", ".join(f"{name}={value!r}" for name, value in (tool.tool_args or {}).items())
        shown = shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 1]}…"
        status = "failed" if tool.tool_call_error else "waiting" if tool.is_paused else "completed"
        yield Node(f"{tool.tool_name}({shown})", status, tool.metrics.duration if tool.metrics is not None else None)


def tree_of(output: Any) -> str:
    """The tree of an output, or of a node."""
    node = output if isinstance(output, Node) else node_of(output)
    return "\n".join(node.lines())


__all__ = ["Node", "node_of", "tree_of"]
