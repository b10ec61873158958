"""Every public Python capability of the runtime has its HTTP twin, or a reason why it has none."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.base import BaseDb
from agno.db.migrations.manager import MigrationManager
from agno.eval import AccuracyEval, AgentAsJudgeEval, PerformanceEval, ReliabilityEval
from agno.knowledge.knowledge import Knowledge
from agno.memory import MemoryManager
from agno.scheduler import Schedules
from agno.team import Team
from agno.workflow import Workflow

from os_serving import full_os, routes_of

_ONE_SESSION = "/sessions/{session_id}"
_RUN, _SESSION, _RUNS_OF = "{runs}/{run_id}", f"GET {_ONE_SESSION}", f"GET {_ONE_SESSION}/runs"

# A route says what does the same over HTTP ("{runs}" are the runs of the component); a sentence, why nothing does.
COMPONENT = {
    "run": "POST {runs}",
    "continue_run": f"POST {_RUN}/continue",
    "cancel_run": f"POST {_RUN}/cancel",
    "get_run_output": f"GET {_RUN}",
    "get_last_run_output": "GET {runs}",
    "get_session": _SESSION,
    "get_chat_history": _SESSION,
    "get_session_metrics": _SESSION,
    "get_session_name": _SESSION,
    "get_session_state": _SESSION,
    "get_session_summary": _SESSION,
    "get_session_messages": _RUNS_OF,
    "save_session": "PATCH /sessions/{session_id}",
    "update_session_state": "PATCH /sessions/{session_id}",
    "set_session_name": "POST /sessions/{session_id}/rename",
    "delete_session": "DELETE /sessions/{session_id}",
    "print_response": "POST {runs}",
    "generate_session_name": "asks a model: a client that wants that runs an agent and renames the session",
    "clear_callable_cache": "is about objects of this process",
    "cli_app": "is for a terminal",
    "prune_sessions": "deletes by age: an operator's task, `agno prune`",
    "rename": "changes the definition, which is code",
    "save": "POST /components/{component_id}/configs",
    "load": "GET /components/{component_id}/configs/current",
    "delete": "DELETE /components/{component_id}",
}
_OF_MODELS = {
    "get_user_memories": "GET /memories",
    "get_relevant_docs_from_knowledge": "POST /knowledge/search",
    "add_to_knowledge": "POST /knowledge/content",
    "fork_session": f"POST {_ONE_SESSION}/fork",
    "get_culture_knowledge": "is shared by all users, so it is read through runs only",
    "get_tools": "gives functions of this process; GET {component} describes them",
    "get_system_message": "shows the prompt, which is not for clients",
}
_OF_WORKFLOWS = {
    "get_run": f"GET {_RUN}",
    "read_or_create_session": "POST /sessions",
    "get_memories": "GET /memories",
    "add_memories": "POST /memories",
    "delete_memories": "DELETE /memories",
    "get_session_summaries": _SESSION,
    "add_session_summaries": "summaries are written by runs",
    "delete_session_summaries": "summaries are written by runs",
}
_CONTENT = "/knowledge/content/{content_id}"
KNOWLEDGE = {
    "ingest": "POST /knowledge/content",
    "insert": "POST /knowledge/content",
    "insert_many": "POST /knowledge/content",
    "get_content": "GET /knowledge/content",
    "get_content_by_id": f"GET {_CONTENT}",
    "get_content_status": f"GET {_CONTENT}/status",
    "patch_content": f"PATCH {_CONTENT}",
    "remove_content_by_id": f"DELETE {_CONTENT}",
    "remove_all_content": "DELETE /knowledge/content",
    "search": "POST /knowledge/search",
    "get_filters": "GET /knowledge/config",
    "validate_filters": "POST /knowledge/search",
    "remove_vector_by_id": "contents are removed with their vectors",
    "remove_vectors_by_name": "contents are removed with their vectors",
    "remove_vectors_by_metadata": "contents are removed with their vectors",
}
_SCHEDULE = "/schedules/{schedule_id}"
SCHEDULES = {
    "create": "POST /schedules",
    "list": "GET /schedules",
    "get": f"GET {_SCHEDULE}",
    "update": f"PATCH {_SCHEDULE}",
    "delete": f"DELETE {_SCHEDULE}",
    "enable": f"POST {_SCHEDULE}/enable",
    "disable": f"POST {_SCHEDULE}/disable",
    "trigger": f"POST {_SCHEDULE}/trigger",
    "firings": f"GET {_SCHEDULE}/runs",
}
MEMORY = {
    "get_user_memories": "GET /memories",
    "get_user_memory": "GET /memories/{memory_id}",
    "search_user_memories": "GET /memories",
    "add_user_memory": "POST /memories",
    "replace_user_memory": "PATCH /memories/{memory_id}",
    "delete_user_memory": "DELETE /memories/{memory_id}",
    "optimize_memories": "POST /optimize-memories",
    "create_user_memories": "memories are made of what is said in runs",
    "update_memory_task": "a user says it to an agent with memory",
    "clear_user_memories": "DELETE /memories",
    "clear": "deletes what all users have: an operator's task at the database",
}
EVALUATION = {
    "run": "POST /eval-runs",
    "run_with_output": "POST /eval-runs",
    "get_eval_input": "is a step of an evaluation",
    "get_eval_expected_output": "is a step of an evaluation",
    "evaluate_answer": "is a step of an evaluation",
}
MIGRATION = {
    "up": "POST /databases/{db_id}/migrate",
    "down": "goes back to what Agno 2.0 reads: while nothing is served, with `agno migrate --to`",
    "versions": "POST /databases/{db_id}/migrate",
}
# Of a database: what users and operators ask for by name. The rest is what the engine asks.
DATABASE = {
    "get_session": _SESSION,
    "get_sessions": "GET /sessions",
    "upsert_session": "POST /sessions",
    "rename_session": "POST /sessions/{session_id}/rename",
    "delete_session": "DELETE /sessions/{session_id}",
    "delete_sessions": "DELETE /sessions",
    "get_user_memory": "GET /memories/{memory_id}",
    "get_user_memories": "GET /memories",
    "get_user_memory_stats": "GET /user_memory_stats",
    "get_all_memory_topics": "GET /memory_topics",
    "upsert_user_memory": "POST /memories",
    "delete_user_memory": "DELETE /memories/{memory_id}",
    "delete_user_memories": "DELETE /memories",
    "clear_memories": "deletes what all users have: an operator's task at the database",
    "get_eval_run": "GET /eval-runs/{eval_run_id}",
    "get_eval_runs": "GET /eval-runs",
    "create_eval_run": "POST /eval-runs",
    "rename_eval_run": "PATCH /eval-runs/{eval_run_id}",
    "delete_eval_run": "DELETE /eval-runs",
    "delete_eval_runs": "DELETE /eval-runs",
    "get_metrics": "GET /metrics",
    "calculate_metrics": "POST /metrics/refresh",
    "get_trace": "GET /traces/{trace_id}",
    "get_traces": "GET /traces",
    "get_trace_session_stats": "GET /trace_session_stats",
    "save_trace": "traces are written by runs",
    "delete_traces": "traces have a time for which they are kept",
    "get_approval": "GET /approvals/{approval_id}",
    "get_approvals": "GET /approvals",
    "count_pending_approvals": "GET /approvals/count",
    "resolve_approval": "POST /approvals/{approval_id}/resolve",
    "delete_approval": "DELETE /approvals/{approval_id}",
    "create_approval": "approvals are made by runs",
    "update_approval": "an approval is decided once, nothing else of it changes",
    "get_learning": "GET /learnings/{learning_id}",
    "get_learnings": "GET /learnings",
    "delete_learnings": "DELETE /learnings/{learning_id}",
    "upsert_learning": "learnings are made by runs",
    "upsert_knowledge_content": "POST /knowledge/content",
    "get_knowledge_content": "GET /knowledge/content/{content_id}",
    "get_knowledge_contents": "GET /knowledge/content",
    "delete_knowledge_content": "DELETE /knowledge/content/{content_id}",
    "create_schedule": "POST /schedules",
    "get_schedule": "GET /schedules/{schedule_id}",
    "get_schedules": "GET /schedules",
    "update_schedule": "PATCH /schedules/{schedule_id}",
    "delete_schedule": "DELETE /schedules/{schedule_id}",
    "create_schedule_run": "POST /schedules/{schedule_id}/trigger",
    "get_schedule_run": "GET /schedules/{schedule_id}/runs",
    "get_schedule_runs": "GET /schedules/{schedule_id}/runs",
    "migrate_table_from_v1_to_v2": "names tables of Agno 1: an operator's task, `agno migrate`",
    "clear_learnings": "deletes what all users have: an operator's task at the database",
    **dict.fromkeys(
        ("get_cultural_knowledge", "get_all_cultural_knowledge", "upsert_cultural_knowledge", "delete_cultural_knowledge",
         "clear_cultural_knowledge"), "is shared by all users, so it is read through runs only"),
    "get_components": "GET /components",
    "get_component": "GET /components/{component_id}",
    "save_component": "POST /components",
    "update_component": "PATCH /components/{component_id}",
    "delete_component": "DELETE /components/{component_id}",
    "component_versions": "GET /components/{component_id}/configs",
    "load_component": "GET /components/{component_id}/configs/{version}",
    "update_component_version": "PATCH /components/{component_id}/configs/{version}",
    **dict.fromkeys(("prune", "prune_traces", "prune_run_events", "prune_schedule_runs"), "deletes by age: an operator's task, `agno prune`"),
}  # fmt: skip
# Rows and runs, for backends; hosting, claims and inboxes, for the service itself.
_OF_THE_ENGINE = frozenset(
    {"read_session", "load_session", "write_session", "iter_sessions", "first_runs", "load_first_runs", "load_runs",
     "begin_run", "note_progress", "finish_run", "save_header", "claim_run", "renew_claim", "release_run",
     "keep_hosted", "forget_worker", "dead_workers", "take_worker", "is_hosted", "get_run_events", "wish_cancel", "cancel_wishes",
     "put_message", "abandoned_messages", "take_message", "keep_message", "finish_message", "forget_messages",
     "due_schedules", "claim_schedule_run", "abandoned_schedule_runs", "take_schedule_run", "update_schedule_run",
     "get", "put", "find", "update", "delete", "table_name", "old_tables", "constructor_arguments", "close"}
)  # fmt: skip


def capabilities(owner: Any) -> set[str]:
    """Public methods that have an async twin: what waits for a model, a database or another service."""
    names = {name for name, _ in inspect.getmembers(owner, callable) if not name.startswith("_")}
    if owner is BaseDb:
        return names - _OF_THE_ENGINE
    if owner is MigrationManager:
        return names
    return {name for name in names if f"a{name}" in names}


OWNERS: list[tuple[Any, str, dict[str, str]]] = [
    (Agent, "agent", COMPONENT | _OF_MODELS),
    (Team, "team", COMPONENT | _OF_MODELS),
    (Workflow, "workflow", COMPONENT | _OF_WORKFLOWS),
    (Knowledge, "", KNOWLEDGE),
    (Schedules, "", SCHEDULES),
    (BaseDb, "", DATABASE),
    (MemoryManager, "", MEMORY),
    (MigrationManager, "", MIGRATION),
    *((one, "", EVALUATION) for one in (AccuracyEval, AgentAsJudgeEval, PerformanceEval, ReliabilityEval)),
]


@pytest.mark.parametrize("owner, kind, twins", OWNERS, ids=[owner.__name__ for owner, *_ in OWNERS])
def test_what_python_can_http_can(owner: Any, kind: str, twins: dict[str, str]) -> None:
    missing, gone = capabilities(owner) - twins.keys(), twins.keys() - capabilities(owner)
    assert not missing, (
        f"{owner.__name__} can {sorted(missing)}: name the routes that do the same, or say why none does"
    )
    assert not gone or twins is EVALUATION, f"{owner.__name__} has no {sorted(gone)} any more"
    there = routes_of(full_os())
    for name, twin in twins.items():
        if twin.startswith(("GET ", "POST ", "PATCH ", "DELETE ")):
            route = twin.replace("{runs}", f"/{kind}s/{{{kind}_id}}/runs")
            assert route in there, f"{owner.__name__}.{name}: there is no route {route}"
