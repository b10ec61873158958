"""Functions and constructors that programs call with arguments by position, or count on the defaults of: names in their order.

What only is a setting, given by name, is in `test_defaults.py` and `engine/test_agent_contract.py`.
"""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from typing import Any

import pytest

_TABLES = "session_table=None, memory_table=None, metrics_table=None, eval_table=None, knowledge_table=None"

CALLS: dict[str, str] = {
    "agno.agent:Agent": """
        run(input=None)
        continue_run(run_response=None)
        get_run_output(run_id, session_id=None)
        get_last_run_output(session_id=None)
        get_session(session_id=None)
        save_session(session)
        get_chat_history(session_id=None)
        rename(name, session_id=None)
        set_session_name(session_id=None, autogenerate=False, session_name=None)
        get_session_name(session_id=None)
        get_session_state(session_id=None)
        get_session_metrics(session_id=None)
        get_session_summary(session_id=None)
        delete_session(session_id)
        get_messages_for_session(session_id=None)
        get_user_memories(user_id=None)
        get_system_message(session=None, session_state=None, user_id=None, dependencies=None, metadata=None)
        get_relevant_docs_from_knowledge(query, num_documents=None, filters=None)
        save_run_response_to_file(run_response, input=None, session_id=None, user_id=None)
        add_to_knowledge(query, result)
        cli_app(input=None, session_id=None, user_id=None, user='User', emoji=':sunglasses:', stream=False, markdown=False)
    """,
    "agno.team:Team": """
        get_run_output(run_id, session_id=None)
        get_session(session_id=None)
        set_session_name(session_id=None, autogenerate=False, session_name=None)
        get_members_system_message_content(indent=0)
        cli_app(input=None, session_id=None, user_id=None, user='User', emoji=':sunglasses:', stream=False, markdown=False)
    """,
    "agno.workflow:Workflow": """
        run(input=None)
        get_run(run_id)
        read_or_create_session(session_id, user_id=None)
        set_session_name(session_id=None, autogenerate=False, session_name=None)
        add_memories(memories)
        delete_memories(memory_ids=None)
        add_session_summaries(summaries)
        get_session_summaries(session_ids=None)
        delete_session_summaries(session_ids=None)
    """,
    "agno.session:AgentSession": """
        __init__(session_id, agent_id=None, team_id=None, user_id=None, workflow_id=None, session_data=None, metadata=None)
        get_messages_from_last_n_runs(agent_id=None, team_id=None, last_n=None, skip_role=None, skip_status=None)
        get_messages_for_session(user_role='user', assistant_role=None, skip_history_messages=True)
        get_tool_calls(num_calls=None)
    """,
    "agno.session:TeamSession": "__init__(session_id, team_id=None, user_id=None, workflow_id=None, team_data=None)",
    "agno.session:WorkflowSession": "__init__(session_id, user_id=None, workflow_id=None, workflow_name=None)",
    "agno.db.base:BaseDb": f"""
        __init__({_TABLES}, id=None)
        delete_session(session_id)
        delete_sessions(session_ids)
        get_session(session_id, session_type=None, user_id=None, deserialize=True)
        get_sessions(session_type=None, user_id=None, component_id=None, session_name=None, start_timestamp=None, \
end_timestamp=None, limit=None, page=None, sort_by=None, sort_order=None, deserialize=True)
        rename_session(session_id, session_type, session_name, deserialize=True)
        upsert_session(session, deserialize=True)
        clear_memories()
        delete_user_memory(memory_id)
        delete_user_memories(memory_ids)
        get_all_memory_topics()
        get_user_memory(memory_id, deserialize=True)
        get_user_memories(user_id=None, agent_id=None, team_id=None, topics=None, search_content=None, limit=None, \
page=None, sort_by=None, sort_order=None, deserialize=True)
        get_user_memory_stats(limit=None, page=None)
        upsert_user_memory(memory, deserialize=True)
        get_metrics(starting_date=None, ending_date=None)
        calculate_metrics()
        delete_knowledge_content(id)
        get_knowledge_content(id)
        get_knowledge_contents(limit=None, page=None, sort_by=None, sort_order=None)
        upsert_knowledge_content(knowledge_row)
        create_eval_run(eval_run)
        delete_eval_run(eval_run_id)
        delete_eval_runs(eval_run_ids)
        get_eval_run(eval_run_id, deserialize=True)
        get_eval_runs(limit=None, page=None, sort_by=None, sort_order=None, agent_id=None, team_id=None, workflow_id=None, \
model_id=None, filter_type=None, eval_type=None, deserialize=True)
        rename_eval_run(eval_run_id, name, deserialize=True)
    """,
    "agno.memory:MemoryManager": """
        __init__(model=None, system_message=None, memory_capture_instructions=None, additional_instructions=None, db=None)
        get_user_memories(user_id=None)
        get_user_memory(memory_id, user_id=None)
        add_user_memory(memory, user_id=None)
        replace_user_memory(memory_id, memory, user_id=None)
        delete_user_memory(memory_id, user_id=None)
        create_user_memories(message=None, messages=None, agent_id=None, team_id=None, user_id=None)
        update_memory_task(task, user_id=None)
        search_user_memories(query=None, limit=None, retrieval_method=None, user_id=None)
    """,
    "agno.memory:UserMemory": "__init__(memory, memory_id=None, topics=None, user_id=None, input=None, updated_at=None)",
    "agno.exceptions:AgentRunException": "__init__(exc, user_message=None, agent_message=None, messages=None)",
    "agno.exceptions:RetryAgentRun": "__init__(exc, user_message=None, agent_message=None, messages=None)",
    "agno.exceptions:StopAgentRun": "__init__(exc, user_message=None, agent_message=None, messages=None)",
    "agno.exceptions:AgnoError": "__init__(message, status_code=500)",
    "agno.exceptions:ModelProviderError": "__init__(message, status_code=502, model_name=None, model_id=None)",
    "agno.exceptions:ModelRateLimitError": "__init__(message, status_code=429, model_name=None, model_id=None)",
    "agno.tools.mcp:MCPTools": "__init__(command=None)",
    "agno.tools.mcp:MultiMCPTools": "__init__(commands=None, urls=None, urls_transports=None)",
    "agno.tools.mcp:SSEClientParams": "__init__(url, headers=None, timeout=5, sse_read_timeout=300)",
    "agno.tools.reasoning:ReasoningTools": """
        __init__(enable_think=True, enable_analyze=True, all=False, instructions=None, add_instructions=False, \
add_few_shot=False, few_shot_examples=None)
    """,
    "agno.tools.knowledge:KnowledgeTools": """
        __init__(knowledge, enable_think=True, enable_search=True, enable_analyze=True, instructions=None, \
add_instructions=True, add_few_shot=False, few_shot_examples=None, all=False)
    """,
    "agno.tools.user_control_flow:UserControlFlowTools": """
        __init__(instructions=None, add_instructions=True, enable_get_user_input=True, all=False)
    """,
    "agno.utils.functions": "cache_result(enable_cache=True, cache_dir=None, cache_ttl=3600)",
    "agno.utils.pprint": "pprint_run_response(run_response, markdown=False, show_time=False)",
    "agno.utils.log": """
        log_debug(msg, center=False, symbol='*', log_level=1)
        set_log_level_to_debug(source_type=None, level=1)
        configure_agno_logging(custom_default_logger=None, custom_agent_logger=None, custom_team_logger=None, \
custom_workflow_logger=None)
    """,
}


