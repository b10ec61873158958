"""Tools with which a model thinks in the open."""

from __future__ import annotations

from typing import Any

from agno.run.context import RunContext
from agno.tools._guidance import guidance
from agno.tools.toolkit import Toolkit

_INSTRUCTIONS = """Work on anything that takes more than one step with these tools:
- `think`: note what you know, what is missing and what you do next. Use it before each step.
- `analyze`: judge a result, and decide whether to continue, validate or give the final answer.
The user does not see these notes."""

_EXAMPLES = """Example, for "Which of these two offers is cheaper over three years?":
think(title="Plan", thought="I need both prices per year and the set-up fees.", action="Read both offers")
analyze(title="Totals", result="A: 3,700, B: 3,450", analysis="Both include set-up.", next_action="final_answer")"""


class ReasoningTools(Toolkit):
    """The tools `think` and `analyze`. The steps of a run are kept in `session_state["reasoning_steps"][run_id]`."""

    def __init__(
        self,
        enable_think: bool = True,
        enable_analyze: bool = True,
        all: bool = False,
        instructions: str | None = None,
        add_instructions: bool = False,
        add_few_shot: bool = False,
        few_shot_examples: str | None = None,
        **kwargs: Any,
    ) -> None:
        tools: list[Any] = []
        if enable_think or all:
            tools.append(self.think)
        if enable_analyze or all:
            tools.append(self.analyze)
        super().__init__(
            name="reasoning_tools",
            tools=tools,
            instructions=guidance(instructions or _INSTRUCTIONS, few_shot_examples or _EXAMPLES, add_few_shot),
            add_instructions=add_instructions,
            **kwargs,
        )

    def think(
        self,
        title: str,
        thought: str,
        action: str | None = None,
        confidence: float = 0.8,
        run_context: RunContext | None = None,
        session_state: dict[str, Any] | None = None,
    ) -> str:
        """Note a thought before acting.

        Args:
            title: What this step is about.
            thought: What you think.
            action: What you do next.
            confidence: How sure you are, from 0 to 1.
        """
        step = {"title": title, "reasoning": thought, "action": action, "confidence": confidence}
        return _noted(run_context, session_state, step)

    def analyze(
        self,
        title: str,
        result: str,
        analysis: str,
        next_action: str = "continue",
        confidence: float = 0.8,
        run_context: RunContext | None = None,
        session_state: dict[str, Any] | None = None,
    ) -> str:
        """Judge a result.

        Args:
            title: What this step is about.
            result: What came out.
            analysis: What it means.
            next_action: `continue`, `validate` or `final_answer`.
            confidence: How sure you are, from 0 to 1.
        """
        step = {"title": title, "result": result, "reasoning": analysis, "next_action": next_action}
        return _noted(run_context, session_state, {**step, "confidence": confidence})


def _noted(run_context: RunContext | None, session_state: dict[str, Any] | None, step: dict[str, Any]) -> str:
    """Keep a step with the run it belongs to, and list the steps so far."""
    if session_state is None:
        session_state = {} if run_context is None or run_context.session_state is None else run_context.session_state
        if run_context is not None:
            run_context.session_state = session_state
    run_id = session_state.get("current_run_id") if run_context is None else run_context.run_id
    steps = session_state.setdefault("reasoning_steps", {}).setdefault(run_id or "", [])
    steps.append({key: value for key, value in step.items() if value is not None})
    lines = []
    for number, known in enumerate(steps, 1):
        lines.append(f"Step {number}: {known['title']}")
        lines += [f"{key}: {value}" for key, value in known.items() if key != "title"]
    return "\n".join(lines)


__all__ = ["ReasoningTools"]
