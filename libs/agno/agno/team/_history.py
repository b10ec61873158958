"""Earlier runs of a team: how many a run looks at, what members are told of them, and the tool that reads them."""

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


def _exchanges(session: Any, run: Run, count: int | None) -> list[tuple[str, str]]:
    """What the user said and the team answered in the newest `count` earlier runs, or in all of them; the oldest first."""
    past = finished_runs(session.runs or [], run.output.run_id) if session is not None else []
    if count is not None:
        past = past[-count:] if count > 0 else []
    return [
        (text_of(one.input.input_content) if one.input is not None else "", one.get_content_as_string()) for one in past
    ]


def team_history(run: Run, count: int | None) -> str | None:
    """The newest `count` earlier runs of the session as text for a member; None if there are none."""
    told = [f"User: {question}\nTeam: {answer}" for question, answer in _exchanges(run.loaded_session, run, count)]
    return "<team_history>\n" + "\n\n".join(told) + "\n</team_history>" if told else None


def team_history_tool(run: Run) -> Function:
    """The tool `get_team_history`."""

    def get_team_history(num_chats: int | None = None) -> str:
        """Read what the user and this team said earlier in this conversation.

        Args:
            num_chats: How many of the newest question and answer pairs; all if left out.
        """
        told = [{"user": question, "team": answer} for question, answer in _exchanges(run.session, run, num_chats)]
        return msgspec.json.encode(told).decode() if told else ""

    return Function.from_callable(get_team_history)


__all__ = ["runs_to_load", "team_history", "team_history_tool"]
