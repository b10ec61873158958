"""What a run cost: all models that took part, and which of them how much."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agno.agent import Agent
from agno.compression import CompressionManager
from agno.db.sqlite import SqliteDb
from agno.testing import ScriptedModel, says, wants
from agno.tools import tool

from playing import in_every_mode, play

STEPS = '{"reasoning_steps": [{"title": "Look", "next_action": "final_answer"}]}'


class Person(BaseModel):
    name: str


def look() -> str:
    return "seen"


def parts(output: Any) -> dict[str, dict[str, int]]:
    details = output.metrics.details or {}
    return {part: {model.id: model.total_tokens for model in models} for part, models in details.items()}


def model(id: str, *turns: Any) -> ScriptedModel:
    return ScriptedModel(*turns, id=id)


@in_every_mode
def test_one_model_is_no_detail(mode: str) -> None:
    seen = play(Agent(model=model("main", wants("look"), says("ok")), tools=[look]), "go", mode)
    assert seen.output.metrics.total_tokens == 30 and seen.output.metrics.details is None


OTHERS: dict[str, Any] = {  # by the part they play; made anew for each run, as a script is played once
    "reasoning_model": lambda: {"reasoning_model": model("r", says(STEPS))},
    "parser_model": lambda: {"parser_model": model("r", says('{"name": "Ada"}')), "output_schema": Person},
    "output_model": lambda: {"output_model": model("r", says("x"))},
    "followup_model": lambda: {"followups": True, "followup_model": model("r", says('{"followups": ["Why?"]}'))},
    "compression_model": lambda: {
        "compression_manager": CompressionManager(model=model("r", says("s")), compress_tool_results_limit=1)
    },
}


@in_every_mode
@pytest.mark.parametrize("part", OTHERS)
def test_other_models_are_counted_under_their_part(mode: str, part: str) -> None:
    agent = Agent(model=model("main", wants("look"), says("ok")), tools=[look], **OTHERS[part]())
    seen = play(agent, "go", mode)
    assert seen.output.metrics.total_tokens == 45
    assert parts(seen.output) == {"model": {"main": 30}, part: {"r": 15}}


@in_every_mode
def test_a_continued_run_counts_everything_once(mode: str, tmp_path: Path) -> None:
    @tool(requires_confirmation=True)
    def pay() -> str:
        return "paid"

    agent = Agent(
        model=model("main", wants("pay"), says("done")), reasoning_model=model("r", says(STEPS)), tools=[pay],
        db=SqliteDb(db_file=tmp_path / "a.db"), session_id="s", post_hooks=[lambda: None],
    )  # fmt: skip
    paused = play(agent, "go", mode).output
    assert paused.metrics.total_tokens == 30
    paused.metrics.duration = 100.0
    agent.db.upsert_session(_with_run(agent, paused))
    requirement = paused.active_requirements[0]
    requirement.confirm()
    done = play(agent, None, mode, "continue_run", run_id=paused.run_id, requirements=[requirement]).output
    assert done.content == "done" and done.metrics.total_tokens == 45
    assert parts(done) == {"model": {"main": 30}, "reasoning_model": {"r": 15}}
    assert 100 <= done.metrics.duration < 150, "what it took before the pause counts once"


def _with_run(agent: Agent, run: Any) -> Any:
    session = agent.get_session("s")
    session.upsert_run(run)
    return session
