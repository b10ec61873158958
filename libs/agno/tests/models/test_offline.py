"""`OfflineModel`: rules that pick a tool, fill its arguments, and quote what it returned with its place."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from agno.agent import Agent
from agno.models.offline import OfflineModel
from agno.run.agent import ToolCallStartedEvent

from playing import in_every_mode, play


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def weather(city: str) -> str:
    """Look up the weather in a city."""
    return f"Sunny in {city}"


def paint(colour: Literal["red", "blue"], times: int = 1, shiny: bool = False) -> str:
    """Paint the wall in a colour."""
    return f"{colour} x{times} {shiny}"


def fail(name: str) -> str:
    """Delete a file."""
    raise OSError("the disk is read-only")


def search(query: str) -> str:
    """Search the notes."""
    return "nothing"


@in_every_mode
@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Add 2 and 3", "add returned: 5"),
        ("Add -2 and 3", "add returned: 1"),
        ("Please add a=10, b=-4", "add returned: 6"),
        ("How is the weather in Rome?", "weather returned: Sunny in Rome"),
        ("Show me the weather for 'New York'", "weather returned: Sunny in New York"),
        ("Paint the wall blue", "paint returned: blue x1 False"),
        ("Paint the wall red, times=3 shiny=yes", "paint returned: red x3 True"),
        ("Delete the file 'a.txt'", "The tool fail failed: "),
        ("What do my notes say about geese?", "search returned: nothing"),
    ],
)
def test_it_picks_the_tool_and_fills_its_arguments(asked: str, answered: str, mode: str) -> None:
    seen = play(Agent(model=OfflineModel(), tools=[add, weather, paint, fail, search]), asked, mode)
    assert seen.output is not None and str(seen.output.content).startswith(answered)


def test_it_is_deterministic_and_streams_in_words() -> None:
    agent = Agent(model=OfflineModel(), tools=[add])
    first, second = (
        [event.content for event in agent.run("Add 2 and 3", stream=True) if event.event == "RunContent"] for _ in "12"
    )
    assert first == second == ["add ", "returned: ", "5"]


def test_without_a_tool_that_fits_it_says_what_it_is() -> None:
    alone = Agent(model=OfflineModel()).run("Hello").content
    assert alone is not None and alone.startswith("I am Agno's offline model: no language model") and "“Hello”" in alone
    unfit = Agent(model=OfflineModel(), tools=[add]).run("Tell me a joke").content
    assert unfit is not None and "None of the tools (add) fits" in unfit


def test_a_tool_whose_arguments_are_not_in_the_request_is_not_called() -> None:
    events = list(Agent(model=OfflineModel(), tools=[add]).run("Add the numbers", stream=True))
    assert not any(isinstance(event, ToolCallStartedEvent) for event in events)


# Quoting --------------------------------------------------------------------------------------------------------------


def answer_from(question: str, *passages: dict[str, Any]) -> str:
    def look_up(query: str) -> str:
        """Search the documents."""
        return json.dumps(passages)

    return str(Agent(model=OfflineModel(), tools=[look_up]).run(question).content)


LONG = " ".join(f"Filler sentence number {n} about nothing at all." for n in range(12))


def test_it_quotes_the_sentence_with_its_own_line() -> None:
    text = f"{LONG}\n{LONG}\nGeese fly to Africa. They return in spring."
    assert answer_from("Where do geese fly?", {"source": "a.md:10-12", "text": text}) == (
        "a.md:12\n> Geese fly to Africa. They return in spring."
    )


def test_a_place_that_is_no_range_of_lines_stays_as_it_is() -> None:
    found = {"source": "r.pdf, page 2", "text": f"{LONG}\nGeese fly to Africa."}
    assert answer_from("Where do geese fly?", found) == "r.pdf, page 2\n> Geese fly to Africa."
    torn = {"source": "a.html:10-40", "text": "Ducks swim.\n\nGeese fly."}
    assert answer_from("Do geese fly?", torn).startswith("a.html:10-40\n")


def test_an_item_is_quoted_without_its_neighbours() -> None:
    text = "- **Speed.** It is fast.\n- **Telemetry.** None is sent.\n- **Size.** It is small."
    assert (
        answer_from("Is telemetry sent?", {"source": "a.md:1-3", "text": text})
        == "a.md:2\n> - **Telemetry.** None is sent."
    )


def test_a_lead_in_brings_the_code_it_introduces() -> None:
    text = "Tools are functions:\n\n```python\ndef f(): ...\n```\n\nOther things are objects:"
    answer = answer_from("What are tools?", {"source": "a.md:5-11", "text": text})
    assert answer == "a.md:5-9\n> Tools are functions:\n>\n> ```python\n> def f(): ...\n> ```"


def test_code_is_quoted_as_code_from_its_definition() -> None:
    text = "x = 1\n\n\ndef load_user(name):\n    return users[name]"
    assert answer_from("Where is load_user?", {"source": "u.py:20-24", "text": text}) == (
        "u.py:23-24\n```py\ndef load_user(name):\n    return users[name]\n```"
    )


def test_the_best_passage_comes_first_and_what_says_nothing_is_left_out() -> None:
    weak = {"source": "weak.md:1", "text": "Geese are birds.", "score": 3}
    strong = {"source": "strong.md:1", "text": "Geese fly to Africa in autumn.", "score": 2.9}
    poor = {"source": "poor.md:1", "text": "Geese fly to Africa in autumn, too.", "score": 0.3}
    answer = answer_from("When do geese fly to Africa?", weak, strong, poor)
    assert answer.startswith("strong.md:1") and "poor.md" not in answer


def test_nothing_found_is_said() -> None:
    assert answer_from("Where do geese fly?") == "The tools found nothing about this."
    far = {"source": "a.md:1", "text": "The capital was raised."}
    assert answer_from("Which city is the capital of France?", far).startswith("Nothing in the documents answers this")


def test_it_remembers_by_quoting_what_was_said() -> None:
    from agno.db.in_memory import InMemoryDb

    agent = Agent(model=OfflineModel(), db=InMemoryDb(), session_id="s", add_history_to_context=True)
    agent.run("My name is Ada.")
    agent.run("I live in Rome.")
    assert "You said before: “My name is Ada.”" in str(agent.run("What is my name?").content)
