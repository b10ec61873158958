"""Thinking before answering: a native reasoning model, a step-by-step agent, or the think/analyze tools."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from agno._engine import structured
from agno._engine.context import Run
from agno._engine.prompt import json_prompt
from agno._engine.second_models import converse_as, format_for, second_exchange
from agno._io import DONE
from agno.exceptions import RunCancelledException
from agno.models.message import Message
from agno.models.metrics import ModelType
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
        await _think(run, thoughts)
    except RunCancelledException:
        raise
    except Exception:
        log_exception(f"run_id={run.output.run_id} | reasoning failed; the run goes on without it")
    run.output.reasoning_messages = thoughts or None
    _show_to_model(run, thoughts)
    await completed(run)


async def _think(run: Run, thoughts: list[Message]) -> None:
    component = run.component
    if component.reasoning_agent is not None:
        await _by_agent(run, thoughts)
        return
    model = get_model(component.reasoning_model or run.model)
    # a model that thinks by itself is asked once, but only if it was named for this: the agent's own thinks when it answers
    native = component.reasoning_model is not None and model.native_reasoning
    await (_native if native else _step_by_step)(run, model, thoughts)


async def completed(run: Run) -> None:
    """Close a reasoning phase."""
    steps = ReasoningSteps(reasoning_steps=run.output.reasoning_steps or [])
    await run.emit(run.events.ReasoningCompletedEvent, content=steps, content_type="ReasoningSteps")


async def _native(run: Run, model: Any, thoughts: list[Message]) -> None:
    """One call of a model that thinks by itself."""
    exchange = second_exchange(run, model, [m.model_copy() for m in run.messages])
    exchange.give = lambda item: _thought_piece(run, item.reasoning_content)
    await converse_as(run, ModelType.REASONING_MODEL, exchange)
    thought = exchange.response.reasoning_content or exchange.response.content
    if not thought:
        log_warning(f"reasoning model {model.id!r} gave no reasoning")
        return
    text = f"<thinking>\n{thought}\n</thinking>"
    thoughts.append(Message(role="assistant", content=text, reasoning_content=thought))
    await _step(run, ReasoningStep(result=thought))


def _thought_piece(run: Run, text: str | None) -> Awaitable[None]:
    if not text or not run.streaming:
        return DONE
    return run.emit(run.events.ReasoningContentDeltaEvent, reasoning_content=text)


async def _by_agent(run: Run, thoughts: list[Message]) -> None:
    """An agent of the user's thinks; its own settings say how."""
    agent = run.component.reasoning_agent
    result = await run.io.pick(agent.run, agent.arun, _task(run))
    run.check()
    if not isinstance(result.content, ReasoningSteps):
        log_warning(f"reasoning_agent gave {type(result.content).__name__}; its output_schema must be ReasoningSteps")
        return
    thoughts += [m for m in result.messages or () if m.role == "assistant" and not m.from_history]
    for step in result.content.reasoning_steps or ():
        await _step(run, step)


def _task(run: Run) -> list[Message]:
    """What is to be thought about: what the user says, and the examples, without the history."""
    return [m.model_copy() for m in run.messages if m.role not in _SYSTEM and not m.from_history]


_SYSTEM = frozenset({"system", "developer"})


async def _step_by_step(run: Run, model: Any, thoughts: list[Message]) -> None:
    """The default chain of thought: ask for steps until one says that it is the last."""
    most = run.component.reasoning_max_steps
    asked = format_for(model, ReasoningSteps)
    messages = [Message(role="system", content=_instructions(run, asked)), *_task(run)]
    count = 0
    while count < most:
        steps = await _more_steps(run, model, messages, thoughts, asked)
        if not steps:
            log_warning("reasoning gave no steps; the run goes on without more of them")
            return
        for step in steps[: most - count]:
            await _step(run, step)
        count += len(steps)
        if steps[-1].next_action is not NextAction.CONTINUE:
            return
        messages.append(Message(role="user", content="Go on."))


