"""Teams in a terminal: members lie in boxes of their own."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from rich.console import Console

from agno.testing import says, wants
from team.desk import agent, leads, pay, team, to


def shown(component: Any, *, terminal: bool = False, **options: Any) -> str:
    console = Console(file=io.StringIO(), width=80, force_terminal=terminal, no_color=True, _environ={"TERM": "xterm"})
    component.print_response("Hello", console=console, **options)
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # a StringIO


@pytest.mark.parametrize("stream", [False, True])
def test_members_are_shown_inside_of_the_team(stream: bool) -> None:
    inner = team([agent("Leaf")], *leads(to("leaf"), answer="Inner says"), name="Inner")
    desk = team([inner], *leads(to("inner")), show_members_responses=True)
    text = shown(desk, stream=stream, terminal=True)
    last = text[text.rindex("Message") :]
    for part in ("╭─ Inner", "│ ╭─ Leaf", "│ │ ╭─ Response", "│ │ │ Leaf here", "│ │ Inner says", "│ All done"):
        assert part in last


@pytest.mark.parametrize("stream", [False, True])
def test_where_there_is_no_terminal_members_are_lines(stream: bool) -> None:
    desk = team([agent("Ann")], *leads(to("ann")))
    text = shown(desk, stream=stream, show_member_responses=True)
    assert "Response: Ann here" in text and text.endswith("All done\n")
    quiet = team([agent("Ann")], *leads(to("ann")))
    assert "Ann here" not in shown(quiet, stream=stream)


def test_a_pause_says_who_asks() -> None:
    desk = team([agent("Ann", wants("pay", amount=1), tools=[pay])], *leads(to("ann")))
    assert "Ann: pay(amount=1) needs confirmation" in shown(desk)


def test_a_conversation_in_the_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = iter(["second", "bye"])
    monkeypatch.setattr("builtins.input", lambda: next(lines))
    desk = team([], says("one"), says("two"))
    asyncio.run(desk.acli_app("first", session_id="s", user_id="u"))
    assert "one" in (text := capsys.readouterr().out) and "two" in text
