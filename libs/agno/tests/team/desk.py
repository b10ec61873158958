"""A small newsroom, for tests: members with scripted models, and leaders that delegate."""

from __future__ import annotations

from typing import Any

from agno.agent import Agent
from agno.team import Team
from agno.testing import Call, ScriptedModel, call, says, wants
from agno.tools import tool

paid: list[int] = []


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay an amount.

    Args:
        amount: In euros.
    """
    paid.append(amount)
    return f"paid {amount}"


def agent(name: str, *turns: Any, **settings: Any) -> Agent:
    """A member that plays a script, or says its name over and over."""
    model = ScriptedModel(*turns) if turns else ScriptedModel(says(f"{name} here"), repeat=True)
    return Agent(name=name, model=model, **settings)


def to(member_id: str, task: str = "do it", **more: Any) -> Call:
    """A delegation to one member."""
    return call("delegate_task_to_member", member_id=member_id, task_description=task, **more)


def to_all(task: str = "do it") -> Call:
    """A delegation to all members."""
    return call("delegate_task_to_members", task_description=task)


def team(members: list[Any], *turns: Any, **settings: Any) -> Team:
    """A team whose leader plays a script."""
    return Team(members, model=ScriptedModel(*turns), **{"name": "Desk", **settings})


def leads(*calls: Call, answer: str = "All done") -> tuple[Any, Any]:
    """A leader's script: it delegates, then answers."""
    return wants(*calls), says(answer)


def sent(component: Any, request: int = 0) -> list[Any]:
    """The messages that went to a component's model."""
    return list(component.model.requests[request].messages)
