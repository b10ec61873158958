"""Workflows in a terminal: panels that go on, nested ones indented; plain text elsewhere."""

from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from rich.console import Console

from agno.agent import Agent
from agno.testing import ScriptedModel, says
from agno.workflow import Condition, Loop, Parallel, Router, Step, Steps, Workflow

from console.test_print_response import WAYS, last_picture, shown, titles
from workflow.making import named, saying

in_every_way = pytest.mark.parametrize("way", WAYS)


def workflow(**settings: Any) -> Workflow:
    steps = [
        saying("A **bold** text", name="Writer"),
        Parallel(named("left", "L"), Steps("box", steps=[named("right", "R")]), name="both"),
        Loop([named("polish", "P")], name="again", max_iterations=2),
        Condition(False, [named("never")], name="if"),
        Router(lambda si: "way", [named("way", {"a": 1})], name="route"),
    ]
    return Workflow(name="Press", description="Writes", steps=steps, **settings)


@in_every_way
def test_every_step_has_its_panel_and_nested_ones_are_indented(way: str) -> None:
    text = shown(workflow(), "rain", way, additional_data={"tone": "calm"})
    assert titles(text) == [
        "Workflow Information", "Writer", "both", "left", "box", "right", "again", "polish", "polish", "if", "route", "way",
        "Execution Summary",
    ]  # fmt: skip
    for line in ("Name: Press", "Description: Writes", "Steps: 5", "Input: rain", "Additional data: tone"):
        assert f"│ {line}" in text
    assert "\n│ ╭─ left" in text and "\n│ │ ╭─ right" in text and "\n╭─ both" in text
    assert "A bold text" in text, "markdown is drawn"
    for line in ("Status: completed", "Steps completed: 5 of 5", "Tokens: 15"):
        assert f"│ {line}" in text
    if "stream" in way:
        assert "│ Condition: not met" in text and "│ Loop: round 2 of at most 2" in text and "Router: way" in text


@in_every_way
def test_without_a_terminal_each_step_is_told_once_when_it_ended(way: str) -> None:
    text = shown(workflow(), "rain", way, terminal=False, show_time=False)
    assert "╭" not in text and "\x1b" not in text
    lines = text.splitlines()
    for once in ("Writer: A **bold** text", "  left: L", "    right: R", "Execution Summary:", "Status: completed"):
        assert lines.count(once) == 1, (once, text)
    assert lines.count("  polish: P") == 2 and "Time" not in text and "(0.0s)" not in text


@in_every_way
def test_a_step_that_failed_is_told_in_its_place(way: str) -> None:
    soft = Step("soft", executor=named("soft", ValueError("broke")), max_retries=1, skip_on_failure=True)
    flow = Workflow(name="Press", steps=[named("a"), soft, Router(lambda si: "way", [named("way")], name="route")])
    lines = shown(flow, "rain", way, terminal=False, show_time=False).splitlines()
    told = [line for line in lines if line.partition(":")[0].strip() in ("a", "soft", "route", "way")]
    failures = told[1:-2]
    assert [told[0], told[-1]] == ["a: a", "  way: way"] and told[-2].startswith("route: Router: ")
    assert all(line.startswith("soft: ") and "broke" in line for line in failures) and failures


@in_every_way
@pytest.mark.parametrize("terminal", [True, False])
def test_a_failure_and_a_pause_are_told_at_the_end(way: str, terminal: bool) -> None:
    broken = Workflow(name="w", steps=[Step("bad", executor=named("bad", ValueError("no luck")), max_retries=0)])
    text = shown(broken, "go", way, terminal=terminal)
    assert "Execution Error" in text and "Step 'bad' failed: no luck" in text and "Status: error" in text
    waiting = Workflow(name="w", steps=[Step("ask", executor=named("a"), requires_confirmation=True)])
    text = shown(waiting, "go", way, terminal=terminal)
    assert "Workflow Paused" in text and "Status: paused" in text
    assert text.count("step 'ask' needs confirmation") == 1 and "Result" not in text, "told once"


def test_details_can_be_left_out_and_functions_show_their_result() -> None:
    assert titles(shown(workflow(), "rain", show_step_details=False)) == ["Workflow Information", "Execution Summary"]
    text = shown(Workflow(name="f", steps=lambda execution_input: f"did {execution_input.input}"), "rain")
    assert titles(text) == ["Workflow Information", "Result", "Execution Summary"] and "did rain" in text
    assert last_picture("a") == "a"


def test_one_talks_with_a_workflow_in_a_loop(monkeypatch: Any, capsys: Any) -> None:
    lines = iter(["rain", "exit"])
    monkeypatch.setattr("builtins.input", lambda *prompt: next(lines))
    Workflow(name="w", steps=[named("echo", lambda si: f"said {si.input}")]).cli_app()
    assert "said rain" in capsys.readouterr().out


def test_steps_of_interleaved_branches_stand_inside_of_their_own_container() -> None:
    one, other = threading.Event(), threading.Event()

    def late(step_input: Any) -> str:
        one.set()
        assert other.wait(30)
        return "1"

    def early(step_input: Any) -> str:
        assert one.wait(30)
        other.set()
        return "2"

    left = Steps("left", steps=[late, named("left end")])
    right = Steps("right", steps=[early, named("right end")])
    text = shown(Workflow(name="w", steps=[Parallel(left, right, name="both")]), "go", "stream")
    branches = [["left", "late", "left end"], ["right", "early", "right end"]]
    if titles(text)[2] == "right":  # which of them begins first is not said
        branches.reverse()
    assert titles(text)[1:-1] == ["both", *branches[0], *branches[1]]


def test_what_is_printed_tells_the_same_whether_it_is_streamed_or_not() -> None:
    def printed(stream: bool) -> list[str]:
        inner = Workflow(name="inner", steps=[named("deep", lambda si: "found")])
        steps = [
            Agent(name="Writer", model=ScriptedModel(says("a text"))),
            Loop([named("again", lambda si: "once more")], name="rounds", max_iterations=2),
            Condition(False, [named("never", lambda si: "no")], name="if"),
            Router(lambda si: "left", [named("left", lambda si: "went"), named("right", lambda si: "no")], name="way"),
            Step("nested", workflow=inner),
            Step("bad", executor=lambda si: 1 // 0, max_retries=0),
        ]
        console = Console(file=io.StringIO(), width=100)
        Workflow(name="w", steps=steps).print_response("go", stream=stream, console=console, show_time=False)
        return console.file.getvalue().splitlines()  # type: ignore[attr-defined]  # it is a StringIO

    assert printed(False) == printed(True)
    for line in (
        "if: Condition: not met",
        "way: Router: left",
        "nested: Workflow: inner",
        "  deep: found",
        "bad: Failed: ",
    ):
        assert any(found.startswith(line) for found in printed(False)), line
