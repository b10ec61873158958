"""Sessions of a team: the methods of any component, where members' runs count only if they are asked for."""

from __future__ import annotations

from typing import Any

from agno._io import IO, asynchronous, sync
from agno.agent._sessions import Sessions
from agno.models.message import Message
from agno.run.base import RunStatus
from agno.run.team import TeamRunOutput
from agno.session import TeamSession
from agno.utils.log import log_warning


class TeamSessions(Sessions[TeamSession, TeamRunOutput]):
    """The methods of `Sessions` for teams: where no session is known, reading returns nothing instead of an error."""

    def _is_known(self, session_id: str | None, method: str) -> bool:
        component: Any = self
        if session_id or component.known_session_id():
            return True
        log_warning(f"{method}: no session_id is known")
        return False

    async def _find(self, io: IO, session_id: str | None = None, user_id: str | None = None) -> TeamSession | None:
        """The session with all its runs, those of members too; None if there is none, or no id is known."""
        component: Any = self
        if not (session_id or component.known_session_id()):
            return None
        return await self._load(io, session_id, user_id)

    get_session = sync(_find)  # type: ignore[arg-type]  # a face of the subclass
    aget_session = asynchronous(_find)  # type: ignore[arg-type]  # a face of the subclass

    async def _history(
        self, io: IO, session_id: str | None = None, last_n_runs: int | None = None, user_id: str | None = None
    ) -> list[Message]:
        """All messages of the session, members' too. Empty, with a warning, without an id; ValueError for a session
        that is not there."""
        if not self._is_known(session_id, "get_chat_history"):
            return []
        return await self._chat_history(io, session_id, last_n_runs, user_id)

    get_chat_history = sync(_history)  # type: ignore[arg-type]  # a face of the subclass
    aget_chat_history = asynchronous(_history)  # type: ignore[arg-type]  # a face of the subclass

    async def _messages(
        self,
        io: IO,
        session_id: str | None = None,
        member_ids: list[str] | None = None,
        last_n_runs: int | None = None,
        limit: int | None = None,
        skip_roles: list[str] | None = None,
        skip_statuses: list[RunStatus] | None = None,
        skip_history_messages: bool = True,
        skip_member_messages: bool = True,
        user_id: str | None = None,
    ) -> list[Message]:
        """Messages of the session, oldest first; empty, with a warning, if no session is known.

        Args:
            member_ids: Only those of members with these ids.
            last_n_runs: Only those of the newest runs.
            limit: Only this many, the newest.
            skip_roles: Leave out messages with these roles.
            skip_statuses: Leave out runs with these statuses; by default paused, cancelled and failed ones.
            skip_history_messages: Leave out messages that a run repeated from earlier runs.
            skip_member_messages: Leave out the runs of members, unless `member_ids` names them.
        """
        if not self._is_known(session_id, "get_session_messages"):
            return []
        session = await self._load(io, session_id, user_id)
        if session is None:
            return []
        return session.get_messages(
            last_n_runs,
            limit,
            skip_roles,
            skip_statuses,
            skip_history_messages,
            member_ids=member_ids,
            skip_member_messages=skip_member_messages,
        )

    get_session_messages = sync(_messages)  # type: ignore[arg-type]  # a face of the subclass
    aget_session_messages = asynchronous(_messages)  # type: ignore[arg-type]  # a face of the subclass


__all__ = ["TeamSessions"]
