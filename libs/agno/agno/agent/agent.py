"""The agent: its settings, documented, and the public methods."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from pydantic import BaseModel
from typing_extensions import Unpack

from agno._engine.modes import Mode, explain, start
from agno._engine.toolbox import component_in_tools
from agno.agent._accessors import Accessors
from agno.agent._cancelling import Cancelling
from agno.agent._component import Component
from agno.agent._definition import Definition
from agno.agent._inspection import Inspection
from agno.agent._options import ContinueOptions, RunOptionsDict
from agno.agent._printing import Printing
from agno.agent._runs import continued_run, new_run
from agno.agent._sessions import Sessions
from agno.db._async import AsyncBaseDb
from agno.db.base import BaseDb
from agno.filters import Filters
from agno.models.base import Model
from agno.models.message import Message
from agno.run.agent import RunEvent, RunOutput, RunOutputEvent
from agno.tools.function import Function
from agno.tools.toolkit import Toolkit
from agno.utils.settings import Derived, publish_signature

if TYPE_CHECKING:
    from agno.compression.manager import CompressionManager
    from agno.models.fallback import FallbackConfig
    from agno.skills.agent_skills import Skills

Input = str | list[Any] | dict[str, Any] | Message | BaseModel | list[Message] | None
Tool = Toolkit | Callable[..., Any] | Function | dict[str, Any]


@publish_signature
class Agent(Component, Definition, Inspection, Accessors, Sessions, Cancelling, Printing):
    """A language model with instructions, tools and a memory of its sessions.

    An agent is configuration: a run changes nothing on it, so one agent serves any number of runs at once.
    All settings are keyword arguments; what is left out keeps the default shown here.
    """

    # Identity and session
    model: Model | str | None = None
    name: str | None = None
    id: Any = Derived(lambda agent: agent._derived_id())
    introduction: str | None = None
    role: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    session_state: dict[str, Any] | None = None
    add_session_state_to_context: bool = False
    enable_agentic_state: bool = False
    overwrite_db_session_state: bool = False
    cache_session: bool = False
    search_session_history: bool = False
    num_history_sessions: int | None = None
    search_past_sessions: bool = False
    num_past_sessions_to_search: int | None = None
    num_past_session_runs_in_search: int | None = None
    metadata: dict[str, Any] | None = None
    db: BaseDb | AsyncBaseDb | None = None

    # Dependencies
    dependencies: dict[str, Any] | None = None
    add_dependencies_to_context: bool = False

    # Memory and summaries
    memory_manager: Any = None
    enable_agentic_memory: bool = False
    enable_user_memories: bool = False
    add_memories_to_context: bool | None = None
    enable_session_summaries: bool = False
    add_session_summary_to_context: bool | None = None
    session_summary_manager: Any = None

    # History
    add_history_to_context: bool = False
    num_history_runs: int | None = 3
    num_history_messages: int | None = None
    max_tool_calls_from_history: int | None = None
    store_media: bool = True
    store_history_messages: bool = False
    store_tool_messages: bool = True

    # Knowledge
    knowledge: Any = None  # a Knowledge, or a function that gives one
    knowledge_filters: Filters | None = None
    enable_agentic_knowledge_filters: bool | None = None
    add_knowledge_to_context: bool = False
    knowledge_retriever: Callable[..., Any] | None = None
    references_format: Literal["json", "yaml"] = "json"
    search_knowledge: bool = True
    update_knowledge: bool = False
    add_search_knowledge_instructions: bool = True

    # Culture and learning: taken from the object you give; culture and learning themselves come with their own modules
    culture_manager: Any = None
    enable_agentic_culture: bool = False
    update_cultural_knowledge: bool = False
    add_culture_to_context: bool | None = None
    learning: Any = None
    add_learnings_to_context: bool = True

    # Tools
    tools: Sequence[Tool] | Callable[..., Any] | None = None
    tool_call_limit: int | None = None
    tool_choice: str | dict[str, Any] | None = None
    tool_hooks: list[Callable[..., Any]] | None = None
    read_chat_history: bool = False
    read_tool_call_history: bool = False
    skills: Skills | None = None
    compress_tool_results: bool = False
    compression_manager: CompressionManager | None = None
    cache_callables: bool = True
    callable_tools_cache_key: Callable[..., Any] | None = None
    callable_knowledge_cache_key: Callable[..., Any] | None = None

    # Hooks
    pre_hooks: list[Any] | None = None
    post_hooks: list[Any] | None = None

    # Reasoning
    reasoning: bool = False
    reasoning_model: Model | str | None = None
    reasoning_agent: Any = None
    reasoning_min_steps: int = 1
    reasoning_max_steps: int = 10

    # System message
    system_message: str | Callable[..., Any] | Message | None = None
    system_message_role: str = "system"
    build_context: bool = True
    description: str | None = None
    instructions: str | list[str] | Callable[..., Any] | None = None
    use_instruction_tags: bool = False
    expected_output: str | None = None
    additional_context: str | None = None
    markdown: bool = False
    add_name_to_context: bool = False
    add_datetime_to_context: bool = False
    add_location_to_context: bool = False
    timezone_identifier: str | None = None
    datetime_format: str | None = None
    resolve_in_context: bool = True
    additional_input: list[str | dict[str, Any] | BaseModel | Message] | None = None

    # User message, input and output
    build_user_context: bool = True
    user_message_role: str = "user"
    send_media_to_model: bool = True
    input_schema: Any = None
    output_schema: type[BaseModel] | None = None
    parse_response: bool = True
    parser_model: Model | str | None = None
    parser_model_prompt: str | None = None
    output_model: Model | str | None = None
    output_model_prompt: str | None = None
    structured_outputs: bool | None = None
    use_json_mode: bool = False
    save_response_to_file: str | None = None
    followups: bool = False
    num_followups: int = 3
    followup_model: Model | str | None = None

    # Running
    checkpoint: Literal["runs", "tool-batch", "tools"] | None = None
    retries: int = 0
    delay_between_retries: int = 1
    exponential_backoff: bool = False
    fallback_models: list[Model | str] | None = None
    fallback_config: FallbackConfig | None = None
    stream: bool | None = None
    stream_events: bool = False
    store_events: bool = False
    events_to_skip: list[RunEvent] | None = None
    debug_mode: bool = False
    debug_level: Literal[1, 2] = 1
    telemetry: bool = True

    _aliases = {
        "stream_intermediate_steps": "stream_events",
        "update_memory_on_run": "enable_user_memories",
    }
    _removed = {
        "storage": "sessions are kept in db=, for example db=SqliteDb(db_file='agent.db').",
        "memory": "memories are kept in db= and switched on with enable_user_memories=True.",
        "response_model": "it is called output_schema now.",
        "show_tool_calls": "tool calls are always shown by print_response.",
        "extra_data": "its parts are fields of RunOutput now: references, additional_input, reasoning_steps.",
        "retriever": "it is called knowledge_retriever now.",
        "goal": "put it into description= or instructions=.",
    }

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        if "tools" in settings:
            component_in_tools(self, (Component,))

    @property
    def stream_intermediate_steps(self) -> bool:
        """The name of `stream_events` in Agno 2.0."""
        return self.stream_events

    # Running ---------------------------------------------------------------------------------------------------------

    @overload
    def run(
        self, input: Input = ..., *, stream: Literal[False] | None = ..., **options: Unpack[RunOptionsDict]
    ) -> RunOutput: ...
    @overload
    def run(
        self, input: Input = ..., *, stream: Literal[True], **options: Unpack[RunOptionsDict]
    ) -> Iterator[RunOutputEvent]: ...
    def run(self, input: Input = None, *, stream: bool | None = None, **options: Any) -> Any:
        """Run the agent and wait for its answer, or, with `stream=True`, iterate over what happens.

        `RunOptionsDict` lists the options. Errors of the model and of hooks are raised, after the run was stored; a
        stream ends with a `RunErrorEvent` instead.
        """
        mode = Mode.sync(self, stream, options)
        return start(new_run(self, input, mode), mode)

    @overload
    async def arun(
        self, input: Input = ..., *, stream: Literal[False] | None = ..., **options: Unpack[RunOptionsDict]
    ) -> RunOutput: ...
    @overload
    def arun(
        self, input: Input = ..., *, stream: Literal[True], **options: Unpack[RunOptionsDict]
    ) -> AsyncIterator[RunOutputEvent]: ...
    def arun(self, input: Input = None, *, stream: bool | None = None, **options: Any) -> Any:
        """`run` for asyncio: await it, or, with `stream=True`, use `async for` (without await)."""
        mode = Mode.asynchronous(self, stream, options)
        return start(new_run(self, input, mode), mode)

    def continue_run(
        self, run_response: RunOutput | None = None, *, stream: bool | None = None, **options: Unpack[ContinueOptions]
    ) -> Any:
        """Go on with a run, given as an object or by `run_id`: answer what it waits for, resume it, branch off from it.

        `ContinueOptions` lists the options. The object that is given stays as it is.
        """
        mode = Mode.sync(self, stream, dict(options))
        return start(continued_run(self, run_response, mode), mode)

    def acontinue_run(
        self, run_response: RunOutput | None = None, *, stream: bool | None = None, **options: Unpack[ContinueOptions]
    ) -> Any:
        """`continue_run` for asyncio: await it, or, with `stream=True`, use `async for`."""
        mode = Mode.asynchronous(self, stream, dict(options))
        return start(continued_run(self, run_response, mode), mode)

    def explain(self, input: Input = None, **options: Unpack[RunOptionsDict]) -> dict[str, Any]:
        """The exact request that `run(input)` would send first, without sending it and without storing anything."""
        return explain(new_run(self, input, Mode.sync(self, False, dict(options))))

    # Settings --------------------------------------------------------------------------------------------------------

    def add_tool(self, tool: Tool) -> None:
        """Add a tool; the list that was passed to the constructor is left as it is."""
        if callable(self.tools) and not isinstance(self.tools, (list, tuple)):
            raise TypeError(f"tools= of {self!r} is a function that makes the tools; add the tool there.")
        self.tools = [*(self.tools or ()), tool]

    def set_tools(self, tools: Sequence[Tool]) -> None:
        """Replace the tools."""
        self.tools = list(tools)

    def deep_copy(self, *, update: dict[str, Any] | None = None) -> Agent:
        """A new agent with the same settings, `update` winning. Models are copied without their network clients, the
        database and other connections are shared."""
        shared = ("db", "knowledge", "memory_manager", "session_summary_manager", "reasoning_agent")
        settings: dict[str, Any] = {}
        for name, value in self.settings().items():
            settings[name] = value if name in shared else _copied(value)
        return type(self)(**{**settings, **(update or {})})


def _copied(value: Any) -> Any:
    if isinstance(value, list):
        return [_copied(item) for item in value]
    if isinstance(value, (Toolkit, Function)) or callable(value):
        return copy.copy(value)
    try:
        return copy.deepcopy(value)
    except TypeError:  # holds a lock, a socket, a client: shared
        return value


__all__ = ["Agent"]
