"""Sessions of workflows: names without a model, runs by their id, memories and summaries. Each has an async twin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from agno._io import IO, asynchronous, sync
from agno.agent._cancelling import Cancelling
from agno.agent._sessions import Sessions
from agno.db._memories import DEFAULT_USER
from agno.db.base import SessionConflictError
from agno.db.schemas import UserMemory
from agno.models.message import Message
from agno.run.base import RunStatus
from agno.run.workflow import WorkflowRunOutput
from agno.session import SessionSummary, WorkflowSession
from agno.utils.ids import new_id

_LONGEST = 40  # characters of the description in a name
_PAGE = 100


class WorkflowSessions(Sessions[WorkflowSession, WorkflowRunOutput], Cancelling):
    """The methods of `Sessions` for workflows, and those on memories and summaries, which a workflow makes without a model."""

    # Runs and names --------------------------------------------------------------------------------------------------

    async def _get_run(
        self, io: IO, run_id: str, session_id: str | None = None, user_id: str | None = None
    ) -> WorkflowRunOutput | None:
        """A run as it is stored now, or None. Of a run in the background it shows how far it has come.

        Without `session_id` it is looked for in the session this object is in, and in those that were used last.
        """
        session, run = await self._stored(io, run_id, session_id)
        if run is None or (user_id is not None and session.user_id not in (None, user_id)):
            return None
        found: WorkflowRunOutput = run
        return found

    get_run = sync(_get_run)
    aget_run = asynchronous(_get_run)

    async def _read_or_create(self, io: IO, session_id: str, user_id: str | None = None) -> WorkflowSession:
        """The stored session; without one a new one, which is not stored yet. Refuses the session of another user."""
        component: Any = self
        found = await self._load(io, session_id)
        if found is not None and (user_id is None or found.user_id in (None, user_id)):
            return found
        if found is not None:
            raise SessionConflictError(f"Session {session_id!r} belongs to another user. Use another session_id.")
        context = component.context_for(session_id, user_id)
        made: WorkflowSession = component.new_session(context)
        return made

    read_or_create_session = sync(_read_or_create)
    aread_or_create_session = asynchronous(_read_or_create)

    async def _made_up_name(self, io: IO, session: Any) -> str:
        component: Any = self
        what = (component.description or component.name or "Workflow session").strip()[:_LONGEST].strip()
        return f"{what} {datetime.now():%Y-%m-%d %H:%M}"

    async def _rename(self, io: IO, name: str, session_id: str | None = None, user_id: str | None = None) -> None:
        """Name the workflow, on the object and in the stored session."""
        session = await self._must_load(io, session_id, user_id)
        component: Any = self
        component.set_id()  # an id made from the name stays
        component.name = session.workflow_name = name
        await self._save(io, session)

    rename = sync(_rename)  # type: ignore[arg-type]  # a face of the method here
    arename = asynchronous(_rename)  # type: ignore[arg-type]  # a face of the method here

    async def _session_messages(
        self,
        io: IO,
        session_id: str | None = None,
        last_n_runs: int | None = None,
        limit: int | None = None,
        skip_roles: list[str] | None = None,
        skip_statuses: list[RunStatus] | None = None,
        skip_history_messages: bool = True,
        user_id: str | None = None,
    ) -> list[Message]:
        """Messages of the agents' and teams' runs, oldest first; `limit` of them, the newest. Empty without a session."""
        session = await self._load(io, session_id, user_id)
        if session is None:
            return []
        skipped = {RunStatus.paused, RunStatus.cancelled, RunStatus.error} if skip_statuses is None else skip_statuses
        twin = WorkflowSession(session_id=session.session_id)
        twin.runs = [run for run in session.runs or () if run.status not in skipped]
        found = [m for m in twin.get_chat_history(last_n_runs) if m.role not in (skip_roles or ())]
        return found if limit is None else found[-limit:] if limit > 0 else []

    get_session_messages = sync(_session_messages)  # type: ignore[arg-type]  # a face of the method here
    aget_session_messages = asynchronous(_session_messages)  # type: ignore[arg-type]  # a face of the method here

    async def _mark(self, io: IO, session: Any, run: Any) -> None:
        """Cancel a paused run where it is stored."""
        component: Any = self
        run.status, run.step_requirements, run.error_requirements = RunStatus.cancelled, None, None
        if component.db is not None:
            await io.call(component.db.finish_run, session, run)

    # Memories --------------------------------------------------------------------------------------------------------

    def _memory_owner(self, user_id: str | None) -> str:
        component: Any = self
        return user_id or component.user_id or DEFAULT_USER

    def _need_db(self, method: str) -> Any:
        component: Any = self
        if component.db is None:
            raise ValueError(f"{method} needs a db= on {self!r}, for example db=SqliteDb(db_file='workflow.db').")
        return component.db

    async def _add_memories(
        self, io: IO, memories: str | UserMemory | Sequence[str | UserMemory], *, user_id: str | None = None
    ) -> list[str]:
        """Store memories about a user, by default the workflow's own. Returns their ids."""
        db, owner = self._need_db("add_memories"), self._memory_owner(user_id)
        ids: list[str] = []
        for made in _as_memories(memories):
            made.memory_id = made.memory_id or new_id()
            made.user_id = made.user_id or owner
            made.updated_at = made.updated_at or datetime.now(timezone.utc)
            known = await io.call(db.get_user_memory, made.memory_id)
            if known is not None and known.user_id != made.user_id:
                raise ValueError(f"Memory {made.memory_id!r} belongs to another user than {made.user_id!r}.")
            await io.call(db.upsert_user_memory, made)
            ids.append(made.memory_id)
        return ids

    add_memories = sync(_add_memories)
    aadd_memories = asynchronous(_add_memories)

    async def _get_memories(self, io: IO, *, user_id: str | None = None, limit: int | None = None) -> list[UserMemory]:
        """The memories about a user, the oldest first; empty without a db."""
        component: Any = self
        if component.db is None or limit == 0:
            return []
        found: list[UserMemory] = await io.call(
            component.db.get_user_memories,
            user_id=self._memory_owner(user_id),
            limit=limit,
            sort_by="updated_at",
            sort_order="asc",
        )
        return found

    get_memories = sync(_get_memories)
    aget_memories = asynchronous(_get_memories)

    async def _delete_memories(
        self, io: IO, memory_ids: Sequence[str] | None = None, *, user_id: str | None = None
    ) -> int:
        """Delete those of these memories that are about the user, or all about the user. Returns how many were deleted."""
        component: Any = self
        if component.db is None:
            return 0
        known = await self._get_memories(io, user_id=user_id)
        wanted = None if memory_ids is None else {memory_ids} if isinstance(memory_ids, str) else set(memory_ids)
        ids = [memory.memory_id for memory in known if wanted is None or memory.memory_id in wanted]
        if ids:
            await io.call(component.db.delete_user_memories, ids, user_id=self._memory_owner(user_id))
        return len(ids)

    delete_memories = sync(_delete_memories)
    adelete_memories = asynchronous(_delete_memories)

    # Summaries -------------------------------------------------------------------------------------------------------

    async def _add_summaries(
        self,
        io: IO,
        summaries: str | SessionSummary | Mapping[str, str | SessionSummary],
        *,
        session_id: str | None = None,
    ) -> None:
        """Store the summary of a session, or of several: a dict from session ids to summaries."""
        self._need_db("add_session_summaries")
        given = summaries if isinstance(summaries, Mapping) else {self._the_id(session_id): summaries}
        made = {name: _as_summary(summary) for name, summary in given.items()}
        for name in made:
            session = await self._read_or_create(io, name)
            session.summary = made[name]
            await self._save(io, session)

    add_session_summaries = sync(_add_summaries)
    aadd_session_summaries = asynchronous(_add_summaries)

    async def _get_summaries(
        self, io: IO, session_ids: Sequence[str] | None = None, *, user_id: str | None = None
    ) -> dict[str, SessionSummary]:
        """The summaries of this workflow's sessions that have one, by session id."""
        sessions = await self._own_sessions(io, session_ids, user_id)
        return {session.session_id: session.summary for session in sessions if session.summary is not None}

    get_session_summaries = sync(_get_summaries)
    aget_session_summaries = asynchronous(_get_summaries)

    async def _delete_summaries(
        self, io: IO, session_ids: Sequence[str] | None = None, *, user_id: str | None = None
    ) -> int:
        """Delete the summaries of this workflow's sessions, not the sessions. Returns how many were deleted."""
        component: Any = self
        found = [one for one in await self._own_sessions(io, session_ids, user_id) if one.summary is not None]
        for session in found:
            session.summary = None
            await io.call(component.db.save_header, session)
        return len(found)

    delete_session_summaries = sync(_delete_summaries)
    adelete_session_summaries = asynchronous(_delete_summaries)

    async def _own_sessions(
        self, io: IO, session_ids: Sequence[str] | None, user_id: str | None
    ) -> list[WorkflowSession]:
        component: Any = self
        if component.db is None:
            return []
        wanted = None if session_ids is None else {session_ids} if isinstance(session_ids, str) else set(session_ids)
        found: list[WorkflowSession] = []
        page = 1
        while True:
            sessions = await io.call(
                component.db.get_sessions,
                component.session_type,
                user_id=user_id,
                component_id=component.id,
                limit=_PAGE,
                page=page,
                sort_by="created_at",
                sort_order="asc",
                with_runs=False,
            )
            found += [one for one in sessions if wanted is None or one.session_id in wanted]
            if len(sessions) < _PAGE:
                return found
            page += 1


def _as_memories(given: Any) -> list[UserMemory]:
    """What is to be remembered, as objects of our own. Raises TypeError or ValueError before anything is stored."""
    listed = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    for memory in listed:
        if not isinstance(memory, (str, UserMemory)):
            raise TypeError(
                f"add_memories got {memory!r} ({type(memory).__name__}); a memory is a text or a UserMemory."
            )
        if isinstance(memory, str) and not memory.strip():
            raise ValueError("add_memories got an empty text; there is nothing to remember in it.")
    return [UserMemory(memory=one) if isinstance(one, str) else UserMemory(**one.__dict__) for one in listed]


def _as_summary(given: Any) -> SessionSummary:
    """A summary as an object of our own, with its time. Raises TypeError for what is none."""
    if not isinstance(given, (str, SessionSummary)):
        raise TypeError(
            f"add_session_summaries got {given!r} ({type(given).__name__}); a summary is a text or a SessionSummary."
        )
    made = SessionSummary(given) if isinstance(given, str) else SessionSummary(**given.__dict__)
    made.updated_at = made.updated_at or datetime.now(timezone.utc)
    return made


__all__ = ["WorkflowSessions"]
