"""Map and reduce over documents: each is summarised by a step of its own, side by side, then all are joined.

The workflow is made for the documents that there are. Each parallel step works on a copy of the session state; `merge_state`
says what comes of the word counts that all of them change.

Prints:
    === rain.txt ===
    Rain: 5 words
    === wind.txt ===
    Wind: 3 words
    8 words in 2 documents
"""

from typing import Any

from agno.workflow import Parallel, Step, StepInput, Workflow

DOCUMENTS = {"rain.txt": "Rain falls on the roofs", "wind.txt": "Wind shakes trees"}


def summarise(name: str) -> Step:
    """A step for one document. An agent could do it as well: Step(name, agent=reader)."""

    def work(step_input: StepInput, session_state: dict[str, Any]) -> str:
        words = step_input.additional_data[name].split()
        session_state["words"] += len(words)
        return f"{words[0]}: {len(words)} words"

    return Step(name, executor=work)


def added_up(before: int, values: list[int]) -> int:
    """What comes of the values that parallel steps made of the one before."""
    return before + sum(value - before for value in values)


def reduce(step_input: StepInput, session_state: dict[str, Any]) -> str:
    count = len(step_input.get_step_content("read all"))
    return f"{step_input.previous_step_content}\n{session_state['words']} words in {count} documents"


workflow = Workflow(
    name="Map and reduce",
    session_state={"words": 0},
    steps=[
        Parallel(*[summarise(name) for name in DOCUMENTS], name="read all", merge_state={"words": added_up}),
        reduce,
    ],
)

if __name__ == "__main__":
    print(workflow.run("Summarise", additional_data=DOCUMENTS).content)
