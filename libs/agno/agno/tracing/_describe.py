"""What spans say: attributes by the conventions of OpenTelemetry for generative AI, and ours, which begin with `agno.`.

What people, models and tools say is only there if content is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agno.db._codec import plain_to_json
from agno.run.base import RunStatus
from agno.utils.later import later
from agno.utils.string import whole

_failing = later("agno.workflow._failing")

_PROVIDERS = {
    "Anthropic": "anthropic",
    "AwsBedrock": "aws.bedrock",
    "Azure": "azure.ai.openai",
    "Cohere": "cohere",
    "DeepSeek": "deepseek",
    "Google": "gcp.gemini",
    "Groq": "groq",
    "IBM": "ibm.watsonx.ai",
    "Mistral": "mistral_ai",
    "OpenAI": "openai",
    "Perplexity": "perplexity",
    "xAI": "x_ai",
}
_USAGE = (
    ("input_tokens", "gen_ai.usage.input_tokens"),
    ("output_tokens", "gen_ai.usage.output_tokens"),
    ("cache_read_tokens", "gen_ai.usage.cache_read.input_tokens"),
    ("cache_write_tokens", "gen_ai.usage.cache_creation.input_tokens"),
    ("reasoning_tokens", "gen_ai.usage.reasoning.output_tokens"),
)
CONTENT = frozenset(
    {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result",
     "gen_ai.retrieval.query.text", "gen_ai.retrieval.documents"}
)  # fmt: skip
LONGEST = 20_000  # characters of one attribute


def provider_name(provider: str) -> str:
    """The name that the conventions have for a provider."""
    return _PROVIDERS.get(provider) or provider.lower().replace(" ", "_")


def model_facts(model: Any) -> dict[str, Any]:
    return {"gen_ai.provider.name": provider_name(model.get_provider()), "gen_ai.request.model": model.id}


def usage_facts(metrics: Any) -> dict[str, Any]:
    """Tokens, of which those in and out are always there, and the cost if it is known."""
    facts = {name: value for field, name in _USAGE if (value := getattr(metrics, field)) or field in _ALWAYS}
    if metrics.cost is not None:
        facts["agno.cost"] = metrics.cost
    return facts


_ALWAYS = frozenset({"input_tokens", "output_tokens"})


# Runs ----------------------------------------------------------------------------------------------------------------


def run_begins(run: Any, content: bool) -> tuple[str, str, dict[str, Any]]:
    """Kind, name and attributes of a run's span."""
    component, output, of = run.component, run.output, run.identity_name
    kind = "invoke_workflow" if of == "workflow" else "invoke_agent"
    facts: dict[str, Any] = {
        "gen_ai.operation.name": kind,
        "gen_ai.conversation.id": run.context.session_id,
        "agno.component.type": of,
        "agno.component.id": component.id,
        "agno.run.id": output.run_id,
        "agno.run.streaming": run.streaming,
    }
    if kind == "invoke_workflow":
        facts["gen_ai.workflow.name"] = component.name or component.id
    else:
        facts["gen_ai.agent.id"], facts["gen_ai.agent.name"] = component.id, component.name or component.id
    if run.context.user_id is not None:
        facts["user.id"] = run.context.user_id
    outer = run.parent.output.run_id if run.parent is not None else output.parent_run_id
    if outer is not None:
        facts["agno.run.parent_id"] = outer
    if run.continued:
        facts["agno.run.continued"] = True
    if run.model is not None:
        facts |= model_facts(run.model)
    if content and output.input is not None:
        facts["gen_ai.input.messages"] = said([_part("user", getattr(output.input, "input_content", output.input))])
    return kind, f"{kind} {component.name or component.id or of}", facts


def run_ended(run: Any, content: bool) -> dict[str, Any]:
    """What is known of a run at its end, or at its pause."""
    output = run.output
    facts: dict[str, Any] = {"agno.run.status": output.status.value.lower()}
    if run.context.user_id is not None:  # of a run that goes on it is found in what was stored
        facts["user.id"] = run.context.user_id
    metrics = output.metrics
    if metrics is not None:
        total = metrics.total() if hasattr(metrics, "total") else metrics
        facts |= usage_facts(total)
        if total.time_to_first_token is not None:
            facts["gen_ai.response.time_to_first_chunk"] = total.time_to_first_token
    if content and output.status in (RunStatus.completed, RunStatus.paused) and output.content is not None:
        facts["gen_ai.output.messages"] = said([_part("assistant", output.content)])
    return facts


