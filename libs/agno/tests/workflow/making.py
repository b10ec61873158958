"""Steps for tests."""

from __future__ import annotations

from typing import Any

from agno.agent import Agent
from agno.testing import ScriptedModel, says
from agno.workflow import StepInput


def saying(*texts: str, name: str = "Writer", **settings: Any) -> Agent:
    """An agent that says the texts, one per run; the last again and again."""
    return Agent(name=name, model=ScriptedModel(*map(says, texts), repeat=True), **settings)


def named(name: str, result: Any = None, log: list[str] | None = None) -> Any:
    """A function step that notes that it ran, and gives a result; an exception is raised."""

    def step(step_input: StepInput) -> Any:
        if log is not None:
            log.append(name)
        found = result(step_input) if callable(result) else result
        if isinstance(found, Exception):
            raise found
        return name if found is None else found

    step.__name__ = name
    return step


def asked(agent: Agent, number: int = -1) -> str:
    """The user message of a request to the agent's model."""
    model: Any = agent.model
    return str(model.requests[number].messages[-1].content)
