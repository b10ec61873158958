"""The body of a run that another AgentOS executes: its events and its outcome come from there.

Around it everything is as for a run in this process: its place in a team or workflow, who hears it, pauses, cancelling.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from agno._engine.context import Run
from agno._engine.sessions import is_kept, store
from agno._io import SYNC, drive
from agno.client._connection import Connection, Request
from agno.client._runs import MEDIA, RunAt
from agno.client.exceptions import AgentOSError, RemoteRunError
from agno.exceptions import RemoteServerUnavailableError, RunCancelledException
from agno.run.base import RunStatus
from agno.run.output import text_of
from agno.run.workflow import workflow_run_output_event_from_dict
from agno.utils.log import log_warning

_OURS = (  # fields of the output that keep the value they have here: where it belongs, and what it was given
    "run_id", "session_id", "user_id", "parent_run_id", "workflow_id", "workflow_step_id", "input", "agent_id",
    "agent_name", "team_id", "team_name", "workflow_name", "events", "created_at",
)  # fmt: skip
_ASKED = (
    *MEDIA, "knowledge_filters", "output_schema", "add_history_to_context", "add_dependencies_to_context",
    "add_session_state_to_context", "additional_data",
)  # fmt: skip
_TOLD_HERE = ("Cancelled", "Error")  # ends that the engine tells itself
_LAST = ("RunCompleted", "RunPaused", "TeamRunCompleted", "TeamRunPaused", "WorkflowCompleted", "WorkflowPaused")


class RemoteRun:
    """A run on another AgentOS, on behalf of a run here. They have the same ids."""

    def __init__(self, run: Run, connection: Connection, component_id: str) -> None:
        self.run = run
        self.at = RunAt(connection, run.component.session_type, component_id, run.context.session_id, run.output.run_id)
        self.last: Any = None  # the last event, told when the run is stored

    async def perform(self, request: Request) -> None:
        """Begin or continue it, and let it end here as it ends there."""
        run = self.run

        wake = self._cancel_apart
        if not run.io.is_async:  # which waits for the next event; so it has to come soon
            run.token.watch(wake)
        try:
            await self._listen(request)
            self.take(await self.at.ended(run.io))
        except AgentOSError:
            raise  # it refused, so nothing goes on there
        except RunCancelledException:
            self._cancel_apart()
            raise RunCancelledException(f"Run {self.at.run_id} was cancelled") from None
        except BaseException as error:
            if not isinstance(error, RemoteServerUnavailableError):
                self._cancel_apart()  # the reader has left, or is cancelled: it must not wait
            raise
        finally:
            if not run.io.is_async:
                run.token.unwatch(wake)

    async def _listen(self, request: Request) -> None:
        run = self.run
        with run.io.stoppable(run.token) as gate:
            async with aclosing(self.at.events(run.io, request)) as events:
                async for data in events:
                    run.check()
                    if gate is not None:
                        gate.open = False
                    await self._hear(data)
                    if gate is not None:
                        gate.reopen()

    async def _hear(self, data: dict[str, Any]) -> None:
        run = self.run
        if data.get("run_id") == self.at.run_id:
            kind = str(data.get("event"))
            if kind.endswith(_TOLD_HERE) and kind.startswith(("Run", "TeamRun", "Workflow")):
                return
            if kind.endswith("RunContent") and isinstance(said := data.get("content"), str):
                run.output.content = f"{run.output.content or ''}{said}"  # what there is, if it is cancelled
            data |= {name: value for name, value in run.identity.items() if not data.get(name)}
        elif depth := run.identity.get("nested_depth"):
            data["nested_depth"] = (data.get("nested_depth") or 0) + depth
        event = workflow_run_output_event_from_dict(data)
        if event.event in _LAST and event.run_id == self.at.run_id:
            self.last = event
            return
        run.keep(event)
        await run.show(event)

    def take(self, there: Any) -> None:
        """Make the output of the run there that of the run here."""
        fields = self.run.output.__dict__
        for name, value in there.__dict__.items():
            if name not in _OURS:
                fields[name] = value
        if there.session_state is not None:
            transient = {name: value for name, value in self.run.state.items() if name.startswith("current_")}
            self.run.context.session_state = {**copy.deepcopy(there.session_state), **transient}
        if there.status is RunStatus.cancelled:
            raise RunCancelledException(f"Run {self.at.run_id} was cancelled")
        if there.status is RunStatus.error:
            raise RemoteRunError(text_of(fields.get("content")) or self.at.failure or "The run failed.")

    # Stopping --------------------------------------------------------------------------------------------------------

    def _cancel_apart(self) -> None:
        """Tell the service from a thread of its own: who cancels must not wait for a network."""
        threading.Thread(target=self._cancel_now, name="agno-cancel-remote", daemon=True).start()

    def _cancel_now(self) -> None:
        try:
            drive(self.at.cancel(SYNC))
        except (AgentOSError, RemoteServerUnavailableError) as error:
            log_warning(f"run_id={self.at.run_id} | could not be cancelled at {self.at.connection!r}: {error}")


async def remote_body(run: Run) -> None:
    """What happens in a run of a `RemoteAgent` or `RemoteTeam`, between its start and its end."""
    component = run.component
    remote = RemoteRun(run, component.connection, component.remote_id)
    if run.continued:
        request = remote.at.go_on(answers_of(run), stream=True)
    else:
        request = remote.at.begin(run.input, options_of(run), stream=True)
    await remote.perform(request)
    if run.output.is_paused and run.parent is not None:
        _sign(run)
    await finish_remote(run, remote.last)


async def finish_remote(run: Run, last: Any) -> None:
    """Store it where it belongs to this process, and tell its end."""
    if not run.stored and is_kept(run):
        await store(run)
    if last is not None:
        if "requirements" in last.__dict__:
            last.requirements = getattr(run.output, "requirements", None)
        run.keep(last)
        await run.show(last)


def options_of(run: Run) -> dict[str, Any]:
    """The options of a run as they go over the wire."""
    context, asked = run.context, run.asked
    options: dict[str, Any] = {name: asked[name] for name in _ASKED if name in asked}
    options |= {"user_id": context.user_id, "metadata": context.metadata, "dependencies": _plain(context.dependencies)}
    options |= {"session_state": run.stored_state() or None}
    if schema := getattr(context, "output_schema", None):
        options["output_schema"] = schema
    return options


def _plain(dependencies: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {name: value for name, value in dependencies.items() if not callable(value)} if dependencies else None


def answers_of(run: Run) -> dict[str, Any]:
    """What people answered, as it goes over the wire."""
    wish = run.answers
    if wish.branches:
        raise ValueError(
            f"{run.component!r} goes on with runs as they are; fork or regenerate them through AgentOSClient."
        )
    given = [one for one in getattr(wish.run_response, "requirements", None) or () if one.is_resolved()]
    given += wish.requirements or ()
    return {
        "requirements": given or None,
        "tools": wish.updated_tools,
        "input": None if wish.input is None else text_of(wish.input),
        "continue_from": wish.continue_from,
        "additional_instructions": _lines(wish.additional_instructions),
        "user_id": run.context.user_id,
    }


def _lines(text: str | list[str] | None) -> str | None:
    return "\n".join(text) if isinstance(text, list) else text


def _sign(run: Run) -> None:
    """Tell who asks, as for any member."""
    for requirement in run.output.requirements or ():
        if requirement.member_run_id is None:
            requirement.member_agent_id, requirement.member_agent_name = run.component.id, run.component.name
            requirement.member_run_id = run.output.run_id


async def take_up_remote(run: Run) -> None:
    """Go on with a run whose messages the service has: here only its output is made ready."""
    wish, source = run.answers, run.answers.run_response
    if source is None and run.loaded_session is not None:
        source = run.loaded_session.get_run(wish.run_id or "")
    if source is not None:
        parent_id, output = run.output.parent_run_id, copy.copy(source)
        output.parent_run_id = parent_id or source.parent_run_id
        output.status, output.content = RunStatus.running, None
        run.output, run.context.user_id = output, run.context.user_id or source.user_id
    run.input = run.output.input.input_content if run.output.input is not None else None


def close_remote(run: Run, status: RunStatus, reason: str) -> None:
    """Messages, tools and metrics are those of the service."""
    if run.kept_events is not None:
        run.output.events = run.kept_events


class NoModel:
    """Stands where a model of this process would: which one answers, the service knows."""

    id, name, provider, tool_message_role = "remote", "Remote", "AgentOS", "tool"

    def get_provider(self) -> str:
        return self.provider

    def connection_info(self) -> None:
        return None


NO_MODEL = NoModel()

__all__ = [
    "NO_MODEL",
    "RemoteRun",
    "close_remote",
    "finish_remote",
    "options_of",
    "remote_body",
    "take_up_remote",
]
