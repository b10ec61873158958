"""The settings that agents and teams have in common. What is left out keeps the default shown here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from agno.db._async import AsyncBaseDb
from agno.db.base import BaseDb
from agno.filters import Filters
from agno.models.base import Model
from agno.models.message import Message
from agno.tools.function import Function
from agno.tools.toolkit import Toolkit
from agno.utils.settings import Derived, Settings

if TYPE_CHECKING:
    from agno.compression.manager import CompressionManager
    from agno.models.fallback import FallbackConfig
    from agno.skills.agent_skills import Skills

Tool = Toolkit | Callable[..., Any] | Function | dict[str, Any]


class CommonSettings(Settings):
    """What an agent is told, given and allowed; a team's leader just as well."""

    # Identity and session
    model: Model | str | None = None
    name: str | None = None
    id: Any = Derived(lambda component: component._derived_id())
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
    num_memories_in_context: int | None = 100
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

    # Culture and learning
    culture_manager: Any = None  # a CultureManager (agno.culture)
    enable_agentic_culture: bool = False
    update_cultural_knowledge: bool = False
    add_culture_to_context: bool | None = None
    learning: Any = None  # True, or a LearningMachine (agno.learn)
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
    events_to_skip: list[Any] | None = None  # a RunEvent, a TeamRunEvent, or its value
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

    @property
    def update_memory_on_run(self) -> bool:
        """The name of `enable_user_memories` in newer versions of Agno."""
        return self.enable_user_memories

    @property
    def stream_intermediate_steps(self) -> bool:
        """The name of `stream_events` in Agno 2.0."""
        return self.stream_events


__all__ = ["CommonSettings", "Tool"]