# Requests, tools, retrievals, steps -----------------------------------------------------------------------------------


def request_begins(exchange: Any, model: Any, content: bool) -> dict[str, Any]:
    facts = {"gen_ai.operation.name": "chat", **model_facts(model), "gen_ai.request.stream": exchange.streaming}
    if content:
        facts["gen_ai.input.messages"] = said(_of_message(message) for message in exchange.messages)
    return facts


def request_ended(assistant: Any, content: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    metrics = assistant.__dict__.get("metrics")
    if metrics is not None:
        facts |= usage_facts(metrics)
        if metrics.time_to_first_token is not None:
            facts["gen_ai.response.time_to_first_chunk"] = metrics.time_to_first_token
    if assistant.tool_calls:
        facts["agno.tool_calls"] = len(assistant.tool_calls)
    if content and (assistant.content is not None or assistant.tool_calls):
        facts["gen_ai.output.messages"] = said([_of_message(assistant)])
    return facts


def tool_begins(slot: Any, content: bool) -> dict[str, Any]:
    facts = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": slot.name,
        "gen_ai.tool.call.id": slot.call_id,
        "gen_ai.tool.type": "function",
    }
    if content:
        facts["gen_ai.tool.call.arguments"] = as_json(slot.arguments)
    return facts


def tool_ended(slot: Any, content: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    execution = slot.execution
    if slot.answer is None:
        facts["agno.paused"] = True
    if execution.child_run_ids:
        facts["agno.child_run_ids"] = list(execution.child_run_ids)
    if content and execution.result is not None:
        facts["gen_ai.tool.call.result"] = shortened(str(execution.result))
    return facts


def retrieval_begins(query: str, count: int | None, content: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {"gen_ai.operation.name": "retrieval"}
    if count is not None:
        facts["agno.retrieval.limit"] = count
    if content:
        facts["gen_ai.retrieval.query.text"] = shortened(query)
    return facts


def retrieval_ended(found: list[Any] | None, content: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {"agno.retrieval.count": len(found or ())}
    if content and found:
        facts["gen_ai.retrieval.documents"] = as_json(found)
    return facts


def step_begins(node: Any, place: Any) -> dict[str, Any]:
    index = place.index
    return {
        "gen_ai.operation.name": "step",
        "agno.step.name": node.label,
        "agno.step.type": node.step_type.value,
        "agno.step.index": ".".join(map(str, index)) if isinstance(index, tuple) else str(index),
        "agno.run.id": place.run.output.run_id,
    }


def step_ended(output: Any) -> dict[str, Any]:
    return {"agno.step.skipped": True} if output is not None and output.skipped else {}


def is_pause(error: BaseException) -> bool:
    """True for what a step of a workflow raises to wait for a person."""
    return type(error).__module__ == "agno.workflow._failing" and isinstance(error, _failing.Paused)


def failure_of(slot: Any) -> str:
    """The class of what a tool raised, or what stands for it where nobody knows."""
    if slot.raised is not None:
        return type(slot.raised).__name__
    outcome = slot.call.outcome if slot.call is not None else None
    return (outcome.error_type if outcome is not None else None) or "tool_error"


def type_of(error: BaseException) -> str:
    """The class of an error; of a step that failed, that of what it failed with."""
    while type(error).__name__ == "StepFailed" and error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__


# Content -------------------------------------------------------------------------------------------------------------


def said(messages: Iterable[dict[str, Any]]) -> str:
    return as_json(list(messages))


def _part(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": _text(content)}]}


def _of_message(message: Any) -> dict[str, Any]:
    if message.tool_call_id is not None:
        answer = {"type": "tool_call_response", "id": message.tool_call_id, "response": _text(message.content)}
        return {"role": "tool", "parts": [answer]}
    parts: list[dict[str, Any]] = []
    if message.content is not None:
        parts.append({"type": "text", "content": message.get_content_string()})
    for call in message.tool_calls or ():
        wanted = call.get("function") or {}
        parts.append(
            {
                "type": "tool_call",
                "id": call.get("id"),
                "name": wanted.get("name"),
                "arguments": wanted.get("arguments"),
            }
        )
    return {"role": message.role, "parts": parts}


def _text(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return plain_to_json(content).decode()


def as_json(value: Any) -> str:
    return shortened(plain_to_json(value).decode())


def shortened(text: str) -> str:
    """The text as UTF-8 can hold it, cut where it is too long for an attribute."""
    text = whole(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST} more characters)"