def _calls() -> list[Any]:
    return [
        pytest.param(place, call.strip(), id=f"{place}.{call.strip().partition('(')[0]}")
        for place, calls in CALLS.items()
        for call in calls.strip().splitlines()
    ]


@pytest.mark.parametrize(("place", "call"), _calls())
def test_arguments_have_their_places_and_defaults(place: str, call: str) -> None:
    module, _, kind = place.partition(":")
    name, _, arguments = call.rstrip(")").partition("(")
    owner: Any = import_module(module)
    owner = getattr(owner, kind) if kind else owner
    target = owner if name == "__init__" else getattr(owner, name)  # the signature that is shown, without self
    there = [p for p in inspect.signature(target).parameters.values() if p.name != "self"]
    wanted = [argument.partition("=") for argument in arguments.split(", ") if argument]
    assert [p.name for p in there[: len(wanted)]] == [argument for argument, _, _ in wanted]
    for parameter, (_, given, default) in zip(there, wanted, strict=False):
        assert parameter.kind is not parameter.KEYWORD_ONLY, parameter.name
        if given:
            assert parameter.default == ast.literal_eval(default), parameter.name
    assert all(p.default is not p.empty for p in there[len(wanted) :] if p.kind is p.POSITIONAL_OR_KEYWORD)
