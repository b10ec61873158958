"""How a team works together."""

from __future__ import annotations

from enum import Enum


class TeamMode(str, Enum):
    """What the leader does with a question."""

    coordinate = "coordinate"  # give tasks to single members, and answer from their results
    route = "route"  # choose one member, whose answer is the team's
    broadcast = "broadcast"  # give every task to all members, and answer from their results
    tasks = "tasks"  # make a list of tasks and work through it, round by round


__all__ = ["TeamMode"]
