"""Earlier runs of a team: how many a run looks at, and the tool that reads them."""

from __future__ import annotations

from typing import Any

import msgspec

from agno._engine.context import Run
from agno._engine.history import finished_runs, runs_needed
from agno._engine.inputs import text_of
from agno.tools.function import Function


def runs_to_load(run: Run) -> int:
    """How many stored runs a run of a team looks at: none, a window, or all (-1)."""
    team, own = run.component, runs_needed(run)
    if own < 0 or team.read_team_history:
        return -1
    if not team.add_team_history_to_members:
        return own
    told = team.num_team_history_runs
    return -1 if told is None else max(own, told)


def team_history_tool(run: Run) -> Function:
    """`get_team_history`: what the user and the team said in the session."""

    def get_team_history(num_chats: int | None = None) -> str:
        """Read what the user and this team said earlier in this conversation.

        Args:
            num_chats: How many of the newest question and answer pairs; all if left out.
        """
        session = run.session
        finished = finished_runs(session.runs or [], run.output.run_id) if session is not None else []
        chosen = finished if num_chats is None else finished[-num_chats:] if num_chats > 0 else []
        told: list[dict[str, Any]] = []
        for past in chosen:
            said = text_of(past.input.input_content) if past.input is not None else ""
            told.append({"user": said, "team": past.get_content_as_string()})
        return msgspec.json.encode(told).decode() if told else ""

    return Function.from_callable(get_team_history)


__all__ = ["runs_to_load", "team_history_tool"]
