"""Reading and changing sessions through an agent. Each method has an async twin with an `a` in front."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Generic, TypeVar

from agno._io import IO, asynchronous, sync
from agno.db.base import Pruned
from agno.models._loop import Exchange, converse
from agno.models.message import Message
from agno.models.metrics import Metrics
from agno.run.base import RunStatus
from agno.session import SessionSummary
from agno.utils.log import log_warning

_NAME_WORDS = 5
_NAME_TRIES = 3


S = TypeVar("S")  # the sessions of the component
O = TypeVar("O")  # noqa: E741  # what its runs give


class Sessions(Generic[S, O]):
    """Methods on the stored sessions of a component. Without `session_id` they mean its current one."""

    def _the_id(self, session_id: str | None, user_id: str | None = None) -> str:
        component: Any = self
        found: str | None = session_id or component.known_session_id(user_id)
        if found is None:
            raise ValueError(f"{self!r} has no session yet: pass session_id=, or run it first.")
        return found

    async def _load(self, io: IO, session_id: str | None = None, user_id: str | None = None) -> S | None:
        """The session with all its runs, or None. The session of another user is not found."""
        component: Any = self
        wanted = self._the_id(session_id, user_id)
        cached: Any = component.cached_session
        if component.cache_session and cached is not None and cached.session_id == wanted:
            return cached if user_id is None or cached.user_id in (None, user_id) else None
        if component.db is None:
            return None
        found: S | None = await io.call(component.db.read_session, wanted, component.session_type, user_id)
        return found

    get_session = sync(_load)
    aget_session = asynchronous(_load)

    async def _must_load(self, io: IO, session_id: str | None, user_id: str | None = None) -> Any:
        session = await self._load(io, session_id, user_id)
        if session is None:
            raise ValueError(f"There is no session {self._the_id(session_id, user_id)!r} for {self!r}.")
        return session

    async def _save(self, io: IO, session: Any) -> None:
        """Store a session. Does nothing without a db."""
        component: Any = self
        if component.db is not None:
            await io.call(component.db.upsert_session, session)

    save_session = sync(_save)
    asave_session = asynchronous(_save)

    async def _delete(self, io: IO, session_id: str, user_id: str | None = None) -> None:
        """Delete a session with its runs. Does nothing without a db, or to the session of another user."""
        component: Any = self
        if component.db is not None:
            await io.call(component.db.delete_session, session_id, user_id=user_id)
        cached = component.cached_session
        if cached is not None and cached.session_id == session_id and user_id in (None, cached.user_id):
            component.forget_cached_session()

    delete_session = sync(_delete)
    adelete_session = asynchronous(_delete)

    async def _prune(
        self,
        io: IO,
        *,
        older_than: timedelta | float | None = None,
        keep_sessions: int | None = None,
        keep_runs: int | None = None,
        user_id: str | None = None,
        dry_run: bool = False,
    ) -> Pruned:
        """Delete old sessions and runs of this component, and return what was deleted.

        Deleted are sessions that were not used for `older_than` (a timedelta, or seconds), all but the newest
        `keep_sessions` sessions of each user, and all but the newest `keep_runs` runs of the sessions that stay. A session
        with a run that has not ended is never deleted. `dry_run=True` only reports what would be deleted. Raises ValueError
        without a db.
        """
        component: Any = self
        if component.db is None:
            raise ValueError(f"{self!r} has no db=, so there are no sessions to prune.")
        pruned: Pruned = await io.call(
            component.db.prune,
            older_than=older_than,
            keep_sessions=keep_sessions,
            keep_runs=keep_runs,
            session_type=component.session_type,
            component_id=component.id,
            user_id=user_id,
            dry_run=dry_run,
        )
        cached = component.cached_session
        if not dry_run and cached is not None and cached.session_id in {*pruned.sessions, *pruned.runs}:
            component.forget_cached_session()
        return pruned

    prune_sessions = sync(_prune)
    aprune_sessions = asynchronous(_prune)

    async def _run_output(
        self, io: IO, run_id: str, session_id: str | None = None, user_id: str | None = None
    ) -> O | None:
        """The run with this id, or None, with a warning, if the session does not have it."""
        session: Any = await self._load(io, session_id, user_id)
        run: O | None = session.get_run(run_id) if session is not None else None
        if run is None:
            log_warning(f"run {run_id!r} is not in session {session_id!r}")
        return run

    get_run_output = sync(_run_output)
    aget_run_output = asynchronous(_run_output)

    async def _last_run_output(self, io: IO, session_id: str | None = None, user_id: str | None = None) -> O | None:
        """The newest run of the session, or None, with a warning, if it has none."""
        session: Any = await self._load(io, session_id, user_id)
        if session is None or not session.runs:
            log_warning(f"session {session_id!r} has no runs")
            return None
        runs: list[Any] = session.runs
        newest: O = next((run for run in reversed(runs) if run.parent_run_id is None), runs[-1])  # not a member's
        return newest

    get_last_run_output = sync(_last_run_output)
    aget_last_run_output = asynchronous(_last_run_output)

    async def _chat_history(
        self, io: IO, session_id: str | None = None, last_n_runs: int | None = None, user_id: str | None = None
    ) -> list[Message]:
        """All messages of the session, or of its newest `last_n_runs` runs. Raises ValueError if the session does not exist."""
        messages: list[Message] = (await self._must_load(io, session_id, user_id)).get_chat_history(last_n_runs)
        return messages

    get_chat_history = sync(_chat_history)
    aget_chat_history = asynchronous(_chat_history)

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
        """Messages of the session, oldest first; empty, with a warning, if no session is known.

        Args:
            last_n_runs: Only those of the newest runs.
            limit: Only this many, the newest.
            skip_roles: Leave out messages with these roles.
            skip_statuses: Leave out runs with these statuses; by default paused, cancelled and failed ones.
            skip_history_messages: Leave out messages that a run repeated from earlier runs.
        """
        component: Any = self
        if not (session_id or component.known_session_id()):
            log_warning("get_session_messages: no session_id is known")
            return []
        session: Any = await self._load(io, session_id, user_id)
        if session is None:
            return []
        options = (last_n_runs, limit, skip_roles, skip_statuses, skip_history_messages)
        messages: list[Message] = session.get_messages(*options)
        return messages

    get_session_messages = sync(_session_messages)
    aget_session_messages = asynchronous(_session_messages)

    def get_messages_for_session(self, session_id: str | None = None, user_id: str | None = None) -> list[Message]:
        """Messages of the runs that completed; empty, with a warning, if no session is known."""
        return self.get_session_messages(session_id, user_id=user_id)

    async def _session_name(self, io: IO, session_id: str | None = None, user_id: str | None = None) -> str:
        """The name of the session; `""` if it has none."""
        return (await self._must_load(io, session_id, user_id)).name or ""

    get_session_name = sync(_session_name)
    aget_session_name = asynchronous(_session_name)

    async def _state(self, io: IO, session_id: str | None = None, user_id: str | None = None) -> dict[str, Any]:
        """A copy of the stored session state; `{}` if there is none."""
        data = (await self._must_load(io, session_id, user_id)).session_data or {}
        return dict(data.get("session_state") or {})

    get_session_state = sync(_state)
    aget_session_state = asynchronous(_state)

    async def _update_state(
        self,
        io: IO,
        session_state_updates: dict[str, Any],
        session_id: str | dict[str, Any] | None = None,
        *,
        session_state: dict[str, Any] | None = None,
        user_id: str | None = None,
    ) -> Any:
        """Set keys of the stored session state, and return the new state.

        `update_session_state(session_state, updates)`, as in Agno 2.0, only changes the dict that it is given, stores
        nothing, and returns a text.
        """
        if isinstance(session_id, dict):
            session_state, session_state_updates = session_state_updates, session_id
        if session_state is not None:
            session_state.update(session_state_updates)
            return f"The session state is now: {session_state}"
        assert not isinstance(session_id, dict)
        session = await self._must_load(io, session_id, user_id)
        data = session.session_data or {}
        state = {**(data.get("session_state") or {}), **session_state_updates}
        session.session_data = {**data, "session_state": state}
        await self._save(io, session)
        return state

    update_session_state = sync(_update_state)
    aupdate_session_state = asynchronous(_update_state)

    async def _metrics(self, io: IO, session_id: str | None = None, user_id: str | None = None) -> Metrics | None:
        """The metrics of all runs of the session together, or None if none were stored."""
        data = (await self._must_load(io, session_id, user_id)).session_data or {}
        stored = data.get("session_metrics")
        return Metrics.from_dict(stored) if stored else None

    get_session_metrics = sync(_metrics)
    aget_session_metrics = asynchronous(_metrics)

    async def _summary(
        self, io: IO, session_id: str | None = None, user_id: str | None = None
    ) -> SessionSummary | None:
        """The session's summary, or None."""
        summary: SessionSummary | None = (await self._must_load(io, session_id, user_id)).summary
        return summary

    get_session_summary = sync(_summary)
    aget_session_summary = asynchronous(_summary)

    async def _set_name(
        self,
        io: IO,
        session_id: str | None = None,
        autogenerate: bool = False,
        session_name: str | None = None,
        user_id: str | None = None,
    ) -> S:
        """Name the session and store it; with `autogenerate=True` and no `session_name` the model makes up the name."""
        if session_name is None and not autogenerate:
            raise ValueError("set_session_name needs session_name=, or autogenerate=True.")
        session = await self._must_load(io, session_id, user_id)
        session.name = session_name if session_name is not None else await self._made_up_name(io, session)
        await self._save(io, session)
        named: S = session
        return named

    set_session_name = sync(_set_name)
    aset_session_name = asynchronous(_set_name)

    async def _made_up_name(self, io: IO, session: Any) -> str:
        component: Any = self
        talk = "\n".join(f"{m.role}: {m.get_content_string()}" for m in session.get_messages_for_session())
        prompt = f"Name this conversation in at most {_NAME_WORDS} words. Give the name only."
        name = ""
        for _ in range(_NAME_TRIES):
            messages = [Message(role="system", content=prompt), Message(role="user", content=talk)]
            exchange = Exchange(io=io, model=component.model_of_run(), messages=messages)
            await converse(exchange)
            name = str(exchange.response.content or "").strip().strip('"')
            if name and len(name.split()) <= _NAME_WORDS:
                return name
        return " ".join(name.split()[:_NAME_WORDS])

    async def _generate_name(self, io: IO, session_id: str | None = None, user_id: str | None = None) -> str:
        """A name of at most five words that the model makes up for the session. Nothing is stored."""
        return await self._made_up_name(io, await self._must_load(io, session_id, user_id))

    generate_session_name = sync(_generate_name)
    agenerate_session_name = asynchronous(_generate_name)

    async def _rename(self, io: IO, name: str, session_id: str | None = None, user_id: str | None = None) -> None:
        """Rename the component itself, on this object and in the stored session."""
        session = await self._must_load(io, session_id, user_id)
        component: Any = self
        component.set_id()  # an id made from the name stays
        component.name = name
        data = f"{component.session_type}_data"
        setattr(session, data, {**(getattr(session, data) or {}), "name": name})
        await self._save(io, session)

    rename = sync(_rename)
    arename = asynchronous(_rename)


__all__ = ["Sessions"]
