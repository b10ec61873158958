"""A team that runs on another AgentOS."""

from __future__ import annotations

from typing import Any

from agno.agent.remote import Remote
from agno.client.client import AgentOSClient
from agno.team.team import Team


class RemoteTeam(Remote, Team):
    """A team of an AgentOS, used like one of this process; its members are there. See `RemoteAgent`."""

    def __init__(
        self,
        base_url: str,
        team_id: str,
        *,
        name: str | None = None,
        role: str | None = None,
        description: str | None = None,
        client: AgentOSClient | None = None,
        **options: Any,
    ) -> None:
        super().__init__(members=[], id=team_id, name=name or team_id, role=role, description=description)
        self._reach(base_url, team_id, client, options)


__all__ = ["RemoteTeam"]
