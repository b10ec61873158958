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
from agno.utils.settings import Alias, Derived, Settings

if TYPE_CHECKING:
    from agno.compression.manager import CompressionManager
    from agno.models.fallback import FallbackConfig
    from agno.skills.agent_skills import Skills

Tool = Toolkit | Callable[..., Any] | Function | dict[str, Any]


class CommonSettings(Settings):
    """What an agent is told, given and allowed; a team's leader just as well."""

    # Identity and session
    model: Model | str | None = None  # a model, or a text such as "openai:gpt-4o"; None: OpenAI's gpt-4o
    name: str | None = None  # shown to people, and what the id is made from
    id: Any = Derived(lambda component: component._derived_id())  # left out: made from the name, else a UUID
    introduction: str | None = None  # what the agent says at the beginning of each new session
    role: str | None = None  # what it does in a team: the leader reads it
    user_id: str | None = None  # the user of runs that name none
    session_id: str | None = None  # the session of runs that name none; left out: one is made at the first such run
    session_state: dict[str, Any] | None = None  # what the state of a new session begins with
    add_session_state_to_context: bool = False  # show the state to the model
    enable_agentic_state: bool = False  # the model gets a tool that changes the state
    overwrite_db_session_state: bool = False  # at each run, values of `session_state` replace what is stored
    cache_session: bool = False  # keep the last session in memory, for a process that alone serves it
    search_session_history: bool = False  # the model gets a tool that reads earlier sessions of the user
    num_history_sessions: int | None = None  # how many of them; None: 2
    search_past_sessions: bool = False  # the model gets a tool that searches earlier sessions of the user
    num_past_sessions_to_search: int | None = None  # how many of the newest; None: 20
    num_past_session_runs_in_search: int | None = None  # how many of the newest runs of each; None: 20
    metadata: dict[str, Any] | None = None  # your own data, stored with each run and each new session
    db: BaseDb | AsyncBaseDb | None = None  # a database of agno.db; None: nothing is kept

    # Dependencies
    dependencies: dict[str, Any] | None = None  # values, or functions that give them, for templates and tools
    add_dependencies_to_context: bool = False  # add them to the user's message

    # Memory and summaries
    memory_manager: Any = None  # a MemoryManager (agno.memory); setting one switches memories on
    enable_agentic_memory: bool = False  # the model gets a tool that changes memories; none are made after the run then
    enable_user_memories: bool = False  # after each run, a model keeps what matters of what the user said
    add_memories_to_context: bool | None = None  # tell the model the memories; None: if any are made
    num_memories_in_context: int | None = 100  # at most this many, the last changed; None: all
    enable_session_summaries: bool = False  # after each run, a model brings a summary of the session up to date
    add_session_summary_to_context: bool | None = None  # tell the model the summary; None: if summaries are made
    session_summary_manager: Any = None  # a SessionSummaryManager (agno.session); setting one switches summaries on

    # History
    add_history_to_context: bool = False  # send messages of earlier runs of the session
    num_history_runs: int | None = 3  # of this many of the newest runs; None: 3
    # of all runs, the newest of this many messages, instead of a number of runs
    num_history_messages: int | None = None
    max_tool_calls_from_history: int | None = None  # keep only this many of the newest tool calls in it; None: all
    store_media: bool = True  # store images, audio, videos and files with the run
    store_history_messages: bool = False  # store the history that was sent once more with each run
    store_tool_messages: bool = True  # store tool calls and their results

    # Knowledge
    knowledge: Any = None  # a Knowledge, or a function that gives one
    knowledge_filters: Filters | None = None  # only documents whose metadata fits are found
    enable_agentic_knowledge_filters: bool | None = None  # the model may filter its searches, too
    add_knowledge_to_context: bool = False  # search with the user's message, and add what is found to it
    knowledge_retriever: Callable[..., Any] | None = None  # a function that searches in place of `knowledge`
    references_format: Literal["json", "yaml"] = "json"  # how what is found is written for the model
    search_knowledge: bool = True  # the model gets a tool that searches
    update_knowledge: bool = False  # the model gets a tool that adds to the knowledge
    add_search_knowledge_instructions: bool = True  # tell the model when to search

    # Culture and learning
    culture_manager: Any = None  # a CultureManager (agno.culture)
    enable_agentic_culture: bool = False  # the model gets a tool that changes what all agents share
    update_cultural_knowledge: bool = False  # after each run, a model keeps what helps every agent
    add_culture_to_context: bool | None = None  # tell the model of it; None: if culture is in use
    learning: Any = None  # True, or a LearningMachine (agno.learn)
    add_learnings_to_context: bool = True  # tell the model what was learned

    # Tools
    # functions, toolkits, dicts of the provider's tools; or a function that gives a list of them
    tools: Sequence[Tool] | Callable[..., Any] | None = None
    tool_call_limit: int | None = None  # at most this many calls in one run; then the model has to answer
    # "auto", "none", "required", or a dict that names a tool; None: the provider's default
    tool_choice: str | dict[str, Any] | None = None
    tool_hooks: list[Callable[..., Any]] | None = None  # functions around every tool call, the first one outermost
    read_chat_history: bool = False  # the model gets a tool that reads the messages of the session
    read_tool_call_history: bool = False  # the model gets a tool that reads the tool calls of the session
    skills: Skills | None = None  # folders with instructions that the model loads when it needs them (agno.skills)
    compress_tool_results: bool = False  # shorten long tool results for the model; what is stored stays whole
    compression_manager: CompressionManager | None = None  # limits and a model of your own (agno.compression)
    cache_callables: bool = True  # False: functions in `tools`, `knowledge` and `members` are called at each run
    # a function that gives the key to keep tools under; None: by user, else by session
    callable_tools_cache_key: Callable[..., Any] | None = None
    callable_knowledge_cache_key: Callable[..., Any] | None = None  # the same for knowledge

    # Hooks
    pre_hooks: list[Any] | None = None  # functions and guardrails that see the input before the model does
    post_hooks: list[Any] | None = None  # functions that see the output before it is stored

    # Reasoning
    reasoning: bool = False  # think in steps before the answer
    reasoning_model: Model | str | None = None  # the model that thinks; setting one switches reasoning on
    reasoning_agent: Any = None  # an agent of yours that thinks; its `output_schema` is ReasoningSteps
    reasoning_min_steps: int = 1  # how many steps it is asked for at least
    reasoning_max_steps: int = 10  # how many it may make

    # System message
    # replaces the whole system message: a text, a Message, or a function that gives a text
    system_message: str | Callable[..., Any] | Message | None = None
    system_message_role: str = "system"  # the role of that message
    build_context: bool = True  # False: no system message, unless `system_message` is set
    description: str | None = None  # what the agent is; the first part of the system message
    # what it is to do: a text, a list of texts, or a function that gives one
    instructions: str | list[str] | Callable[..., Any] | None = None
    use_instruction_tags: bool = False  # write the instructions between <instructions> tags
    expected_output: str | None = None  # what the answer should look like
    additional_context: str | None = None  # text at the end of the system message
    markdown: bool = False  # ask for Markdown
    add_name_to_context: bool = False  # tell the model the agent's name
    add_datetime_to_context: bool = False  # tell it the date and the time
    add_location_to_context: bool = False  # tell it the city and the country, looked up by the IP address
    timezone_identifier: str | None = None  # such as "Europe/Oslo"; None: the machine's own
    datetime_format: str | None = None  # how it is written, as for `strftime`
    resolve_in_context: bool = True  # fill in `{name}` from the session state, dependencies and metadata
    # example messages between the system message and the user's
    additional_input: list[str | dict[str, Any] | BaseModel | Message] | None = None

    # User message, input and output
    build_user_context: bool = True  # False: send the input as it is, without knowledge, dependencies and templates
    user_message_role: str = "user"  # the role of the user's message
    send_media_to_model: bool = True  # False: only tools get the media of the run
    input_schema: Any = None  # a class that the input must fit: of pydantic's BaseModel, or a TypedDict
    output_schema: type[BaseModel] | None = None  # the class of the answer, made from pydantic's BaseModel
    parse_response: bool = True  # False: leave the answer as text, though a schema was asked for
    parser_model: Model | str | None = None  # a second model that turns the answer into `output_schema`
    parser_model_prompt: str | None = None  # its instructions
    output_model: Model | str | None = None  # a second model that writes the answer from the work of the first
    output_model_prompt: str | None = None  # its instructions
    structured_outputs: bool | None = None  # True: use the provider's own schema feature in spite of `use_json_mode`
    use_json_mode: bool = False  # ask for JSON, and describe the fields in the prompt
    # a path for the answer, which may hold {name}, {session_id}, {user_id}, {message}, {run_id}
    save_response_to_file: str | None = None
    followups: bool = False  # suggest questions that the user may ask next
    num_followups: int = 3  # how many
    followup_model: Model | str | None = None  # the model that suggests them; None: that of the run

    # Running
    # store the run also after each turn of tools, or each tool; None: at its start and end
    checkpoint: Literal["runs", "tool-batch", "tools"] | None = None
    retries: int = 0  # how often a failed request to the model is sent again
    delay_between_retries: int = 1  # seconds before that
    exponential_backoff: bool = False  # double the pause each time
    fallback_models: list[Model | str] | None = None  # models to try when those attempts failed, too
    fallback_config: FallbackConfig | None = None  # the same by kind of failure (agno.models.fallback)
    stream: bool | None = None  # what `run(stream=None)` means
    stream_events: bool = False  # yield every event of a stream, not only content, tool calls and the end
    store_events: bool = False  # store the events with the run
    # which are not stored: a RunEvent, a TeamRunEvent, or its value; None: pieces of content
    events_to_skip: list[Any] | None = None
    debug_mode: bool = False  # log what happens, with messages and tool calls
    debug_level: Literal[1, 2] = 1  # 2 logs more, such as metrics
    telemetry: bool = True  # tell a listener of yours (agno.utils.telemetry) of each run; Agno itself sends nothing

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

    update_memory_on_run = Alias("enable_user_memories")  # as newer versions of Agno call it
    stream_intermediate_steps = Alias("stream_events")  # as Agno 2.0 calls it


__all__ = ["CommonSettings", "Tool"]
