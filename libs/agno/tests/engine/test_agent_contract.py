"""The names and defaults that Agent promises, as a table: constructor, run, continue_run, and the other public methods."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from agno.agent import Agent
from agno.agent._options import CONTINUE_OPTIONS, RUN_OPTIONS
from agno.reasoning.step import ReasoningSteps

SETTINGS: dict[str, Any] = {
    # identity and session
    **dict.fromkeys(["model", "name", "id", "introduction", "role", "user_id", "session_id", "session_state"]),
    **dict.fromkeys(["num_history_sessions", "metadata", "db", "dependencies"]),
    **dict.fromkeys(["add_session_state_to_context", "enable_agentic_state", "cache_session"], False),
    **dict.fromkeys(["search_session_history", "search_past_sessions", "add_dependencies_to_context"], False),
    **dict.fromkeys(["num_past_sessions_to_search", "num_past_session_runs_in_search"]),
    "overwrite_db_session_state": False,
    # memory, summaries, culture, learning
    **dict.fromkeys(["memory_manager", "add_memories_to_context", "session_summary_manager", "culture_manager"]),
    **dict.fromkeys(["add_session_summary_to_context", "add_culture_to_context", "learning"]),
    **dict.fromkeys(["enable_agentic_memory", "enable_user_memories", "enable_session_summaries"], False),
    **dict.fromkeys(["enable_agentic_culture", "update_cultural_knowledge"], False),
    "add_learnings_to_context": True,
    # history
    "add_history_to_context": False,
    "num_history_runs": 3,
    **dict.fromkeys(["num_history_messages", "max_tool_calls_from_history"]),
    **{"store_media": True, "store_tool_messages": True, "store_history_messages": False},
    # knowledge
    **dict.fromkeys(["knowledge", "knowledge_filters", "enable_agentic_knowledge_filters", "knowledge_retriever"]),
    **{"add_knowledge_to_context": False, "references_format": "json", "search_knowledge": True},
    **{"update_knowledge": False, "add_search_knowledge_instructions": True},
    # tools
    **dict.fromkeys(["tools", "tool_call_limit", "tool_choice", "tool_hooks", "skills", "compression_manager"]),
    **dict.fromkeys(["read_chat_history", "read_tool_call_history", "compress_tool_results"], False),
    **dict.fromkeys(["callable_tools_cache_key", "callable_knowledge_cache_key"]),
    "cache_callables": True,
    # hooks and reasoning
    **dict.fromkeys(["pre_hooks", "post_hooks", "reasoning_model", "reasoning_agent"]),
    **{"reasoning": False, "reasoning_min_steps": 1, "reasoning_max_steps": 10},
    # system message
    **dict.fromkeys(["system_message", "description", "instructions", "expected_output", "additional_context"]),
    **dict.fromkeys(["timezone_identifier", "additional_input", "datetime_format"]),
    **dict.fromkeys(["markdown", "add_name_to_context", "add_datetime_to_context"], False),
    **dict.fromkeys(["add_location_to_context", "use_instruction_tags"], False),
    **{"system_message_role": "system", "build_context": True, "resolve_in_context": True},
    # user message, input and output
    **{"build_user_context": True, "user_message_role": "user", "send_media_to_model": True, "parse_response": True},
    **dict.fromkeys(["input_schema", "output_schema", "parser_model", "parser_model_prompt", "output_model"]),
    **dict.fromkeys(["output_model_prompt", "structured_outputs", "save_response_to_file", "followup_model"]),
    **{"use_json_mode": False, "followups": False, "num_followups": 3},
    # running
    **{"retries": 0, "delay_between_retries": 1, "exponential_backoff": False, "stream_events": False},
    **dict.fromkeys(["stream", "events_to_skip", "fallback_models", "fallback_config", "checkpoint"]),
    **{"store_events": False, "debug_mode": False, "debug_level": 1, "telemetry": True},
}
OTHER_SPELLINGS = {"stream_intermediate_steps": "stream_events", "update_memory_on_run": "enable_user_memories"}

COMMON = {
    "stream_events", "stream_intermediate_steps", "yield_run_output", "yield_run_response", "user_id", "session_id",
    "retries", "knowledge_filters", "dependencies", "metadata", "debug_mode", "background",
}  # fmt: skip
RUN = COMMON | {
    "session_state", "audio", "images", "videos", "files", "add_history_to_context", "add_dependencies_to_context",
    "add_session_state_to_context", "workflow_context", "run_context", "output_schema", "run_id",
}  # fmt: skip
CONTINUE = COMMON | {
    "run_id", "updated_tools", "requirements", "input", "continue_from", "fork", "regenerate", "replace_original",
    "additional_instructions", "fork_session",
}  # fmt: skip

# method -> its parameters; those with a twin of the other colour in TWINS
METHODS = {
    "set_id": [],
    "initialize_agent": ["debug_mode"],
    "add_tool": ["tool"],
    "set_tools": ["tools"],
    "get_tools": ["run_response", "session", "async_mode", "user_id", "knowledge_filters", "run_context"],
    "get_run_output": ["run_id", "session_id", "user_id"],
    "get_last_run_output": ["session_id", "user_id"],
    "cancel_run": ["run_id"],
    "get_session": ["session_id", "user_id"],
    "save_session": ["session"],
    "get_chat_history": ["session_id", "user_id"],
    "rename": ["name", "session_id"],
    "set_session_name": ["session_id", "autogenerate", "session_name", "user_id"],
    "generate_session_name": ["session_id"],
    "get_session_name": ["session_id", "user_id"],
    "get_session_state": ["session_id", "user_id"],
    "get_session_metrics": ["session_id", "user_id"],
    "get_session_summary": ["session_id", "user_id"],
    "delete_session": ["session_id", "user_id"],
    "get_messages_for_session": ["session_id"],
    "get_session_messages": [
        "session_id", "last_n_runs", "limit", "skip_roles", "skip_statuses", "skip_history_messages", "user_id",
    ],
    "get_user_memories": ["user_id"],
    "get_culture_knowledge": [],
    "get_system_message": [
        "session", "session_state", "user_id", "dependencies", "metadata", "add_session_state_to_context",
    ],
    "get_relevant_docs_from_knowledge": ["query", "num_documents", "filters"],
    "add_to_knowledge": ["query", "result"],
    "deep_copy": ["update"],
    "save_run_response_to_file": ["run_response", "input", "session_id", "user_id"],
    "scrub_run_output_for_storage": ["run_response"],
    "update_session_state": ["session_state_updates", "session_id"],
    "fork_session": ["session_id"],
    "clear_callable_cache": [],
    "print_response": ["input", "stream"],
    "cli_app": ["input", "session_id", "user_id", "user", "emoji", "stream", "markdown", "exit_on"],
}  # fmt: skip
TWINS = {
    "get_tools", "get_run_output", "get_last_run_output", "cancel_run", "get_session", "save_session",
    "get_chat_history", "set_session_name", "get_session_name", "get_session_state", "get_session_metrics",
    "get_session_summary", "delete_session", "get_session_messages", "get_user_memories", "get_culture_knowledge",
    "get_system_message", "get_relevant_docs_from_knowledge", "update_session_state", "fork_session",
    "clear_callable_cache", "print_response", "cli_app",
}  # fmt: skip


def test_every_setting_has_its_name_and_its_default() -> None:
    parameters = inspect.signature(Agent).parameters
    assert {name: p.default for name, p in parameters.items() if name in SETTINGS} == SETTINGS
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    agent = Agent(name="A b")
    for name, default in SETTINGS.items():
        if name not in ("name", "id"):
            assert getattr(agent, name) == default, name
    assert agent.id == "a-b"


@pytest.mark.parametrize(("old", "new"), OTHER_SPELLINGS.items())
def test_other_spellings_set_the_same(old: str, new: str) -> None:
    assert getattr(Agent(**{old: True}), new) is True


def test_run_and_continue_run_take_every_option() -> None:
    assert RUN <= RUN_OPTIONS and CONTINUE <= CONTINUE_OPTIONS
    for method in (Agent.run, Agent.arun, Agent.continue_run, Agent.acontinue_run):
        assert inspect.signature(method).parameters["stream"].default is None


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_there_with_its_parameters_and_its_twin(name: str) -> None:
    agent = Agent()
    for spelling in [name, f"a{name}"] if name in TWINS else [name]:
        method = getattr(agent, spelling)
        assert inspect.getdoc(method), spelling
        assert set(METHODS[name]) <= set(inspect.signature(method).parameters), spelling
    if name in TWINS:
        assert inspect.iscoroutinefunction(getattr(agent, f"a{name}"))


def test_properties() -> None:
    assert Agent().should_parse_structured_output is False
    assert Agent(output_schema=ReasoningSteps).should_parse_structured_output is True
    assert Agent().cached_session is None
