"""The workflow: its settings, documented, and the public methods."""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Literal, overload

from pydantic import BaseModel
from typing_extensions import Unpack

from agno._engine.modes import PLAIN_EVENTS, Mode, start
from agno._io import ASYNC, SYNC, Give
from agno.agent._printing import Printing
from agno.db._async import AsyncBaseDb
from agno.db.base import BaseDb
from agno.run.context import RunContext
from agno.run.workflow import WorkflowRunOutput, WorkflowRunOutputEvent
from agno.utils.blank import blank
from agno.utils.settings import Alias, Derived, publish_signature
from agno.workflow._building import StepList, check_depth
from agno.workflow._coding import WorkflowDefinition
from agno.workflow._drawing import mermaid_of, tree_of
from agno.workflow._node import Node, named
from agno.workflow._options import ContinueOptions, RunOptionsDict, named_options
from agno.workflow._run import WorkflowRun, continued_run, new_run
from agno.workflow._sessions import WorkflowSessions
from agno.workflow._settings import WorkflowComponent
from agno.workflow._stream import EventStream
from agno.workflow._websocket import WebSocketHandler
from agno.workflow.agent import WorkflowAgent

Input = str | dict[str, Any] | list[Any] | BaseModel | None


@publish_signature
class Workflow(WorkflowComponent, WorkflowDefinition, WorkflowSessions, Printing):
    """Steps that run in a fixed order: agents, teams, functions and other workflows, in sequences, side by side, in loops,
    under conditions, or on a way that is chosen while it runs.

    A workflow is configuration: a run changes nothing on it, so one workflow serves any number of runs at once.
    All settings are keyword arguments; what is left out keeps the default shown here.
    """

    id: Any = Derived(lambda workflow: workflow._derived_id())  # left out: made from the name, else a UUID
    name: str | None = None  # shown to people, and what the id is made from
    description: str | None = None  # what the workflow is for
    db: BaseDb | AsyncBaseDb | None = None  # a database of agno.db; None: nothing is kept
    steps: Any = None  # a list of steps, a Steps, or a function that is the whole workflow
    agent: Any = None  # a WorkflowAgent that answers from earlier runs, or lets the steps run
    session_id: str | None = None  # the session of runs that name none; left out: one is made at the first such run
    session_state: dict[str, Any] | None = None  # what the state of a new session begins with
    overwrite_db_session_state: bool = False  # at each run, values of `session_state` replace what is stored
    user_id: str | None = None  # the user of runs that name none
    debug_mode: bool = False  # log what happens, with messages and tool calls
    debug_level: Literal[1, 2] = 1  # 2 logs more, such as metrics
    stream: bool | None = None  # what `run(stream=None)` means
    stream_events: bool = False  # yield every event of a stream, not only texts, outputs and the end
    stream_executor_events: bool = True  # the events of agents and teams, too
    store_events: bool = False  # store the events with the run
    events_to_skip: list[Any] | None = None  # which are not stored: a WorkflowRunEvent or its value; None: none
    store_executor_outputs: bool = True  # store the runs of agents, teams and workflows in the steps
    # "steps": each finished step is stored, so that no crash undoes it; "tool-batch" and "tools": also what agents and
    # teams in a step did, after each turn of tools or each tool; "runs": only the start and the end
    checkpoint: Literal["runs", "steps", "tool-batch", "tools"] = "steps"
    input_schema: Any = None  # a class that the input must fit: of pydantic's BaseModel, or a TypedDict
    metadata: dict[str, Any] | None = None  # your own data, stored with each run and each new session
    dependencies: dict[str, Any] | None = None  # values, or functions that give them, for the steps
    add_dependencies_to_context: bool = False  # agents and teams in steps show them to their models
    add_session_state_to_context: bool = False  # the same for the session state
    add_workflow_history_to_steps: bool = False  # steps are told of earlier runs of the session
    num_history_runs: int = 3  # of how many
    cache_session: bool = False  # keep the last session in memory, for a process that alone serves it
    telemetry: bool = True  # tell a listener of yours (agno.utils.telemetry) of each run; Agno itself sends nothing

    markdown = True  # what print_response asks for

    _aliases = {"stream_intermediate_steps": "stream_events"}
    stream_intermediate_steps = Alias("stream_events")  # as Agno 2.0 calls it
    _removed = {
        "storage": "sessions are kept in db=, for example db=SqliteDb(db_file='workflow.db').",
        "memory": "memories are kept in db=: see add_memories and get_memories.",
        "message": "the input is given to run().",
    }

    def __init__(self, **settings: Any) -> None:
        if "workflow_id" in settings:
            warnings.warn("Workflow(workflow_id=...) is ignored; use id=.", DeprecationWarning, stacklevel=2)
            del settings["workflow_id"]
        super().__init__(**settings)
        if self.agent is not None and not isinstance(self.agent, WorkflowAgent):
            raise TypeError(
                f"agent= of {self.title} is {self.agent!r} ({type(self.agent).__name__}). It takes a WorkflowAgent, which "
                "talks in front of the steps; an agent that works in the workflow goes into steps=."
            )
        self.__dict__["_made"] = StepList()
        if self.steps is not None and not self.is_function:
            check_depth(self, self.nodes)  # refuses what is no step, too

    @property
    def is_function(self) -> bool:
        """True if the whole workflow is a function."""
        steps = self.__dict__.get("steps")
        return callable(steps) and not isinstance(steps, (list, tuple, Node))

    @property
    def title(self) -> str:
        """What it is called in sentences."""
        return named("Workflow", self.name)

    @property
    def nodes(self) -> Sequence[Node]:
        """The steps, made of what stands in `steps`."""
        if self.is_function:
            return ()
        made: StepList = self.__dict__["_made"]
        return made.of(self.__dict__.get("steps"), self)

    @property
    def run_parameters(self) -> dict[str, dict[str, Any]]:
        """What `run` takes: the input, or of a function workflow its own parameters."""
        if not self.is_function:
            return {"input": {"name": "input", "default": None, "annotation": "str", "required": True}}
        return {
            name: _parameter(parameter)
            for name, parameter in inspect.signature(self.steps).parameters.items()
            if name not in _GIVEN and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        }

    # Running ---------------------------------------------------------------------------------------------------------

    @overload
    def run(
        self, input: Input = ..., *more: Any, stream: Literal[False] | None = ..., **options: Unpack[RunOptionsDict]
    ) -> WorkflowRunOutput: ...
    @overload
    def run(
        self, input: Input = ..., *more: Any, stream: Literal[True], **options: Unpack[RunOptionsDict]
    ) -> Iterator[WorkflowRunOutputEvent]: ...
    def run(self, input: Input = None, *more: Any, stream: bool | None = None, **options: Any) -> Any:
        """Run the steps and wait for the result, or, with `stream=True`, iterate over what happens.

        `RunOptionsDict` lists the options. A step that fails is not raised: the output has the status ERROR and what was
        finished, a stream ends with a `WorkflowErrorEvent`. Further keywords go to a function workflow that names them.
        Arguments after the input may be given by position, in the order of `BY_POSITION`, as Agno 2.0 takes them.
        """
        if more:
            options |= named_options("run", more, options)
        if options.get("background"):
            raise RuntimeError("background=True needs an event loop to go on in: use arun().")
        mode = Mode.of(SYNC, self, stream, options)
        return start(new_run(self, input, mode), mode)

    @overload
    async def arun(
        self, input: Input = ..., *more: Any, stream: Literal[False] | None = ..., **options: Unpack[RunOptionsDict]
    ) -> WorkflowRunOutput: ...
    @overload
    def arun(
        self, input: Input = ..., *more: Any, stream: Literal[True], **options: Unpack[RunOptionsDict]
    ) -> AsyncIterator[WorkflowRunOutputEvent]: ...
    def arun(self, input: Input = None, *more: Any, stream: bool | None = None, **options: Any) -> Any:
        """`run` for asyncio: await it, or, with `stream=True`, use `async for`, with or without await.

        `background=True` gives the output at once, PENDING; the run fills it while it goes on, and `get_run(run_id)` reads
        it from anywhere. With `stream=True` and `websocket=` its events go to the socket.
        """
        if more:
            options |= named_options("arun", more, options)
        websocket = options.pop("websocket", None)
        mode = Mode.of(ASYNC, self, stream, options)
        return _started(new_run(self, input, mode), mode, websocket)

    def continue_run(
        self,
        run_response: WorkflowRunOutput | None = None,
        *,
        stream: bool | None = None,
        **options: Unpack[ContinueOptions],
    ) -> Any:
        """Go on with a run that waits for a person, failed, or broke off: given as an object, or by `run_id`.

        `ContinueOptions` lists the options. Finished steps do not run again. The object that is given stays as it is.
        """
        mode = Mode.of(SYNC, self, stream, dict(options))
        return start(continued_run(self, run_response, mode), mode)

    def acontinue_run(
        self,
        run_response: WorkflowRunOutput | None = None,
        *,
        stream: bool | None = None,
        **options: Unpack[ContinueOptions],
    ) -> Any:
        """`continue_run` for asyncio: await it, or, with `stream=True`, use `async for`."""
        given = dict(options)
        websocket = given.pop("websocket", None)
        mode = Mode.of(ASYNC, self, stream, given)
        return _started(continued_run(self, run_response, mode), mode, websocket)

    def context_for(self, session_id: str, user_id: str | None = None) -> RunContext:
        """The context of a session, outside of any run."""
        known = {"workflow_id": self.id, "workflow_name": self.name}
        return blank(RunContext, {"run_id": "", "session_id": session_id, "user_id": user_id or self.user_id, **known})

    # Looking at it ---------------------------------------------------------------------------------------------------

    def to_mermaid(self) -> str:
        """The steps as a Mermaid flowchart."""
        return mermaid_of(self)

    def run_tree(self, run_response: WorkflowRunOutput) -> str:
        """A run as a tree of lines: which steps ran, how they ended, how long they took, what they cost."""
        return tree_of(run_response)

    # Settings --------------------------------------------------------------------------------------------------------

    def deep_copy(self, *, update: dict[str, Any] | None = None) -> Workflow:
        """A new workflow with the same settings, `update` winning. Agents and teams in its steps are copied, too; the
        database is shared."""
        settings = {name: value if name == "db" else _copied(value) for name, value in self.settings().items()}
        return type(self)(**{**settings, **(update or {})})

    def update_agents_and_teams_session_info(self) -> None:
        """Nothing to do: a run tells its agents and teams of its session itself."""

    def propagate_run_hooks_in_background(self, run_in_background: bool = True) -> None:
        """Nothing to do: whether a hook runs in the background says the hook, or the server of the run."""