async def _more_steps(
    run: Run, model: Any, messages: list[Message], thoughts: list[Message], asked: Any
) -> list[ReasoningStep]:
    """One round: the model may use the run's tools, then it gives its steps."""
    exchange = second_exchange(run, model, messages, asked)
    # a tool that waits for a person can only do so in the run itself
    functions = {name: function for name, function in run.functions.items() if not function.waits}
    exchange.functions, exchange.scope = functions, run.tool_scope()
    exchange.tool_call_limit = run.component.tool_call_limit
    exchange.tools = [{"type": "function", "function": f.definition()} for f in functions.values()] or None
    before = len(messages)
    try:
        await converse_as(run, ModelType.REASONING_MODEL, exchange)
    finally:
        thoughts.extend(messages[before:])
    found = exchange.response.parsed
    if not isinstance(found, ReasoningSteps):
        found = structured.parse(messages[-1].get_content_string(), ReasoningSteps)
    return found.reasoning_steps if found is not None else []


def _instructions(run: Run, asked: Any) -> str:
    """How to think, and what the agent itself was told."""
    component = run.component
    parts = [_PROMPT.format(min=component.reasoning_min_steps, max=component.reasoning_max_steps)]
    told = [m.get_content_string() for m in run.messages if m.role in _SYSTEM and not m.from_history]
    if told:
        parts.append(
            f"The one who answers afterwards works by these instructions:\n<instructions>\n{told[0]}\n</instructions>"
        )
    if asked == {"type": "json_object"}:
        parts.append(json_prompt(ReasoningSteps))
    return "\n\n".join(parts)


async def _step(run: Run, step: ReasoningStep, *, of_tool: str | None = None) -> None:
    output = run.output
    output.reasoning_steps = [*(output.reasoning_steps or ()), step]
    output.reasoning_content = (output.reasoning_content or "") + as_markdown(step, of_tool=of_tool)
    await run.emit(
        run.events.ReasoningStepEvent,
        content=step,
        content_type="ReasoningStep",
        reasoning_content=output.reasoning_content,
    )


def as_markdown(step: ReasoningStep, *, of_tool: str | None = None) -> str:
    """A step as the text of `reasoning_content`; steps of the tools `think` and `analyze` say a little more."""
    lines = [f"## {step.title}"] if step.title else []
    lines += [text for text in (step.reasoning,) if text]
    lines += [f"Action: {step.action}"] if step.action else []
    lines += [f"Result: {step.result}"] if step.result else []
    if of_tool is not None and step.confidence is not None:
        lines.append(f"Confidence: {step.confidence}")
    if of_tool == "analyze" and step.next_action not in (None, NextAction.CONTINUE):
        lines.append(f"Next Action: {step.next_action.value}")
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


def is_thought(execution: Any) -> bool:
    """True for a call of a `think` or `analyze` tool."""
    return execution.tool_name in ("think", "analyze") and not execution.tool_call_error


async def step_of_tool(run: Run, execution: Any) -> None:
    """A thought that the model wrote down with a tool, as a step of the reasoning phase."""
    arguments = execution.tool_args or {}
    step = ReasoningStep(
        title=arguments.get("title") or ("Thinking" if execution.tool_name == "think" else None),
        reasoning=arguments.get("thought") or arguments.get("analysis"),
        action=arguments.get("action"),
        result=arguments.get("result"),
        confidence=arguments.get("confidence"),
        next_action=_NEXT.get(str(arguments.get("next_action", "continue")).lower(), NextAction.CONTINUE),
    )
    if not run.reasoning_open:
        run.reasoning_open = True
        await run.emit(run.events.ReasoningStartedEvent)
    await _step(run, step, of_tool=execution.tool_name)


__all__ = ["as_markdown", "completed", "is_thought", "reason", "step_of_tool", "wanted"]
