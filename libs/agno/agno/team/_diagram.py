"""A team as a Mermaid diagram: who leads whom, and with which tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.team._members import Member, tool_names
from agno.utils.mermaid import quoted


def mermaid(team: Any) -> str:
    """The text of a `flowchart`: teams as boxes around their members, agents with the names of their tools."""
    lines = ["flowchart TD"]
    lines += _team(team, "t", 1)
    return "\n".join(lines)


def _team(team: Any, key: str, depth: int) -> Iterator[str]:
    pad = "    " * depth
    yield f"{pad}{key}[{quoted(_leader(team))}]"
    members = team.members if isinstance(team.members, (list, tuple)) else ()
    for number, component in enumerate(members, 1):
        child, member = f"{key}_{number}", Member(component)
        if member.is_team:
            yield f"{pad}subgraph {child}_team[{quoted(member.name)}]"
            yield from _team(component, child, depth + 1)
            yield f"{pad}end"
        else:
            yield f"{pad}{child}({quoted(_agent(member))})"
        yield f"{pad}{key} --> {child}"


def _leader(team: Any) -> str:
    return f"{team.name or team.id}\n{team.team_mode.value}"


def _agent(member: Member) -> str:
    tools = ", ".join(tool_names(member.component.tools))
    about = [member.name, *([member.component.role] if member.component.role else []), *([tools] if tools else [])]
    return "\n".join(about)


__all__ = ["mermaid"]
