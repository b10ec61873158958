"""Cancelling runs: active ones, and paused ones, which exist in the database only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from agno._io import IO, asynchronous, sync
from agno.exceptions import RunClaimedError
from agno.models._loop import seal
from agno.run import cancel
from agno.run.base import RunStatus

_PAGE = 20
_PAGES = 10  # how far back a paused run is looked for without its session


class _OnBoth:
    """A method that may also be called on the class, where another function answers."""

    def __init__(self, on_class: Callable[..., Any], on_object: Callable[..., Any]) -> None:
        self.on_class = on_class
        self.on_object = on_object
        self.__doc__ = on_object.__doc__

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        if instance is None:
            return self.on_class
        method: Callable[..., Any] = self.on_object.__get__(instance, owner)
        return method


class Cancelling:
    """`cancel_run` and `acancel_run`. Called on the class, as `Agent.cancel_run(run_id)`, they reach active runs only."""

    async def _cancel(self, io: IO, run_id: str, session_id: str | None = None, user_id: str | None = None) -> bool:
        """Ask a run to stop. Returns True if it is active, or was paused.

        An active run stops at its next step. A paused one is marked as cancelled in the database: without `session_id` it is
        looked for in the current session and in the 200 sessions that were used last. The request for an id that is not
        known yet is kept, so that the run stops as soon as it starts. With `user_id`, runs of other users are not touched.
        """
        looked_up = user_id is not None and cancel.token_of(run_id) is None  # only the database may know whose it is
        session: Any = None
        run: Any = None
        if looked_up:
            session, run = await self._stored(io, run_id, session_id)
        if run is not None:
            if (run.user_id or session.user_id) not in (None, user_id):
                return False
            user_id = None  # it is theirs
        if await io.pick(cancel.cancel_run, cancel.acancel_run, run_id, user_id):
            return True
        if user_id is None and not looked_up:
            session, run = await self._stored(io, run_id, session_id)
        if run is None:
            return False  # it may begin yet: the wish stays
        if run.status in (RunStatus.pending, RunStatus.running):
            return await self._ask_its_worker(io, run_id)
        cancel.cleanup_run(run_id)
        if run.status is not RunStatus.paused:
            return False
        return await self._cancel_paused(io, session, run)

    async def _ask_its_worker(self, io: IO, run_id: str) -> bool:
        """Another process has it: tell the AgentOS that hosts it. Without one, the wish stays here."""
        component: Any = self
        asked: bool = component.db is not None and await io.call(component.db.wish_cancel, run_id)
        if asked:
            cancel.cleanup_run(run_id)
        return asked

    async def _cancel_paused(self, io: IO, session: Any, run: Any) -> bool:
        try:
            await self._mark(io, session, run)
        except RunClaimedError:  # another process goes on with it: the wish stays
            cancel.cancel_run(run.run_id)
            return False
        return True

    cancel_run = _OnBoth(cancel.cancel_run, sync(_cancel))
    acancel_run = _OnBoth(cancel.acancel_run, asynchronous(_cancel))

    async def _mark(self, io: IO, session: Any, run: Any) -> None:
        component: Any = self
        inside = list(_paused_inside(session, run.run_id))
        for one in (*inside, run):
            one.messages = list(one.messages or ())
            reason = f"Not executed: run {run.run_id} was cancelled"
            seal(one.messages, reason, component.model_of_run().tool_message_role)
            one.status = RunStatus.cancelled
        if component.db is not None:
            await io.call(component.db.finish_run, session, run, inside)

    async def _stored(self, io: IO, run_id: str, session_id: str | None) -> tuple[Any, Any]:
        component: Any = self
        known = session_id or component.known_session_id()
        session, run = _in([await component._load(io, known)] if known else [], run_id)
        if run is None and session_id is None:
            return await self._found(io, run_id)
        return session, run

    async def _found(self, io: IO, run_id: str) -> tuple[Any, Any]:
        component: Any = self
        for page in range(1, _PAGES + 1) if component.db is not None else ():
            sessions = await io.call(
                component.db.get_sessions,
                component.session_type,
                component_id=component.id,
                limit=_PAGE,
                page=page,
                sort_by="updated_at",
                sort_order="desc",
            )
            session, run = _in(sessions, run_id)
            if run is not None or len(sessions) < _PAGE:
                return session, run
        return None, None


def _paused_inside(session: Any, run_id: str) -> Iterator[Any]:
    """The runs inside a run, those of a team's members, that are paused with it."""
    for run in (session.runs if session is not None else None) or ():
        if run.parent_run_id == run_id:
            if run.status is RunStatus.paused:
                yield run
            yield from _paused_inside(session, run.run_id)


def _in(sessions: Iterable[Any], run_id: str) -> tuple[Any, Any]:
    for session in sessions:
        if session is not None and (run := session.get_run(run_id)) is not None:
            return session, run
    return None, None


__all__ = ["Cancelling"]
