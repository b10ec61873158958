"""The state of one run. Components are configuration; whatever a run learns or changes is here."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import floor
from time import time
from typing import Any

import msgspec

from agno._engine.plan import Plan, plan_of
from agno._io import DONE, IO, Give, silent
from agno.models._loop import Exchange
from agno.models.base import Model
from agno.models.message import Message
from agno.models.metrics import Metrics, ModelType
from agno.run.base import RunStatus
from agno.run.cancel import NEVER, CancelToken, register_run, token_of
from agno.run.context import RunContext
from agno.session import AgentSession
from agno.tools.function import Function

_OURS = frozenset({"agno.run.agent", "agno.run.team", "agno.run.workflow"})
TRANSIENT_STATE = ("current_user_id", "current_session_id", "current_run_id")
_TRANSIENT = frozenset(TRANSIENT_STATE)
UNKNOWN: Any = object()  # what nobody has asked for yet


class Run(msgspec.Struct, kw_only=True, eq=False):
    """One run of a component: its settings, its output so far, and the port it waits through.

    One is made for every run, and read from everywhere: hence a struct, which fills in many defaults at once.
    """

    component: Any
    io: IO
    events: Any  # agno.run.agent or agno.run.team, or what has classes of the same names
    output: Any
    context: RunContext
    asked: Mapping[str, Any]  # the options of this call that have a value
    identity: Mapping[str, Any]
    plan: Plan  # where it has to look
    plans: Any = None  # what the component knew of its settings when the plan was made
    model: Model | None = None
    input: Any = None
    extra: Mapping[str, Any] = {}  # the caller's own keyword arguments
    streaming: bool = False
    parent: Run | None = None  # the run that this one is a part of: a team's, of its member
    identity_name: str = "agent"  # the parameter name under which tools, hooks and instructions get the component
    told_errors: tuple[type[Exception], ...] = ()  # failures that the output tells of, so that they are not raised
    continued: bool = False
    answers: Any = None  # the Continuation that continue_run was given
    kept_events: list[Any] | None = None
    skipped_events: frozenset[str] = frozenset()
    give: Give = silent  # where events go
    shown: frozenset[str] | None = frozenset()  # the kinds of events that the reader wants; None for all
    ended: list[Run] | None = None  # runs inside this one, or inside those, that ended; on the outermost run

    messages: list[Message] = []
    functions: dict[str, Function] = {}
    tool_instructions: tuple[str, ...] = ()
    closers: tuple[Callable[[], Any], ...] = ()  # called when the run ends, the last one first
    user_tools: Any = None  # as given, or as a function made them for this run
    tool_specs: list[dict[str, Any]] | None = None
    before: Metrics | None = None  # what a continued run cost until it was paused
    other_usage: Sequence[tuple[str, Model, list[Message]]] = ()  # what models beside the main one said, by their part
    response_format: Any = None
    exchange: Exchange | None = None
    began: int = 0  # when it did, or went on, in unix seconds ...
    started: float = 0.0  # ... and on the clock of `io`
    loaded_session: AgentSession | None = None
    references_block: str | None = None  # what the knowledge has for the user's message
    memory_manager: Any = UNKNOWN  # as `memories.manager_of` makes it at its first use ...
    culture_manager: Any = UNKNOWN  # ... and those of `culture` ...
    learning_machine: Any = UNKNOWN  # ... and of `learning`
    memories: list[Any] | None = None  # what is known about the user
    opened: bool = False  # the session is loaded, and a continued run is taken up
    stored: bool = False  # its end is written, or there is nowhere to write it
    cache_mark: Any = None  # the component's, when the run began
    session_cost: tuple[Any] | None = None  # what the session had cost before this run
    reasoning_open: bool = False
    token: CancelToken = NEVER
    announced: bool = False  # the run is stored as pending, and is known to `cancel_run`
    counted: int = 0  # how many of the messages an earlier end of the run has counted for the session
    spent: Metrics | None = None  # what the session has to count, where it is not the whole run
    delegations: Any = None  # of a team: its members, and what each was asked to do
    saving: bool = False  # a checkpoint is being written ...
    unsaved: list[Message] | None = None  # ... and this is the next one ...
    saved: list[Message] | None = None  # ... and this was the last
    claim: tuple[str, str, str] | None = None  # on a continued run: session, run, and the id that claims it
    claimed_at: float = 0.0
    progress_rows: Sequence[str] = ()  # what is stored of the run beside it until it ends
    progress: Any = None  # of what runs inside of a stored run do, if it is kept; theirs, too
    origin: Any = None  # on such a run: where it was begun

    @property
    def session(self) -> AgentSession | None:
        """The session, once the run is opened. What no database holds is made when somebody asks for it."""
        session = self.loaded_session
        if session is None and self.opened:
            session = self.loaded_session = self.component.new_session(self.context)
        return session

    def register(self) -> None:
        """Start the clock and become known to `cancel_run`."""
        if not self.announced:
            output, parent = self.output, self.parent
            outer = parent.token if parent is not None else token_of(output.parent_run_id)
            alone = self.continued or "run_id" in self.asked
            key = self.component.cancel_key(output.run_id)
            self.token = register_run(key, outer, alone=alone, user_id=self.context.user_id)
        self.started = self.io.now()

    @property
    def outermost(self) -> Run:
        """The run that the caller began: it has the session, and stores what the runs inside of it did."""
        run = self
        while run.parent is not None:
            run = run.parent
        return run

    @property
    def db(self) -> Any:
        """The database that the run is stored in; also that of its approvals."""
        return self.outermost.component.db

    def replan(self) -> Plan:
        """The plan, made anew if a setting was set since."""
        plans = self.component._plans
        if plans is None or plans is not self.plans:
            self.plan, self.plans = plan_of(self.component, self.asked), plans
        return self.plan

    def get(self, name: str) -> Any:
        """A setting: the call's value if it gave one, else the component's."""
        value = self.asked.get(name)
        return getattr(self.component, name) if value is None else value

    def hears(self, event_class: type[Any]) -> bool:
        """True if somebody reads or keeps such events."""
        shown = self.shown
        if shown is None or self.kept_events is not None:
            return True
        return event_class.event in shown if shown else False

    def emit(self, event_class: type[Any], **details: Any) -> Awaitable[None]:
        """Let an event happen: `await run.emit(...)`."""
        if self.shown is None or event_class.event in self.shown:
            return self.give(self.event(event_class, **details))
        if self.kept_events is not None:
            self.event(event_class, **details)
        return DONE

    def show(self, event: Any) -> Awaitable[None]:
        """Give out an event that was made before, or by somebody else."""
        if self.shown is None or event.event in self.shown or event.__class__.__module__ not in _OURS:
            return self.give(event)
        return DONE

    def event(self, event_class: type[Any], **details: Any) -> Any:
        """An event of this run, kept if events are kept. The class's defaults serve for everything not given here."""
        event = object.__new__(event_class)
        fields = event.__dict__
        fields.update(self.identity)
        fields["created_at"] = floor(time())
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

    def note_usage(self, part: ModelType, model: Model, messages: list[Message]) -> None:
        """Remember what another model said, so that its cost is counted."""
        self.other_usage = [*self.other_usage, (part.value, model, messages)]

    def own_cost(self) -> Metrics:
        """What the session has to count of the run itself, without the runs inside of it."""
        return self.spent or self.output.metrics

    @property
    def asked_schema(self) -> Any:
        """The schema that the main model is to follow; None if another model brings the answer into it."""
        component = self.component
        return None if component.parser_model or component.output_model else self.context.output_schema

    def tool_scope(self) -> dict[str, Any]:
        """What tools get by parameter name."""
        values = self.asked
        scope = {
            "agent": None,
            "team": None,
            self.identity_name: self.component,
            "run_context": self.context,
            "session_state": self.state,
            "dependencies": self.context.dependencies,
            "images": values.get("images"),
            "videos": values.get("videos"),
            "audios": values.get("audio"),
            "files": values.get("files"),
            "tool_hooks": self.component.tool_hooks,
            "identity": self.identity,
        }
        if self.get("debug_mode"):
            scope["debug_mode"] = True
        return scope

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
        state = self.context.session_state
        if not state or _TRANSIENT.issuperset(state):
            return {}
        return {key: value for key, value in state.items() if key not in _TRANSIENT}


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


def own_containers(value: Any) -> Any:
    """The caller's dicts and lists as copies, whatever their depth; the objects in them are the caller's."""
    kind = value.__class__
    if kind is dict:
        return {key: own_containers(item) for key, item in value.items()}
    if kind is list:
        return [own_containers(item) for item in value]
    return value


__all__ = ["TRANSIENT_STATE", "UNKNOWN", "Run", "own_containers", "private_copy"]