_GIVEN = ("self", "workflow", "execution_input", "session_state", "run_context")


def _parameter(parameter: inspect.Parameter) -> dict[str, Any]:
    required = parameter.default is parameter.empty
    kind = parameter.annotation
    named = None if kind is parameter.empty else kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))
    default = None if required else parameter.default
    return {"name": parameter.name, "default": default, "annotation": named, "required": required}


def _started(run: WorkflowRun, mode: Mode, websocket: Any) -> Any:
    """Begin an asynchronous run, with its events where they are wanted."""
    if mode.background and mode.streaming:
        if websocket is None:
            raise ValueError("background=True with stream=True needs websocket=, where the events go.")
        return _pushed(run, mode, websocket)
    if websocket is not None:
        raise ValueError("websocket= goes with background=True and stream=True.")
    begun = start(run, mode)
    return EventStream(begun) if mode.streaming else begun


def _pushed(run: WorkflowRun, mode: Mode, websocket: Any) -> Any:
    """A run in the background whose events go to a socket; gives its output at once."""
    handler = websocket if isinstance(websocket, WebSocketHandler) else WebSocketHandler(websocket)
    give: Give = handler.handle_event
    run.give = give
    run.shown = None if mode.every_event else PLAIN_EVENTS
    mode.streaming = False  # what is given back is the output
    return start(run, mode)


def _copied(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in value]
    if isinstance(value, Node):
        return type(value)(**{name: _copied(item) for name, item in value.constructor_arguments().items()})
    if hasattr(value, "deep_copy"):
        return value.deep_copy()
    if callable(value):
        return value
    try:
        return copy.deepcopy(value)
    except TypeError:  # holds a lock, a socket, a client: shared
        return value


__all__ = ["Workflow"]
