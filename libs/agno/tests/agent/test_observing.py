"""Telemetry is a switch and a listener; debug logging shows messages."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from agno.agent import Agent
from agno.debug import disable_debug_mode, enable_debug_mode
from agno.testing import ScriptedModel, fails, no_network, says, wants
from agno.tools import tool
from agno.utils import log
from agno.utils.telemetry import listen

from playing import in_every_mode, play


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    monkeypatch.delenv("AGNO_TELEMETRY", raising=False)
    heard: list[dict[str, Any]] = []
    listen(heard.append)
    yield heard
    listen(None)


@in_every_mode
def test_one_record_per_run_without_contents(mode: str, records: list[dict[str, Any]]) -> None:
    seen = play(Agent(model=ScriptedModel(says("secret"))), "private", mode, session_id="s")
    [record] = records
    assert (record["run_id"], record["session_id"], record["type"]) == (seen.output.run_id, "s", "agent")
    assert record["status"] == "COMPLETED" and record["model"]["id"] == "scripted"
    assert "secret" not in str(record) and "private" not in str(record)


@in_every_mode
def test_a_paused_run_is_told_of_when_it_ends(mode: str, records: list[dict[str, Any]]) -> None:
    @tool(requires_confirmation=True)
    def pay() -> str:
        return "paid"

    agent = Agent(model=ScriptedModel(wants("pay"), says("done")), tools=[pay])
    paused = play(agent, "go", mode).output
    assert records == []
    paused.tools[0].confirmed = True
    play(agent, paused, mode, "continue_run")
    assert len(records) == 1


@pytest.mark.parametrize(
    ("setting", "variable", "told"),
    [(True, None, 1), (False, None, 0), (True, "false", 0), (False, "true", 1), (True, "0", 0)],
)
def test_the_switch_and_the_variable(
    setting: bool, variable: str | None, told: int, records: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable is not None:
        monkeypatch.setenv("AGNO_TELEMETRY", variable)
    Agent(model=ScriptedModel(says("ok")), telemetry=setting).run("hi")
    assert len(records) == told


@in_every_mode
def test_failed_runs_are_told_of_and_a_broken_listener_costs_nothing(mode: str, records: list[dict[str, Any]]) -> None:
    play(Agent(model=ScriptedModel(fails(500))), "hi", mode)
    assert [record["status"] for record in records] == ["ERROR"]
    listen(lambda record: 1 / 0)
    assert play(Agent(model=ScriptedModel(says("ok"))), "hi", mode).output.content == "ok"


def test_nothing_is_sent_by_default() -> None:
    with no_network():
        assert Agent(model=ScriptedModel(says("ok")), telemetry=True).run("hi").content == "ok"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    written: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(record.getMessage())

    handler, level = Kept(), log.agent_logger.level
    log.agent_logger.addHandler(handler)
    yield written
    log.agent_logger.removeHandler(handler)
    log.set_log_level_to_debug(level=1)
    for logger in (log.agent_logger, log.team_logger, log.workflow_logger):
        logger.setLevel(level)


@in_every_mode
def test_debug_mode_shows_the_messages_of_a_run(mode: str, lines: list[str]) -> None:
    play(Agent(model=ScriptedModel(says("quiet")), instructions="Be kind"), "hi", mode)
    assert lines == []
    play(Agent(model=ScriptedModel(says("loud")), instructions="Be kind", debug_mode=True), "hi", mode)
    assert {"system: Be kind", "user: hi", "assistant: loud"} <= set(lines)


def test_debug_mode_of_one_call_and_of_everything(lines: list[str]) -> None:
    agent = Agent(model=ScriptedModel(says("a"), says("b"), says("c")))
    agent.run("one", debug_mode=True)
    assert "user: one" in lines
    disable_debug_mode()
    agent.run("two")
    assert "user: two" not in lines
    enable_debug_mode()
    agent.run("three")
    assert "user: three" in lines


@in_every_mode
def test_debug_mode_of_one_run_leaves_the_level_of_the_process_alone(mode: str, lines: list[str]) -> None:
    def fails() -> None:
        raise OSError("disk on fire")

    levels = [logger.level for logger in (log.agent_logger, log.team_logger, log.workflow_logger)]
    agent = Agent(model=ScriptedModel(wants("fails"), says("loud")), tools=[fails], debug_mode=True, debug_level=2)
    play(agent, "hi", mode)
    assert "assistant: loud" in "\n".join(lines)
    assert [logger.level for logger in (log.agent_logger, log.team_logger, log.workflow_logger)] == levels
    lines.clear()
    play(Agent(model=ScriptedModel(says("quiet"))), "hi", mode)
    log.log_debug("not asked for")
    assert lines == []


def test_a_wrong_debug_level_is_one_with_a_warning(lines: list[str]) -> None:
    Agent(debug_mode=True, debug_level=5, model=ScriptedModel()).initialize_agent()  # type: ignore[arg-type]
    assert any("debug_level=5" in line for line in lines)
