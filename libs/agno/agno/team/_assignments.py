"""The texts that go between a leader and its members: tasks and answers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from agno._engine.inputs import as_json, text_of
from agno.run.base import RunStatus

_PREAMBLE = "You are a member of a team. Do the task below; your answer goes to the leader of the team."
_TASK = re.compile(r"<task>\n(.*?)\n</task>", re.DOTALL)


@dataclass
class Exchanged:
    """A task that a member did in this run, and its answer."""

    name: str
    task: str
    response: str


def assignment(component: Any, task: str, expected_output: str | None, extra: Iterable[str]) -> str:
    """The message to a member. What the member itself says about its output comes before what the leader expects."""
    parts = [_PREAMBLE, f"<task>\n{task}\n</task>"]
    if expected_output and not component.expected_output:
        parts.append(f"<expected_output>\n{expected_output}\n</expected_output>")
    return "\n\n".join([*parts, *extra])


def task_in(output: Any) -> str:
    """The task that a member's run was given."""
    given = text_of(output.input.input_content) if output.input is not None else ""
    found = _TASK.search(given)
    return found.group(1) if found else given


def interactions(done: Iterable[Exchanged]) -> str:
    """What other members were asked and answered."""
    told = [f"Member: {one.name}\nTask: {one.task}\nResponse: {one.response}" for one in done]
    return "<member interactions>\n" + "\n\n".join(told) + "\n</member interactions>"


def answer_of(output: Any, name: str) -> str:
    """What a member answered, as text. Never empty."""
    content = output.content
    if isinstance(content, str):
        text = content.strip()
    elif content is None:
        text = ""
    else:
        text = content.model_dump_json(indent=2) if isinstance(content, BaseModel) else as_json(content)
    if not text and output.tools:
        text = ",".join(tool.result for tool in output.tools if tool.result)
    return text or f"{name} gave no response."


def bounded(text: str, limit: int | None) -> str:
    """The text, cut where it would crowd out everything else that the leader has to read."""
    if limit is None or len(text) <= limit:
        return text
    return f"{text[:limit]}\n[{len(text) - limit:,} more characters are not shown]"


def exchanged_before(output: Any) -> list[Exchanged]:
    """What the members did in a run that is continued."""
    names = ("agent_name", "team_name", "agent_id", "team_id")
    return [
        Exchanged(
            next((str(value) for key in names if (value := member.__dict__.get(key))), ""),
            task_in(member),
            answer_of(member, "The member"),
        )
        for member in output.member_responses
        if member.status is RunStatus.completed
    ]


__all__ = [
    "Exchanged",
    "answer_of",
    "assignment",
    "bounded",
    "exchanged_before",
    "interactions",
    "task_in",
]
