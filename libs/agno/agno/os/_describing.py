"""Components as their responses show them: settings in groups, without what is not set or has its default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from agno.models.base import Model
from agno.tools.function import Function
from agno.tools.toolkit import Toolkit
from agno.utils.codec import encode

_NOTHING: Any = object()

# The settings of each group, with the default that is left out.
_TOOLS = {"tool_call_limit": None, "tool_choice": None}
_SESSIONS = {
    "session_table": None, "add_history_to_context": False, "enable_session_summaries": False, "num_history_runs": 3,
    "search_session_history": False, "num_history_sessions": None, "cache_session": False,
}  # fmt: skip
_KNOWLEDGE = {
    "knowledge_table": None, "enable_agentic_knowledge_filters": False, "knowledge_filters": None,
    "references_format": "json",
}  # fmt: skip
_MEMORY = {"enable_agentic_memory": False, "enable_user_memories": False, "metadata": None, "memory_table": None}
_REASONING = {
    "reasoning": False, "reasoning_agent_id": None, "reasoning_min_steps": 1, "reasoning_max_steps": 10,
    "reasoning_model": None,
}  # fmt: skip
_AGENT_TOOLS = {
    "read_chat_history": False, "search_knowledge": True, "update_knowledge": False, "read_tool_call_history": False,
}  # fmt: skip
_TEAM_TOOLS = {"search_knowledge": True, "read_team_history": False, "get_member_information_tool": False}
_SYSTEM = {
    "system_message": None, "system_message_role": "system", "build_context": True, "description": None,
    "instructions": None, "expected_output": None, "additional_context": None, "markdown": False,
    "add_name_to_context": False, "add_datetime_to_context": False, "add_location_to_context": False,
    "timezone_identifier": None, "resolve_in_context": True,
}  # fmt: skip
_EXTRA = {"additional_input": None, "user_message_role": "user", "build_user_context": True}
_RESPONSE = {
    "retries": 0, "delay_between_retries": 1, "exponential_backoff": False, "output_schema_name": None,
    "parser_model_prompt": None, "parse_response": True, "structured_outputs": None, "use_json_mode": False,
    "save_response_to_file": None, "parser_model": None,
}  # fmt: skip
_STREAMING = {"stream": None, "stream_intermediate_steps": False}
_TEAM_STREAMING = {**_STREAMING, "stream_member_events": True}


def summary_of(component: Any) -> dict[str, Any]:
    """The least of a component."""
    db = getattr(component, "db", None)
    return _without_none(
        {"id": component.id, "name": component.name, "description": component.description, "db_id": db and db.id}
    )


def agent_of(agent: Any) -> dict[str, Any]:
    """An agent as `AgentResponse` describes it."""
    found = _common(agent, _AGENT_TOOLS, _STREAMING)
    found["extra_messages"] = _group(agent, _EXTRA)
    return _without_none(found)


def team_of(team: Any) -> dict[str, Any]:
    """A team as `TeamResponse` describes it."""
    found = _common(team, _TEAM_TOOLS, _TEAM_STREAMING)
    found["description"] = team.description
    if isinstance(team.members, (list, tuple)):
        found["members"] = [component_of(member) for member in team.members]
    return _without_none(found)


def component_of(component: Any) -> dict[str, Any]:
    """An agent or a team."""
    return team_of(component) if component.session_type == "team" else agent_of(component)


def workflow_of(workflow: Any) -> dict[str, Any]:
    """A workflow as `WorkflowResponse` describes it."""
    found = {
        **summary_of(workflow),
        "input_schema": _input_schema(workflow),
        "steps": [_step_of(node) for node in workflow.nodes],
        "metadata": encode(workflow.metadata) if workflow.metadata else None,
    }
    return _without_none(found)


def _step_of(node: Any) -> dict[str, Any]:
    found: dict[str, Any] = {**node.described()}
    for kind, describe in (("agent", agent_of), ("team", team_of), ("workflow", workflow_of)):
        worker = getattr(node, kind, None)
        if worker is not None:
            found[kind] = describe(worker)
    if node.nodes:
        found["steps"] = [_step_of(inner) for inner in node.nodes]
        found.pop("else_steps", None)
    if hasattr(node, "then_nodes"):
        found["steps"] = [_step_of(inner) for inner in node.then_nodes]
        found["else_steps"] = [_step_of(inner) for inner in node.else_nodes] or None
    return _without_none(found)


_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array", "dict": "object"}


def _input_schema(workflow: Any) -> dict[str, Any] | None:
    schema = workflow.input_schema
    if schema is not None:
        return schema.model_json_schema() if isinstance(schema, type) and issubclass(schema, BaseModel) else None
    if not workflow.is_function:
        return None
    parameters = workflow.run_parameters
    kinds = {name: _TYPES.get(str(one["annotation"])) for name, one in parameters.items()}
    return {
        "type": "object",
        "properties": {name: {"type": kind} if kind else {} for name, kind in kinds.items()},
        "required": [name for name, one in parameters.items() if one["required"]],
    }


def _common(component: Any, own_tools: Mapping[str, Any], streaming: Mapping[str, Any]) -> dict[str, Any]:
    db = component.db
    return {
        "id": component.id,
        "name": component.name,
        "db_id": db and db.id,
        "model": model_of(component.model) if component.model is not None else None,
        "tools": _group(component, _TOOLS, tools=tools_of(component)),
        "sessions": _group(component, _SESSIONS, session_table=db and db.session_table_name),
        "knowledge": _knowledge(component),
        "memory": _memory(component),
        "reasoning": _group(
            component,
            _REASONING,
            reasoning_agent_id=getattr(component.reasoning_agent, "id", None),
            reasoning_model=_named(component.reasoning_model),
        ),
        "default_tools": _group(component, own_tools),
        "system_message": _group(component, _SYSTEM),
        "response_settings": _group(
            component,
            _RESPONSE,
            output_schema_name=getattr(component.output_schema, "__name__", None),
            parser_model=_named(component.parser_model),
        ),
        "streaming": _group(component, streaming),
        "metadata": encode(component.metadata) if component.metadata else None,
    }


def model_of(model: Any) -> dict[str, Any]:
    """A model as `ModelResponse` describes it."""
    if not isinstance(model, Model):
        provider, _, name = str(model).partition(":")
        return {"model": name or provider, "provider": provider if name else None}
    return _without_none({"name": model.name, "model": model.id, "provider": model.get_provider()})


def _named(model: Any) -> Any:
    return model_of(model) if model is not None else None


def tools_of(component: Any) -> list[dict[str, Any]] | None:
    """The tools that were given, as dicts; None if there are none, or a function makes them for each run."""
    given = component.tools
    if not isinstance(given, (list, tuple)):
        return None
    found: list[dict[str, Any]] = []
    for tool in given:
        if isinstance(tool, Toolkit):
            found += [_tool(function) for function in tool.functions.values()]
        elif isinstance(tool, Mapping):
            found.append(encode(dict(tool)))
        else:
            found.append(_tool(tool if isinstance(tool, Function) else Function.from_callable(tool)))
    return found or None


def _tool(function: Function) -> dict[str, Any]:
    return _without_none({name: encode(value) for name, value in function.to_dict().items()})


def _knowledge(component: Any) -> dict[str, Any] | None:
    knowledge = component.knowledge
    contents = getattr(knowledge, "contents_db", None)
    return _group(component, _KNOWLEDGE, knowledge_table=contents and contents.knowledge_table_name)


def _memory(component: Any) -> dict[str, Any] | None:
    manager = component.memory_manager
    if manager is None and not component.enable_agentic_memory and not component.enable_user_memories:
        return None
    db = getattr(manager, "db", None) or component.db
    found = _group(component, _MEMORY, memory_table=db and db.memory_table_name, metadata=None) or {}
    if (model := getattr(manager, "model", None)) is not None:
        found["model"] = model_of(model)
    return found or None


def _group(component: Any, defaults: Mapping[str, Any], **made: Any) -> dict[str, Any] | None:
    """The settings that are neither None nor the default; None if there are none. `made` are not read from it."""
    found: dict[str, Any] = {}
    for name, default in {**dict.fromkeys(made), **defaults}.items():
        value = made.get(name, _NOTHING)
        if value is _NOTHING:
            value = getattr(component, name, None)
        if value is None or value == default:
            continue
        found[name] = getattr(value, "__name__", None) if callable(value) else encode(value)
    return _without_none(found) or None


def _without_none(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value is not None}


__all__ = ["agent_of", "component_of", "model_of", "summary_of", "team_of", "tools_of", "workflow_of"]
