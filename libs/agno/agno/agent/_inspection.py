"""The system message and the tools of a run, without running it; and writing answers to files."""

from __future__ import annotations

import copy
from typing import Any

from agno._engine.afterwards import write_answer_file
from agno._engine.context import Run
from agno._engine.modes import Mode
from agno._engine.rehearsing import system_message_of, tools_for
from agno._io import IO, asynchronous, sync
from agno.agent._runs import new_run
from agno.filters import Filters
from agno.models.message import Message
from agno.run.context import RunContext


class Inspection:
    """What a run would send, without running it. Nothing is stored."""

    async def _system_message(
        self,
        io: IO,
        session: Any = None,
        session_state: dict[str, Any] | None = None,
        user_id: str | None = None,
        dependencies: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        add_session_state_to_context: bool | None = None,
        run_context: RunContext | None = None,
    ) -> Message | None:
        """The system message that a run with these options would send; None if it would send none."""
        run = self._unstarted_run(
            io, session, run_context, session_state=session_state, user_id=user_id, dependencies=dependencies,
            metadata=metadata, add_session_state_to_context=add_session_state_to_context,
        )  # fmt: skip
        return await system_message_of(run, session)

    get_system_message = sync(_system_message)
    aget_system_message = asynchronous(_system_message)

    async def _tools(
        self,
        io: IO,
        run_response: Any = None,
        session: Any = None,
        async_mode: bool | None = None,
        user_id: str | None = None,
        knowledge_filters: Filters | None = None,
        run_context: RunContext | None = None,
    ) -> list[Any]:
        """The tools that a run would offer: those of `tools=` and those that settings add, as functions, then the
        provider's own.

        `run_response` and `async_mode` are accepted for programs written for Agno 2.0, and ignored: `get_tools` gives the
        tools of a sync run, `aget_tools` those of an async one.
        """
        run = self._unstarted_run(io, session, run_context, user_id=user_id, knowledge_filters=knowledge_filters)
        return await tools_for(run, session)

    get_tools = sync(_tools)
    aget_tools = asynchronous(_tools)

    def _unstarted_run(self, io: IO, session: Any, run_context: RunContext | None, **options: Any) -> Run:
        component: Any = self
        assert component.id  # settled before the copy is made, so that both have the same
        without_input = copy.copy(component)
        without_input.__dict__["input_schema"] = None  # there is no input to check
        if session is not None:
            options["session_id"] = session.session_id
        mode = Mode(io, False, False, False, {**options, "run_context": run_context})
        run = new_run(without_input, None, mode)
        run.component = component
        return run

    def save_run_response_to_file(
        self,
        run_response: Any,
        input: Any = None,
        session_id: str | None = None,
        user_id: str | None = None,
    ) -> None:
        """Write the answer to the file that `save_response_to_file` names; nothing without it. An error is logged."""
        component: Any = self
        if component.save_response_to_file:
            session_id = session_id or run_response.session_id
            user_id = user_id or run_response.user_id
            write_answer_file(component, run_response, input, session_id=session_id, user_id=user_id)


__all__ = ["Inspection"]
