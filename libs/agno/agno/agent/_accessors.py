"""Looking at what an agent would use: tools, system message, knowledge, memories; and branching sessions off."""

from __future__ import annotations

from typing import Any

from agno._engine.afterwards import save_to_file
from agno._engine.branching import forked
from agno._engine.context import Run
from agno._engine.factories import knowledge_of
from agno._engine.inputs import text_of
from agno._engine.memories import recalled
from agno._engine.modes import Mode
from agno._engine.prompt import system_message
from agno._engine.retrieval import add_to, documents
from agno._engine.sessions import kept_of, settle
from agno._engine.toolbox import resolve_tools
from agno._io import IO, asynchronous, sync
from agno.agent._runs import new_run
from agno.models.message import Message
from agno.session import AgentSession
from agno.utils.ids import new_id


class Accessors:
    """Public methods that need no run of their own. Each has an async twin with an `a` in front."""

    async def _previewed(self, io: IO, session: AgentSession | None, run_context: Any, options: dict[str, Any]) -> Run:
        """A run that has all it needs and never begins."""
        given = {name: value for name, value in options.items() if value is not None}
        if session is not None:
            given["session_id"] = session.session_id
            given.setdefault("user_id", session.user_id)
        component: Any = self
        given.setdefault("session_id", component.known_session_id() or new_id())
        run = new_run(self, None, Mode(io, False, False, False, {**given, "run_context": run_context}))
        run.loaded_session = session
        await settle(run)
        return run

    async def _tools(
        self,
        io: IO,
        run_response: Any = None,
        session: AgentSession | None = None,
        async_mode: bool = False,
        user_id: str | None = None,
        knowledge_filters: dict[str, Any] | None = None,
        run_context: Any = None,
    ) -> list[Any]:
        """The tools of a run: the user's, then the built-in ones. `async_mode` is what the method's colour says."""
        component: Any = self
        options = {"user_id": user_id, "knowledge_filters": knowledge_filters}
        run = await self._previewed(io, session, run_context, options)
        if run_response is not None:
            run.output = run_response
        await resolve_tools(run, component.built_in_tools(run))
        given = [spec for spec in run.tool_specs or () if spec.get("type") != "function"]
        return [*run.functions.values(), *given]

    get_tools = sync(_tools)
    aget_tools = asynchronous(_tools)

    async def _system_message(
        self,
        io: IO,
        session: AgentSession | None = None,
        session_state: dict[str, Any] | None = None,
        user_id: str | None = None,
        dependencies: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        add_session_state_to_context: bool | None = None,
        run_context: Any = None,
    ) -> Message | None:
        """The system message that a run would begin with, or None."""
        component: Any = self
        options = {
            "session_state": session_state,
            "user_id": user_id,
            "dependencies": dependencies,
            "metadata": metadata,
            "add_session_state_to_context": add_session_state_to_context,
        }
        run = await self._previewed(io, session, run_context, options)
        await resolve_tools(run, component.built_in_tools(run))
        return await system_message(run)

    get_system_message = sync(_system_message)
    aget_system_message = asynchronous(_system_message)

    async def _documents(
        self,
        io: IO,
        /,
        query: str,
        num_documents: int | None = None,
        filters: dict[str, Any] | None = None,
        **offered: Any,
    ) -> list[Any] | None:
        """What the knowledge, or the `knowledge_retriever`, has for a query: a list of dicts, or None.

        Errors of the retriever are logged and raised. Further keywords are offered to it by name.
        """
        run = await self._previewed(io, None, offered.pop("run_context", None), {})
        knowledge = await knowledge_of(run)
        offered = {"agent": self, "run_context": run.context, **offered}
        return await documents(io, self, knowledge, query, num_documents, filters, offered)

    get_relevant_docs_from_knowledge = sync(_documents)
    aget_relevant_docs_from_knowledge = asynchronous(_documents)

    async def _add_to_knowledge(self, io: IO, query: str, result: str) -> str:
        """Keep a question with its answer in the knowledge."""
        component: Any = self
        if component.knowledge is None:
            raise ValueError(f"{self!r} has no knowledge= to add to.")
        return await add_to(io, await knowledge_of(await self._previewed(io, None, None, {})), query, result)

    add_to_knowledge = sync(_add_to_knowledge)
    aadd_to_knowledge = asynchronous(_add_to_knowledge)

    async def _user_memories(self, io: IO, user_id: str | None = None) -> list[Any] | None:
        """What is remembered about a user, by default the agent's own; None without a memory manager."""
        component: Any = self
        if component.memory_manager is None:
            return None
        return await recalled(io, component.memory_manager, user_id or component.user_id)

    get_user_memories = sync(_user_memories)
    aget_user_memories = asynchronous(_user_memories)

    async def _culture(self, io: IO) -> list[Any] | None:
        """What the culture manager has collected; None without one."""
        component: Any = self
        manager = component.culture_manager
        if manager is None:
            return None
        read = manager.get_all_knowledge
        if io.is_async:
            read = getattr(manager, "aget_all_knowledge", read)
        found: list[Any] | None = await io.call(read)
        return found

    get_culture_knowledge = sync(_culture)
    aget_culture_knowledge = asynchronous(_culture)

    async def _fork(
        self, io: IO, session_id: str | None = None, *, before_run_id: str | None = None, user_id: str | None = None
    ) -> AgentSession:
        """A stored copy of a session under a new id, with all its runs or those before one of them."""
        component: Any = self
        session = await component._must_load(io, session_id, user_id)
        if before_run_id is not None and session.get_run(before_run_id) is None:
            raise ValueError(f"There is no run {before_run_id!r} in session {session.session_id!r}.")
        fork: AgentSession = forked(session, new_id(), before_run_id)
        await component._save(io, fork)
        return fork

    fork_session = sync(_fork)
    afork_session = asynchronous(_fork)

    def save_run_response_to_file(
        self, run_response: Any, input: Any = None, session_id: str | None = None, user_id: str | None = None
    ) -> None:
        """Write an answer to `save_response_to_file`. Does nothing without that setting; errors are logged."""
        component: Any = self
        if not component.save_response_to_file:
            return
        kept = self.scrub_run_output_for_storage(run_response)
        kept.session_id, kept.user_id = session_id or kept.session_id, user_id or kept.user_id
        message = input if input is not None else run_response.input.input_content if run_response.input else None
        text = message.get_content_string() if isinstance(message, Message) else message
        save_to_file(component, kept, text_of(text) if text is not None else "")

    def scrub_run_output_for_storage(self, run_response: Any) -> Any:
        """A copy of an output as it would be stored: without what the `store_…` settings leave out."""
        return kept_of(self, run_response)


__all__ = ["Accessors"]
