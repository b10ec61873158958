"""The session of a team."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from agno.models.message import Message
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.run.team import TeamRunOutput, member_run
from agno.session.history import MessageHistory
from agno.session.summary_data import SessionSummary


@dataclass
class TeamSession(MessageHistory):
    """A conversation with a team. `runs` holds the team's runs and, with their `parent_run_id`, the members'."""

    session_id: str
    team_id: str | None = None
    user_id: str | None = None
    workflow_id: str | None = None
    team_data: dict[str, Any] | None = None
    session_data: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    runs: list[TeamRunOutput | RunOutput] | None = None
    summary: SessionSummary | None = None
    created_at: int | None = None
    updated_at: int | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TeamSession | None:
        """As of any session. A member's run comes before the run that it belongs to, however they were stored."""
        session = super().from_dict(data)
        if session is not None and session.runs:
            session.runs = _members_first(session.runs)
        return session

    @staticmethod
    def read_run(data: Mapping[str, Any]) -> TeamRunOutput | RunOutput:
        """A dict with an `agent_id` is a member's run."""
        run: TeamRunOutput | RunOutput = member_run(data)
        return run

    def get_messages(
        self,
        last_n_runs: int | None = None,
        limit: int | None = None,
        skip_roles: list[str] | None = None,
        skip_statuses: list[RunStatus] | None = None,
        skip_history_messages: bool = True,
        team_id: str | None = None,
        member_ids: list[str] | None = None,
        skip_member_messages: bool = True,
    ) -> list[Message]:
        """Messages of the newest runs, oldest first; of members if `member_ids` names them or they are not skipped."""
        return self._select(
            {"team_id": team_id},
            _keep(member_ids, skip_member_messages),
            last_n_runs=last_n_runs,
            limit=limit,
            skip_roles=skip_roles,
            skip_statuses=skip_statuses,
            skip_history_messages=skip_history_messages,
        )

    def get_messages_from_last_n_runs(
        self,
        agent_id: str | None = None,
        team_id: str | None = None,
        last_n: int | None = None,
        skip_role: str | None = None,
        skip_status: list[RunStatus] | None = None,
        skip_history_messages: bool = True,
        member_runs: bool = False,
    ) -> list[Message]:
        """Messages of the newest runs, oldest first; members' runs count only with `member_runs`."""
        return self._select(
            {"agent_id": agent_id, "team_id": team_id},
            _keep(None, not member_runs),
            last_n_runs=last_n,
            skip_roles=[skip_role] if skip_role else None,
            skip_statuses=skip_status,
            skip_history_messages=skip_history_messages,
        )


def _members_first(runs: list[Any]) -> list[Any]:
    """Each run behind those inside of it; else in their order. A run is stored when it begins, so its members' follow."""
    places = {run.run_id: place for place, run in enumerate(runs)}
    outer = [places.get(run.parent_run_id) if run.parent_run_id else None for run in runs]
    if all(place is None for place in outer):
        return runs
    inside: dict[int | None, list[int]] = {}
    for place, above in enumerate(outer):
        inside.setdefault(above, []).append(place)
    ordered: list[Any] = []
    waiting = [(place, False) for place in reversed(inside.pop(None, []))]
    while waiting:
        place, done = waiting.pop()
        if done:
            ordered.append(runs[place])
        else:
            waiting += [(place, True), *((member, False) for member in reversed(inside.pop(place, [])))]
    return ordered if len(ordered) == len(runs) else runs  # runs in a circle are nobody's members


def _keep(member_ids: Collection[str] | None, skip_members: bool) -> Callable[[Any], bool]:
    if member_ids is not None:
        return lambda run: getattr(run, "agent_id", None) in member_ids or getattr(run, "team_id", None) in member_ids
    return lambda run: not (skip_members and run.parent_run_id)


__all__ = ["TeamSession"]
