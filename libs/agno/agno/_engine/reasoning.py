"""Thinking before answering: a native reasoning model, a step-by-step agent, or the think/analyze tools."""

from __future__ import annotations

from typing import Any

from agno._engine import structured
from agno._engine.context import Run
from agno._engine.prompt import json_prompt
from agno._engine.second_models import format_for, second_exchange
from agno.exceptions import RunCancelledException
from agno.models._loop import converse
from agno.models.message import Message
from agno.models.utils import get_model
from agno.reasoning.step import NextAction, ReasoningStep, ReasoningSteps
from agno.utils.log import log_exception, log_warning

_PROMPT = """Solve the task step by step, with at least {min} and at most {max} steps.
For each step give a title, what you do (action), what came out (result), why (reasoning), a confidence between 0 and 1,
and next_action: `continue` if more steps are needed, `validate` to check an answer, `final_answer` when you are done,
`reset` to start over. Use the tools where they help."""


def wanted(run: Run) -> bool:
    """True if this run thinks first."""
    return bool(run.component.reasoning or run.component.reasoning_model is not None)


async def reason(run: Run) -> None:
    """The reasoning phase. It never fails the run: an error ends the phase with a log line."""
    await run.emit(run.events.ReasoningStartedEvent)
    thoughts: list[Message] = []
    try:
        component = run.component
        if component.reasoning_agent is not None:
            await _by_agent(run)
        else:
            model = get_model(component.reasoning_model or run.model)
            await (_native if model.native_reasoning else _step_by_step)(run, model, thoughts)
    except RunCancelledException:
        raise
    except Exception:
        log_exception(f"run_id={run.output.run_id} | reasoning failed; the run goes on without it")
    run.output.reasoning_messages = thoughts or None
    _show_to_model(run, thoughts)
    await completed(run)


async def completed(run: Run) -> None:
    """Close a reasoning phase."""
    steps = ReasoningSteps(reasoning_steps=run.output.reasoning_steps or [])
    await run.emit(run.events.ReasoningCompletedEvent, content=steps, content_type="ReasoningSteps")


async def _native(run: Run, model: Any, thoughts: list[Message]) -> None:
    """One call of a model that thinks by itself."""
    exchange = second_exchange(run, model, [m.model_copy() for m in run.messages])
    await converse(exchange)
    thought = exchange.response.reasoning_content or exchange.response.content
    if not thought:
        log_warning(f"reasoning model {model.id!r} gave no reasoning")
        return
    thoughts.append(Message(role="assistant", content=f"<thinking>\n{thought}\n</thinking>", reasoning_content=thought))
    await _step(run, ReasoningStep(result=thought))


async def _by_agent(run: Run) -> None:
    agent = run.component.reasoning_agent
    messages = [m.model_copy() for m in run.messages if m.role != "system"]
    result = await run.io.pick(agent.run, agent.arun, messages)
    if not isinstance(result.content, ReasoningSteps):
        log_warning(f"reasoning_agent gave {type(result.content).__name__}; its output_schema must be ReasoningSteps")
        return
    for step in result.content.reasoning_steps or ():
        await _step(run, step)


async def _step_by_step(run: Run, model: Any, thoughts: list[Message]) -> None:
    """The default chain of thought: ask for steps until one says that it is the last."""
    component = run.component
    asked = format_for(model, ReasoningSteps)
    prompt = _PROMPT.format(min=component.reasoning_min_steps, max=component.reasoning_max_steps)
    if asked == {"type": "json_object"}:
        prompt = f"{prompt}\n\n{json_prompt(ReasoningSteps)}"
    messages = [Message(role="system", content=prompt)]
    messages += [m.model_copy() for m in run.messages[run.history_length :] or run.messages]
    for _ in range(component.reasoning_max_steps):
        exchange = second_exchange(run, model, messages, asked)
        exchange.functions = run.functions
        exchange.tools = [
            {"type": "function", "function": function.definition()} for function in run.functions.values()
        ] or None
        before = len(messages)
        await converse(exchange)
        found = exchange.response.parsed or structured.parse(exchange.response.content or "", ReasoningSteps)
        thoughts.extend(messages[before:])
        steps = found.reasoning_steps if found is not None else None
        if not steps:
            log_warning("reasoning gave no steps; the run goes on without more of them")
            return
        for step in steps:
            await _step(run, step)
        if steps[-1].next_action is not NextAction.CONTINUE:
            return
        messages.append(Message(role="user", content="Go on."))


async def _step(run: Run, step: ReasoningStep) -> None:
    output = run.output
    output.reasoning_steps = [*(output.reasoning_steps or ()), step]
    output.reasoning_content = (output.reasoning_content or "") + as_markdown(step)
    await run.emit(
        run.events.ReasoningStepEvent,
        content=step,
        content_type="ReasoningStep",
        reasoning_content=output.reasoning_content,
    )


def as_markdown(step: ReasoningStep, *, thinking: bool = False) -> str:
    """A step as the text of `reasoning_content`."""
    lines = [f"## {step.title}"] if step.title else []
    lines += [text for text in (step.reasoning,) if text]
    lines += [f"Action: {step.action}"] if step.action else []
    lines += [f"Result: {step.result}"] if step.result else []
    if thinking and step.confidence is not None:
        lines.append(f"Confidence: {step.confidence}")
    return "\n".join(lines) + "\n\n"


def _show_to_model(run: Run, thoughts: list[Message]) -> None:
    """The main model reads the thoughts between two bracketing messages; they are not part of the run's messages."""
    if not thoughts:
        return
    said = [m for m in thoughts if m.role == "assistant" and m.content]
    bracketed = [
        Message(role="assistant", content="I worked through the task step by step:"),
        *[Message(role="assistant", content=m.content) for m in said],
        Message(role="assistant", content="Now I will give my answer."),
    ]
    for message in bracketed:
        message.add_to_agent_memory = False
    run.messages.extend(bracketed)


_NEXT = {
    "validate": NextAction.VALIDATE,
    "final": NextAction.FINAL_ANSWER,
    "final_answer": NextAction.FINAL_ANSWER,
    "finalize": NextAction.FINAL_ANSWER,
}


async def step_of_tool(run: Run, execution: Any) -> None:
    """Reasoning events for a call of a `think` or `analyze` tool."""
    name = (execution.tool_name or "").lower()
    if name not in ("think", "analyze") or execution.tool_call_error:
        return
    arguments = execution.tool_args or {}
    step = ReasoningStep(
        title=arguments.get("title") or ("Thinking" if name == "think" else None),
        reasoning=arguments.get("thought") or arguments.get("analysis"),
        action=arguments.get("action"),
        result=arguments.get("result"),
        confidence=arguments.get("confidence"),
        next_action=_NEXT.get(str(arguments.get("next_action", "continue")).lower(), NextAction.CONTINUE),
    )
    if not run.reasoning_open:
        run.reasoning_open = True
        await run.emit(run.events.ReasoningStartedEvent)
    await _step(run, step)


__all__ = ["as_markdown", "completed", "reason", "step_of_tool", "wanted"]
