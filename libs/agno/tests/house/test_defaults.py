"""Names and defaults that programs rely on, as tables: teams, workflows and steps, outputs, events, and their companions.

Those of Agent are in `engine/test_agent_contract.py`.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pytest

from agno import exceptions as errors
from agno.agent import Agent
from agno.exceptions import CheckTrigger
from agno.run.base import RunStatus
from agno.team import Team
from agno.workflow import Workflow

REQUIRED = inspect.Parameter.empty
_SAME_AS_AGENT = """model name id role user_id session_id session_state add_session_state_to_context enable_agentic_state
    cache_session resolve_in_context description instructions expected_output additional_context markdown
    add_datetime_to_context add_location_to_context timezone_identifier add_name_to_context system_message
    system_message_role additional_input dependencies add_dependencies_to_context knowledge knowledge_filters
    add_knowledge_to_context update_knowledge knowledge_retriever references_format search_knowledge store_media
    send_media_to_model tools tool_call_limit tool_choice tool_hooks input_schema output_schema parser_model
    parser_model_prompt output_model output_model_prompt use_json_mode parse_response db memory_manager
    enable_agentic_memory enable_user_memories add_memories_to_context enable_session_summaries session_summary_manager
    add_session_summary_to_context add_history_to_context num_history_runs metadata reasoning reasoning_model
    reasoning_agent reasoning_min_steps reasoning_max_steps stream stream_events stream_intermediate_steps store_events
    events_to_skip debug_mode debug_level retries delay_between_retries exponential_backoff telemetry
    overwrite_db_session_state pre_hooks post_hooks store_history_messages store_tool_messages read_chat_history
    max_tool_calls_from_history num_history_messages compress_tool_results compression_manager skills learning followups
    num_followups followup_model fallback_models fallback_config checkpoint datetime_format use_instruction_tags
    add_search_knowledge_instructions search_past_sessions search_session_history num_history_sessions introduction
    cache_callables callable_tools_cache_key callable_knowledge_cache_key"""
TEAM = {
    "members": REQUIRED,
    **{"respond_directly": False, "delegate_task_to_all_members": False, "delegate_to_all_members": False},
    **{"determine_input_for_members": True, "share_member_interactions": False, "get_member_information_tool": False},
    **{"add_member_tools_to_context": True, "read_team_history": False, "stream_member_events": True},
    **{"store_member_responses": False, "show_members_responses": False, "add_team_history_to_members": False},
    **{"num_team_history_runs": 3, "mode": None, "max_iterations": 10, "callable_members_cache_key": None},
    **{name: p.default for name, p in inspect.signature(Agent).parameters.items() if name in _SAME_AS_AGENT.split()},
}
WORKFLOW = {
    **dict.fromkeys(["id", "name", "description", "db", "steps", "agent", "session_id", "session_state", "user_id"]),
    **dict.fromkeys(["stream", "events_to_skip", "input_schema", "metadata", "dependencies"]),
    **dict.fromkeys(
        ["debug_mode", "stream_events", "stream_intermediate_steps", "store_events", "cache_session"], False
    ),
    **dict.fromkeys(["overwrite_db_session_state", "add_workflow_history_to_steps"], False),
    **dict.fromkeys(["add_dependencies_to_context", "add_session_state_to_context"], False),
    **{"store_executor_outputs": True, "stream_executor_events": True, "telemetry": True},
    **{"num_history_runs": 3, "debug_level": 1},
}
_NAMED = {"name": None, "description": None}
_CONFIRMED = {"requires_confirmation": False, "confirmation_message": None, "human_review": None}

# module -> class -> its parameters and defaults
CONSTRUCTORS: dict[str, dict[str, dict[str, Any]]] = {
    "agno.team": {"Team": TEAM},
    "agno.workflow": {
        "Workflow": WORKFLOW,
        "Step": {
            **dict.fromkeys(["name", "agent", "team", "executor", "step_id", "description", "timeout_seconds"]),
            **{"max_retries": 3, "skip_on_failure": False, "strict_input_validation": False, "workflow": None},
            **{"add_workflow_history": None, "num_history_runs": 3, "requires_user_input": False},
            **{"user_input_message": None, "user_input_schema": None, "requires_output_review": False},
            **{"output_review_message": None, "hitl_timeout": None, **_CONFIRMED},
        },
        "Steps": {**_NAMED, "steps": None, **_CONFIRMED},
        "Parallel": {**_NAMED, "human_review": None},
        "Loop": {
            **{"steps": REQUIRED, "max_iterations": 3, "end_condition": None, "forward_iteration_output": False},
            **{"requires_iteration_review": False, "iteration_review_message": None, **_NAMED, **_CONFIRMED},
        },
        "Condition": {"evaluator": True, "else_steps": None, **_NAMED, **_CONFIRMED},
        "Router": {**_NAMED, "requires_user_input": False, "allow_multiple_selections": False, **_CONFIRMED},
        "HumanReview": {
            **{"requires_confirmation": False, "requires_user_input": False, "requires_output_review": False},
            **{"requires_iteration_review": False, "max_retries": 3, "timeout": None},
        },
        "StepInput": dict.fromkeys(
            [
                "input",
                "previous_step_content",
                "previous_step_outputs",
                "additional_data",
                "images",
                "videos",
                "audio",
                "files",
            ]
        ),
        "StepOutput": {
            **dict.fromkeys(
                ["step_name", "step_id", "step_type", "executor_type", "executor_name", "content", "step_run_id"]
            ),
            **dict.fromkeys(["images", "videos", "audio", "files", "metrics", "error", "steps"]),
            **{"success": True, "stop": False},
        },
        "WorkflowExecutionInput": dict.fromkeys(["input", "additional_data", "images", "videos", "audio", "files"]),
        "ErrorRequirement": {"error_message": "", "retry_count": 0, "decision": None},
        "UserInputField": {"description": None, "value": None, "required": True, "allowed_values": None},
    },
    "agno.guardrails": {
        "PIIDetectionGuardrail": {
            **{"mask_pii": False, "enable_ssn_check": True, "enable_credit_card_check": True},
            **{"enable_email_check": True, "enable_phone_check": True, "custom_patterns": None},
        },
        "PromptInjectionGuardrail": {"injection_patterns": None},
        "OpenAIModerationGuardrail": {
            **{"moderation_model": "omni-moderation-latest", "raise_for_categories": None, "api_key": None},
        },
    },
    "agno.memory": {
        "MemoryManager": {
            **dict.fromkeys(
                ["model", "system_message", "memory_capture_instructions", "additional_instructions", "db"]
            ),
            **{"add_memories": True, "update_memories": True, "delete_memories": False, "clear_memories": False},
        },
    },
    "agno.session": {
        "SessionSummaryManager": {"model": None, "session_summary_prompt": None},
    },
    "agno.compression.manager": {
        "CompressionManager": {
            **{"model": None, "compress_tool_results": True, "compress_tool_results_limit": None},
            **{"compress_token_limit": None, "compress_tool_call_instructions": None},
        },
    },
    "agno.culture": {
        "CultureManager": {
            **dict.fromkeys(["model", "db", "system_message", "culture_capture_instructions"]),
            **dict.fromkeys(["add_knowledge", "update_knowledge", "delete_knowledge", "clear_knowledge"], True),
        },
    },
    "agno.learn": {
        "LearningMachine": {
            **dict.fromkeys(["user_profile", "user_memory", "session_context", "entity_memory"], False),
            **{"learned_knowledge": False, "decision_log": False, "namespace": "global", "max_updates_per_run": 10},
        },
    },
    "agno.tools": {
        "Toolkit": {
            **dict.fromkeys(["instructions", "include_tools", "exclude_tools", "requires_confirmation_tools"]),
            **dict.fromkeys(["external_execution_required_tools", "stop_after_tool_call_tools", "show_result_tools"]),
            **{"name": "toolkit", "add_instructions": False, "cache_results": False, "cache_ttl": 3600},
            **{"cache_dir": None, "auto_register": True},
        },
    },
}


def _parameters() -> list[Any]:
    return [
        pytest.param(module, kind, wanted, id=kind)
        for module, kinds in CONSTRUCTORS.items()
        for kind, wanted in kinds.items()
    ]


@pytest.mark.parametrize(("module", "kind", "wanted"), _parameters())
def test_every_parameter_has_its_name_and_its_default(module: str, kind: str, wanted: dict[str, Any]) -> None:
    parameters = inspect.signature(getattr(import_module(module), kind)).parameters
    there = {name: p.default for name, p in parameters.items() if name in wanted}
    for name, default in there.items():
        if hasattr(default, "default_factory"):  # a msgspec or dataclass field says it so
            there[name] = default.default_factory()
    assert there == wanted


def test_every_setting_of_teams_and_workflows_can_be_read() -> None:
    team, workflow = Team([Agent(name="A")]), Workflow()
    for component, wanted in ((team, TEAM), (workflow, WORKFLOW)):
        for name, default in wanted.items():
            if name not in ("id", "members"):
                assert getattr(component, name) == default, name


@pytest.mark.parametrize("component", [Agent(), Team([Agent(name="A")]), Workflow()], ids=lambda c: type(c).__name__)
def test_a_setting_is_read_and_set_by_its_other_spelling_too(component: Any) -> None:
    for old, new in type(component)._aliases.items():
        setattr(component, old, True)
        assert (getattr(component, new), getattr(component, old)) == (True, True), old
        setattr(component, new, False)
        assert getattr(component, old) is False, old


def test_steps_take_their_first_parameters_by_position() -> None:
    kinds = import_module("agno.workflow")
    firsts = {
        "Step": "name agent team executor step_id description max_retries timeout_seconds skip_on_failure",
        "Steps": "name description steps",
        "Loop": "steps name description max_iterations end_condition",
        "Condition": "evaluator steps name description",
        "Router": "selector choices name description",
    }
    for kind, names in firsts.items():
        there = list(inspect.signature(getattr(kinds, kind)).parameters)
        assert there[: len(names.split())] == names.split(), kind


# Fields -----------------------------------------------------------------------------------------------------------------

_EVENT = (
    "created_at event run_id session_id workflow_id workflow_run_id step_id step_name step_index content parent_run_id"
)
_SAID = "reasoning_content citations response_audio references additional_input reasoning_steps reasoning_messages"
RUN_EVENTS = {
    "RunStartedEvent": "model model_provider",
    "RunContentEvent": f"content_type image {_SAID}",
    "IntermediateRunContentEvent": "content_type",
    "RunCompletedEvent": f"content_type images videos audio metadata metrics {_SAID}",
    "RunPausedEvent": "tools is_paused",
    "RunContinuedEvent": "",
    "RunErrorEvent": "error_type error_id additional_data",
    "RunCancelledEvent": "reason is_cancelled",
    "MemoryUpdateStartedEvent": "",
    "ReasoningStartedEvent": "",
    "ReasoningStepEvent": "content_type reasoning_content",
    "ReasoningCompletedEvent": "content_type",
    "ToolCallStartedEvent": "tool",
    "ToolCallCompletedEvent": "tool images videos audio",
    "ToolCallErrorEvent": "tool",
    "PreHookStartedEvent": "pre_hook_name run_input",
    "PostHookCompletedEvent": "post_hook_name",
    "CustomEvent": "",
}
_WORKFLOW_EVENT = "created_at event workflow_id workflow_name session_id run_id step_id parent_step_id"
WORKFLOW_EVENTS = {
    "WorkflowStartedEvent": "",
    "WorkflowCompletedEvent": "content content_type step_results metadata",
    "WorkflowErrorEvent": "error is_error",
    "WorkflowCancelledEvent": "reason is_cancelled",
    "WorkflowRunContentEvent": "content content_type step_name step_index",
    "StepStartedEvent": "step_name step_index",
    "StepCompletedEvent": "step_name step_index content content_type images videos audio response_audio step_response",
    "StepErrorEvent": "step_name step_index error",
    "LoopExecutionStartedEvent": "max_iterations",
    "LoopIterationStartedEvent": "iteration max_iterations",
    "LoopIterationCompletedEvent": "iteration iteration_results should_continue",
    "LoopExecutionCompletedEvent": "total_iterations max_iterations all_results",
    "ParallelExecutionStartedEvent": "parallel_step_count",
    "ParallelExecutionCompletedEvent": "parallel_step_count step_results",
    "ConditionExecutionStartedEvent": "condition_result",
    "ConditionExecutionCompletedEvent": "condition_result executed_steps step_results",
    "RouterExecutionStartedEvent": "selected_steps",
    "RouterExecutionCompletedEvent": "selected_steps executed_steps step_results",
    "StepsExecutionStartedEvent": "steps_count",
    "StepsExecutionCompletedEvent": "steps_count executed_steps step_results",
    "StepOutputEvent": "step_name step_index step_output content images videos audio success error stop",
    "CustomEvent": "",
}
_OUTPUT = f"""run_id session_id parent_run_id user_id content content_type model model_provider messages metrics tools
    images videos audio files input metadata created_at events status workflow_step_id is_paused is_cancelled
    tools_requiring_confirmation tools_requiring_user_input tools_awaiting_external_execution requirements
    active_requirements followups model_provider_data {_SAID}"""
FIELDS = {
    "agno.run.agent": {
        **{kind: f"{_EVENT} agent_id agent_name tools {own}" for kind, own in RUN_EVENTS.items()},
        "RunOutput": f"{_OUTPUT} agent_id agent_name workflow_id session_state forked_from_run_id regenerated_from",
        "RunInput": "input_content images videos audios files",
    },
    "agno.run.team": {
        **{kind: f"{_EVENT} team_id team_name {own}" for kind, own in RUN_EVENTS.items()},
        "TeamRunOutput": f"{_OUTPUT} team_id team_name member_responses",
    },
    "agno.run.workflow": {
        **{kind: f"{_WORKFLOW_EVENT} {own}" for kind, own in WORKFLOW_EVENTS.items()},
        "WorkflowRunOutput": """content content_type workflow_id workflow_name run_id session_id images videos audio files
            response_audio step_results step_executor_runs events metrics metadata created_at status input references
            additional_input reasoning_steps reasoning_messages user_id parent_run_id workflow_agent_run is_cancelled""",
    },
    "agno.models.response": {
        "ModelResponse": """role content parsed audio images videos audios files tool_calls tool_executions event
            provider_data redacted_reasoning_content reasoning_content citations response_usage created_at extra
            updated_session_state""",
        "ToolExecution": """tool_call_id tool_name tool_args tool_call_error result metrics stop_after_tool_call created_at
            requires_confirmation confirmed confirmation_note requires_user_input user_input_schema answered
            external_execution_required is_paused child_run_id user_feedback_schema approval_type approval_id""",
    },
    "agno.metrics": {
        "BaseMetrics": "input_tokens output_tokens total_tokens cost",
        "ModelMetrics": "id provider provider_metrics cost",
        "MessageMetrics": "timer duration time_to_first_token provider_metrics cost",
        "RunMetrics": "timer time_to_first_token duration details additional_metrics cost",
        "SessionMetrics": "details additional_metrics cost",
        "ToolCallMetrics": "timer start_time end_time duration",
    },
}


@pytest.mark.parametrize(
    ("module", "kind", "names"),
    [pytest.param(m, k, n, id=f"{m}.{k}") for m, kinds in FIELDS.items() for k, n in kinds.items()],
)
def test_every_field_can_be_read_of_a_new_object(module: str, kind: str, names: str) -> None:
    made = getattr(import_module(module), kind)(**({"input_content": "x"} if kind == "RunInput" else {}))
    assert [name for name in names.split() if not hasattr(made, name)] == []


def test_what_fields_are_when_nothing_was_said() -> None:
    agent, team, workflow = (import_module(f"agno.run.{name}") for name in ("agent", "team", "workflow"))
    assert (agent.RunOutput().status, team.TeamRunOutput().status) == (RunStatus.running, RunStatus.running)
    assert workflow.WorkflowRunOutput().status is RunStatus.pending
    assert (team.TeamRunOutput().member_responses, workflow.WorkflowRunOutput().step_results) == ([], [])
    assert (agent.RunStartedEvent().model, agent.RunStartedEvent().agent_id, team.RunStartedEvent().team_id) == (
        "",
    ) * 3
    assert workflow.LoopIterationCompletedEvent().should_continue is True


@pytest.mark.parametrize(
    "name", [name for name in WORKFLOW_EVENTS if name not in ("CustomEvent", "WorkflowRunContentEvent")]
)
def test_events_of_workflows_say_their_kind(name: str) -> None:
    assert getattr(import_module("agno.run.workflow"), name)().event == name.removesuffix("Event")


def test_metrics_of_a_run_are_what_they_were_called_before() -> None:
    metrics = import_module("agno.metrics")
    assert import_module("agno.models.metrics").Metrics is metrics.RunMetrics
    kinds = (metrics.ModelMetrics, metrics.MessageMetrics, metrics.RunMetrics, metrics.SessionMetrics)
    assert all(issubclass(kind, metrics.BaseMetrics) for kind in kinds)
    roles = "model output_model parser_model memory_model reasoning_model session_summary_model culture_model"
    assert {role.value for role in metrics.ModelType} == {
        *roles.split(), "learning_model", "compression_model", "followup_model",
    }  # fmt: skip


# Errors and enums -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "base", "status"),
    [
        (errors.AgnoError, Exception, 500),
        (errors.ModelProviderError, errors.AgnoError, 502),
        (errors.ModelRateLimitError, errors.ModelProviderError, 429),
        (errors.ModelAuthenticationError, errors.AgnoError, 401),
        (errors.ContextWindowExceededError, errors.ModelProviderError, 400),
        (errors.EvalError, errors.AgnoError, 500),
        (errors.PathSecurityError, errors.AgnoError, 500),
        (errors.ComponentRehydrationError, errors.AgnoError, 500),
        (errors.ComponentPinError, errors.AgnoError, 500),
        (errors.RemoteServerUnavailableError, errors.AgnoError, 503),
    ],
)
def test_errors_have_a_status_and_say_their_message(kind: Any, base: type[Exception], status: int) -> None:
    error = kind("It broke")
    assert issubclass(kind, base) and (str(error), error.status_code) == ("It broke", status)


def test_errors_say_what_they_are_about() -> None:
    assert errors.ModelProviderError("m", model_name="n", model_id="i").model_id == "i"
    assert errors.ModelAuthenticationError("m", model_name="n").model_name == "n"
    broken = ValueError("refused")
    remote = errors.RemoteServerUnavailableError("m", base_url="there", original_error=broken)
    assert (remote.base_url, remote.original_error) == ("there", broken)
    assert issubclass(errors.RunNotFoundError, RuntimeError) and issubclass(errors.RunNotContinuableError, ValueError)
    assert errors.InputCheckError("m").check_trigger is CheckTrigger.INPUT_NOT_ALLOWED
    assert errors.OutputCheckError("m", additional_data={"a": 1}).additional_data == {"a": 1}
    assert errors.OutputCheckError("m").check_trigger is CheckTrigger.OUTPUT_NOT_ALLOWED


@pytest.mark.parametrize(
    ("module", "kind", "values"),
    [
        ("agno.run.base", "RunStatus", "PENDING RUNNING COMPLETED PAUSED CANCELLED ERROR REGENERATED"),
        ("agno.workflow.types", "StepType", "Function Step Steps Loop Parallel Condition Router Workflow"),
        ("agno.workflow.types", "OnReject", "skip cancel else retry"),
        ("agno.workflow.types", "OnTimeout", "cancel skip approve"),
        ("agno.workflow.types", "OnError", "fail skip pause"),
        ("agno.workflow.types", "PauseKind", "step executor"),
        ("agno.workflow.types", "ExecutorType", "agent team"),
        ("agno.approval", "ApprovalType", "required audit"),
        ("agno.learn", "LearningMode", "always agentic propose hitl"),
        ("agno.reasoning.step", "NextAction", "continue validate final_answer reset"),
        ("agno.exceptions", "CheckTrigger", "off_topic validation_failed prompt_injection pii_detected"),
        ("agno.models.response", "FileType", "mp4 gif mp3"),
    ],
)
def test_enums_have_their_values(module: str, kind: str, values: str) -> None:
    there = {member.value for member in getattr(import_module(module), kind)}
    assert set(values.split()) <= there


@pytest.mark.parametrize(
    ("module", "kind", "arguments", "names"),
    [
        (
            "agno.run.requirement", "RunRequirement", {"tool_execution": None},
            """id created_at confirmation confirmation_note user_input_schema user_feedback_schema
            external_execution_result member_agent_id member_agent_name member_run_id needs_confirmation needs_user_input
            needs_user_feedback needs_external_execution pause_type confirm reject provide_user_input
            provide_user_feedback set_external_execution_result is_resolved to_dict from_dict""",
        ),
        (
            "agno.workflow.types", "StepRequirement", {"step_id": "s", "step_name": "s", "step_index": 0},
            """confirm reject edit set_user_input get_user_input select select_single select_multiple needs_confirmation
            needs_user_input needs_route_selection needs_output_review is_timed_out is_resolved step_type""",
        ),
        (
            "agno.workflow.types", "ErrorRequirement", {"step_id": "s", "step_name": "s", "step_index": 0},
            "error_type decision retry skip needs_decision is_resolved should_retry should_skip",
        ),
    ],
)  # fmt: skip
def test_requirements_can_be_asked_and_answered(module: str, kind: str, arguments: dict[str, Any], names: str) -> None:
    made = getattr(import_module(module), kind)(**arguments)
    assert [name for name in names.split() if not hasattr(made, name)] == []
