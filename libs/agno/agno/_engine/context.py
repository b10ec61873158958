"""The state of one run. Components are configuration; whatever a run learns or changes is here."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from agno._io import IO
from agno.models._loop import Exchange
from agno.models.base import Model
from agno.models.message import Message
from agno.run.base import RunStatus
from agno.run.cancel import register_run
from agno.run.context import RunContext
from agno.session import AgentSession
from agno.tools.function import Function

TRANSIENT_STATE = ("current_user_id", "current_session_id", "current_run_id")


@dataclass
class RunOptions:
    """What the caller of one run asked for; None leaves the component's setting in force."""

    values: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)  # the caller's own keyword arguments


@dataclass(eq=False)
class Run:
    """One run of a component: its settings, its output so far, and the port it waits through."""

    component: Any
    io: IO
    events: ModuleType  # agno.run.agent or agno.run.team: the same class names for both
    output: Any
    context: RunContext
    options: RunOptions
    streaming: bool = False
    continued: bool = False
    identity_name: str = "agent"  # the parameter name under which tools, hooks and instructions get the component
    input: Any = None

    session: AgentSession | None = None
    model: Model | None = None
    messages: list[Message] = field(default_factory=list)
    history_length: int = 0
    user_message: Message | None = None
    user_tools: Any = None  # as given, or as a function made them for this run
    functions: dict[str, Function] = field(default_factory=dict)
    tool_specs: list[dict[str, Any]] | None = None
    tool_instructions: list[str] = field(default_factory=list)
    response_format: Any = None
    exchange: Exchange | None = None
    identity: dict[str, Any] = field(default_factory=dict)
    kept_events: list[Any] | None = None
    skipped_events: frozenset[str] = frozenset()
    started: float = 0.0
    first_token: float | None = None
    opened: bool = False  # the session is loaded, and a continued run is taken up
    stored: bool = False
    reasoning_open: bool = False
    token: Any = None
    answers: dict[str, Any] | None = None  # what continue_run was given

    def register(self) -> None:
        """Start the clock and become known to `cancel_run`."""
        self.token = register_run(self.output.run_id)
        self.started = self.io.now()

    def get(self, name: str) -> Any:
        """A setting: the call's value if it gave one, else the component's."""
        value = self.options.values.get(name)
        return getattr(self.component, name) if value is None else value

    def emit(self, event_class: type[Any], **details: Any) -> Any:
        """An event of this run. The class's defaults serve for everything not given here."""
        event = object.__new__(event_class)
        fields = event.__dict__
        fields.update(self.identity)
        fields["created_at"] = int(time.time())
        fields.update(details)
        if self.kept_events is not None:
            self.keep(event)
        return event

    def keep(self, event: Any) -> None:
        """Remember an event for `RunOutput.events`, unless its kind is skipped."""
        if self.kept_events is not None and event.event not in self.skipped_events:
            self.kept_events.append(event)

    def check(self) -> None:
        """Raise if the run was cancelled."""
        if self.token.cancelled:
            self.token.raise_if_cancelled()

    async def step(
        self, kind: str, name: str, arguments: dict[str, Any], work: Callable[[], Coroutine[Any, Any, Any]]
    ) -> Any:
        """The seam for everything that costs or acts; a journal or a distributed executor plugs in here."""
        self.check()
        return await work()

    @property
    def state(self) -> dict[str, Any]:
        """The session state as this run sees it; tools edit it in place."""
        state = self.context.session_state
        if state is None:
            state = self.context.session_state = {}
        return state

    @property
    def is_finished(self) -> bool:
        return self.output.status not in (RunStatus.running, RunStatus.pending)

    def stored_state(self) -> dict[str, Any]:
        """The state as it is saved: without the keys that only make sense during the run."""
        return {key: value for key, value in self.state.items() if key not in TRANSIENT_STATE}


def private_copy(value: Any) -> Any:
    """A copy of the caller's dict or list; what cannot be copied (a client, a lock) is shared."""
    if isinstance(value, dict):
        return {key: private_copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [private_copy(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool, bytes)):
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # copying is a courtesy: an object that refuses is shared, as the caller shares it with us
        return value


__all__ = ["TRANSIENT_STATE", "Run", "RunOptions", "private_copy"]
