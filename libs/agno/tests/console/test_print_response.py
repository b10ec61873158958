"""`print_response` and `cli_app`: panels in a terminal and a notebook, plain text elsewhere."""

from __future__ import annotations

import asyncio
import builtins
import io
import re
import sys
import types
from typing import Any

import pytest
from pydantic import BaseModel
from rich.console import Console

from agno.agent import Agent
from agno.exceptions import CheckTrigger, InputCheckError, ModelAuthenticationError
from agno.models.message import Citations, DocumentCitation, UrlCitation
from agno.models.offline import OfflineModel
from agno.testing import ScriptedModel, fails, says, thinks, wants
from agno.tools import tool

WAYS = ["print", "print_stream", "aprint", "aprint_stream"]
in_every_way = pytest.mark.parametrize("way", WAYS)


def shown(agent: Agent, given: Any, way: str = "print", *, terminal: bool = True, **options: Any) -> str:
    """What a run shows on a console of its own, without colours; a terminal's last picture."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100, height=60, color_system=None, force_jupyter=False)
    run(agent, given, way, console=console, **options)
    return last_picture(file.getvalue())


def run(agent: Agent, given: Any, way: str, **options: Any) -> None:
    if way.startswith("aprint"):
        asyncio.run(agent.aprint_response(given, stream=way.endswith("stream"), **options))
    else:
        agent.print_response(given, stream=way.endswith("stream"), **options)


def last_picture(text: str) -> str:
    """What is left on the screen: what a live display drew before is wiped line by line."""
    lines: list[str] = []
    for line in text.split("\n"):
        for _ in re.findall(r"\x1b\[1A", line):
            lines.pop()
        lines.append(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", line))
    return "\n".join(lines)


def titles(text: str) -> list[str]:
    return [re.sub(r" \(\d+\.\ds\)", "", title) for title in re.findall(r"╭─ (.+?) ─", text)]


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool(requires_confirmation=True)
def pay(amount: int) -> str:
    """Pay an amount."""
    return f"paid {amount}"


class City(BaseModel):
    name: str
    people: int


CITED = Citations(
    urls=[UrlCitation(url="https://a.example/1", title="One"), UrlCitation(url="https://a.example/2")],
    documents=[DocumentCitation(document_title="Report", file_name="r.pdf")],
)


@in_every_way
def test_panels_come_in_order(way: str) -> None:
    model = ScriptedModel(wants("add", a=1, b=2), thinks("I add.", "It is 3.").with_(citations=CITED))
    text = shown(Agent(model=model, tools=[add]), "What is 1 + 2?", way)
    assert titles(text) == ["Message", "Thinking", "Tool Calls", "Response", "Citations"]
    assert "│ What is 1 + 2?" in text and "│ I add." in text and "│ It is 3." in text
    assert re.search(r"│ • add\(a=1, b=2\) \(\d\.\d\ds\)", text)
    assert "│ 1. One https://a.example/1" in text and "│ 2. https://a.example/2" in text and "│ 3. Report r.pdf" in text
    assert "…" not in text, "what was going on is over"


@in_every_way
def test_without_a_terminal_there_are_no_boxes_and_nothing_twice(way: str) -> None:
    model = ScriptedModel(wants("add", a=1, b=2), thinks("I add.", "It is **3**.").with_(citations=CITED))
    text = shown(Agent(model=model, tools=[add], markdown=True), "What?", way, terminal=False)
    assert "╭" not in text and "\x1b" not in text
    for once in ("Message: What?", "I add.", "add(a=1, b=2)", "It is **3**.", "1. One https://a.example/1"):
        assert text.count(once) == 1, once
    assert text.index("I add.") < text.index("It is **3**.") < text.index("1. One")


@in_every_way
def test_a_paused_run_says_what_it_waits_for(way: str) -> None:
    text = shown(Agent(model=ScriptedModel(wants("pay", amount=3)), tools=[pay]), "Pay 3", way)
    assert titles(text) == ["Message", "Tool Calls", "Run Paused"]
    assert "• pay(amount=3) needs confirmation" in text


@in_every_way
@pytest.mark.parametrize("terminal", [True, False])
def test_a_run_that_fails_is_one_sentence_and_no_exception(way: str, terminal: bool) -> None:
    agent = Agent(model=ScriptedModel(fails(ModelAuthenticationError("The key was refused."))))
    text = shown(agent, "Hi", way, terminal=terminal)
    assert text.count("The key was refused.") == 1
    assert "Traceback" not in text
    if terminal:
        assert titles(text) == ["Message", "Error"]


@in_every_way
def test_an_input_that_a_check_refuses_is_shown(way: str) -> None:
    def refuse(run_input: Any) -> None:
        raise InputCheckError("No shouting.", check_trigger=CheckTrigger.INPUT_NOT_ALLOWED)

    text = shown(Agent(model=ScriptedModel(), pre_hooks=[refuse]), "HI", way)
    assert titles(text) == ["Message", "Error"] and "No shouting." in text


@pytest.mark.parametrize("way", ["print", "aprint"])
def test_a_defect_is_not_hidden(way: str) -> None:
    with pytest.raises(ZeroDivisionError):
        shown(Agent(model=ScriptedModel(fails(ZeroDivisionError("oops")))), "Hi", way)


@pytest.mark.parametrize("way", ["print_stream", "aprint_stream"])
def test_what_was_said_before_the_stream_broke_stays(way: str) -> None:
    agent = Agent(model=ScriptedModel(fails("cut", text="Half of it", after=2)))
    text = shown(agent, "Hi", way)
    assert titles(text) == ["Message", "Response", "Error"] and "│ Half of" in text


@in_every_way
def test_a_structured_answer_is_indented_json(way: str) -> None:
    agent = Agent(model=ScriptedModel(says('{"name": "Rome", "people": 3}')), output_schema=City)
    assert '"name": "Rome",\n' in re.sub(r" *│\n│ *", "\n", shown(agent, "A city", way))
    agent = Agent(model=ScriptedModel(says('{"name": "Rome", "people": 3}')), output_schema=City)
    assert '{\n  "name": "Rome",\n  "people": 3\n}' in shown(agent, "A city", way, terminal=False)


@in_every_way
def test_the_message_can_be_left_out(way: str) -> None:
    agent = Agent(model=ScriptedModel(says("Ho"), repeat=True))
    assert titles(shown(agent, "Hi", way, show_message=False)) == ["Response"]
    assert shown(agent, "Hi", way, terminal=False, show_message=False).strip() == "Ho"


@in_every_way
def test_reasoning_can_be_left_out(way: str) -> None:
    agent = Agent(model=ScriptedModel(thinks("Hm.", "Ho")))
    assert titles(shown(agent, "Hi", way, show_reasoning=False)) == ["Message", "Response"]


@in_every_way
def test_markdown_is_drawn_and_thinking_tags_stay_visible(way: str) -> None:
    said = "<think>really</think> **bold** <note>x</note>"
    text = shown(Agent(model=ScriptedModel(says(said)), markdown=True), "Hi", way)
    assert "<think>really</think> bold" in text and "**" not in text and "<note>" not in text
    agent = Agent(model=ScriptedModel(says(said)))
    text = shown(agent, "Hi", way, markdown=True, tags_to_include_in_markdown={"note"})
    assert "<note>x</note>" in text and "<think>" not in text


@in_every_way
def test_options_of_the_run_are_passed_on_and_those_of_streams_do_no_harm(way: str) -> None:
    agent = Agent(model=ScriptedModel(says("Ho")))
    text = shown(agent, "Hi", way, stream_intermediate_steps=True, stream_events=True, session_id="s", user_id="ann")
    assert titles(text) == ["Message", "Response"]


@pytest.mark.parametrize("name", ["colour", "no_colour"])
def test_no_color_is_respected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "no_colour":
        monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=60, color_system="standard", force_jupyter=False)
    Agent(model=ScriptedModel(says("Ho"))).print_response("Hi", console=console)
    assert ("\x1b[36m╭" in file.getvalue()) is (name == "colour")


def test_a_dumb_terminal_gets_plain_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert shown(Agent(model=ScriptedModel(says("Ho"))), "Hi", "print_stream") == "Message: Hi\nHo\n"


def test_a_narrow_terminal_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=20, height=5, color_system=None, force_jupyter=False)
    Agent(model=ScriptedModel(says("word " * 40))).print_response("Hi", stream=True, console=console)
    picture = last_picture(file.getvalue())
    assert all(len(line) <= 20 for line in picture.split("\n")) and picture.count("word") == 40


def test_the_default_console_writes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    Agent(model=ScriptedModel(says("Ho"))).print_response("Hi")
    assert capsys.readouterr().out == "Message: Hi\nHo\n"


# Notebooks ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], Any, bool]]:
    """What a notebook is given to display: data, id, and whether it replaces what has that id."""
    displayed: list[tuple[dict[str, str], Any, bool]] = []

    def display(data: dict[str, str], *, raw: bool, display_id: str, update: bool) -> None:
        assert raw
        displayed.append((data, display_id, update))

    module = types.ModuleType("IPython.display")
    module.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return displayed


@in_every_way
def test_in_a_notebook_one_cell_is_drawn_anew_also_while_a_loop_runs(way: str, cell: list[Any]) -> None:
    agent = Agent(model=OfflineModel(), tools=[add])

    async def kernel() -> None:  # a notebook's cells run inside a loop
        console = Console(force_jupyter=True, width=80)
        if way.startswith("aprint"):
            await agent.aprint_response("Add 2 and 3", stream=way.endswith("stream"), console=console)
        else:
            agent.print_response("Add 2 and 3", stream=way.endswith("stream"), console=console)

    asyncio.run(kernel())
    assert len({display_id for _, display_id, _ in cell}) == 1
    assert [update for _, _, update in cell] == [False] + [True] * (len(cell) - 1)
    last = cell[-1][0]
    assert titles(last["text/plain"]) == ["Message", "Tool Calls", "Response"]
    assert last["text/html"].startswith("<pre") and "add returned: 5" in last["text/html"]


# Talking --------------------------------------------------------------------------------------------------------------


def type_in(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    typed = iter(lines)

    def read(prompt: str = "") -> str:
        try:
            return next(typed)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(builtins, "input", read)


@pytest.mark.parametrize("way", ["cli_app", "acli_app"])
@pytest.mark.parametrize("stream", [False, True])
def test_cli_app_talks_until_an_exit_word(
    way: str, stream: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(monkeypatch, "two", "", "  Bye ", "never")
    agent = Agent(model=ScriptedModel({"one": says("1"), "two": says("2"), "never": says("3")}))
    talk = getattr(agent, way)("one", stream=stream)
    if way == "acli_app":
        asyncio.run(talk)
    out = capsys.readouterr().out
    assert "Message: one\n1\n" in out and "Message: two\n2\n" in out and "3" not in out


def test_cli_app_goes_on_after_an_answer_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_in(monkeypatch, "two")
    agent = Agent(model=ScriptedModel({"one": fails(500, "boom"), "two": says("2")}))
    agent.cli_app("one")
    out = capsys.readouterr().out
    assert "Error: boom" in out and "2\n" in out


def test_cli_app_takes_own_exit_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    type_in(monkeypatch, "bye", "Stop", "never")
    Agent(model=ScriptedModel({"bye": says("1")})).cli_app(exit_on=["stop"])
    assert "Message: bye\n1\n" in capsys.readouterr().out


class Screen(io.TextIOWrapper):
    """Standard output as a terminal, or as a pipe, of some encoding."""

    def __init__(self, encoding: str, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # type: ignore[attr-defined]  # it is a BytesIO


@in_every_way
@pytest.mark.parametrize("terminal", [True, False])
def test_a_character_that_cannot_be_written_is_shown_as_another(
    way: str, terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for encoding in ("ascii", "utf-8"):
        agent = Agent(
            model=ScriptedModel(wants("add", a=1, b=2), says("Tea \ud800 \N{TEACUP WITHOUT HANDLE} is hot")),
            tools=[add],
        )
        screen = Screen(encoding, terminal)
        monkeypatch.setattr(sys, "stdout", screen)
        run(agent, "Tea?", way)
        assert "Tea ? " in screen.text() or "Tea \ufffd " in screen.text()
        assert "is hot" in screen.text() and "add(a=1, b=2)" in screen.text()


@in_every_way
def test_a_terminal_does_not_obey_what_it_shows(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = Screen("utf-8", terminal=True)
    monkeypatch.setattr(sys, "stdout", screen)
    run(Agent(model=ScriptedModel(says("new \x1b]0;title\x07 \x9b31m here\n\tindented"))), "Tea?", way)
    said = screen.text()
    assert "new ]0;title 31m here" in said and "\x1b]" not in said and "\x9b" not in said and "\x07" not in said
