"""Reading what an agent can draw on (knowledge, memories, culture), and copying its sessions."""

from __future__ import annotations

from typing import Any

from agno._engine.branching import forked
from agno._engine.factories import knowledge_of
from agno._engine.memories import manager_for, recalled
from agno._engine.retrieval import add_to, documents
from agno._engine.sessions import kept_of, settle
from agno._io import IO, asynchronous, sync
from agno.utils.ids import new_id
from agno.utils.later import later

_culture = later("agno._engine.culture")


class Accessors:
    """Public methods that start no run. Each has an async version with the prefix `a`."""

    async def _documents(
        self,
        io: IO,
        /,
        query: str,
        num_documents: int | None = None,
        filters: dict[str, Any] | None = None,
        **offered: Any,
    ) -> list[Any] | None:
        """What the knowledge, or the `knowledge_retriever` in its place, finds for a query: a list of dicts, or None.

        Errors of the retriever are logged and raised. Further keyword arguments are passed to a retriever that names them.
        """
        component: Any = self
        run = component._unstarted_run(io, None, offered.pop("run_context", None))
        await settle(run)
        knowledge = await knowledge_of(run)
        offered = {component.session_type: self, "run_context": run.context, **offered}
        return await documents(io, self, knowledge, query, num_documents, filters, offered)

    get_relevant_docs_from_knowledge = sync(_documents)
    aget_relevant_docs_from_knowledge = asynchronous(_documents)

    async def _add_to_knowledge(self, io: IO, query: str, result: str) -> str:
        """Add a question and its answer to the knowledge, as one document. Returns what happened, as text for a model."""
        component: Any = self
        if component.knowledge is None:
            raise ValueError(f"{self!r} has no knowledge= to add to.")
        run = component._unstarted_run(io, None, None)
        await settle(run)
        return await add_to(io, await knowledge_of(run), query, result)

    add_to_knowledge = sync(_add_to_knowledge)
    aadd_to_knowledge = asynchronous(_add_to_knowledge)

    async def _user_memories(self, io: IO, user_id: str | None = None) -> list[Any] | None:
        """The memories of a user, by default of the agent's `user_id`; None if the agent keeps no memories."""
        component: Any = self
        manager = manager_for(component)
        return None if manager is None else await recalled(io, manager, user_id or component.user_id)

    get_user_memories = sync(_user_memories)
    aget_user_memories = asynchronous(_user_memories)

    async def _culture(self, io: IO) -> list[Any] | None:
        """The cultural knowledge that all agents share; None if no culture setting is on."""
        manager = _culture.manager_for(self)
        if manager is None:
            return None
        if not hasattr(manager, "aget_all_knowledge"):
            return list(await io.call(manager.get_all_knowledge) or ())
        return list(await io.pick(manager.get_all_knowledge, manager.aget_all_knowledge) or ())

    get_culture_knowledge = sync(_culture)
    aget_culture_knowledge = asynchronous(_culture)

    async def _fork(
        self, io: IO, session_id: str | None = None, *, before_run_id: str | None = None, user_id: str | None = None
    ) -> Any:
        """Copy a session under a new id, with all its runs or only those before one of them, store it, and return it."""
        component: Any = self
        session = await component._must_load(io, session_id, user_id)
        if before_run_id is not None and session.get_run(before_run_id) is None:
            raise ValueError(f"There is no run {before_run_id!r} in session {session.session_id!r}.")
        fork = forked(session, new_id(), before_run_id)
        await component._save(io, fork)
        return fork

    fork_session = sync(_fork)
    afork_session = asynchronous(_fork)

    def scrub_run_output_for_storage(self, run_response: Any) -> Any:
        """A copy of the output as it would be stored: without what the `store_…` settings leave out."""
        return kept_of(self, run_response)


__all__ = ["Accessors"]
