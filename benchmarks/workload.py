"""What every row is asked to do, so that all do the same."""

from __future__ import annotations

SYSTEM = "You help with sums. Answer in one sentence."
QUESTION = "What is one and two, and is it the same as two and one? Say why."
ANSWER = (
    "One and two is three, and it is the same as two and one, because the order of what is added does not matter: "
    "the apples of two baskets are as many whichever basket is counted first."
)
WORD = "word "
CHUNKS = 1_000
TOOL_ROUNDS = 5
TOOL_ARGUMENTS = '{"a": 1, "b": 2}'
HISTORY_RUNS = 3  # how many earlier runs of a session the model is shown
CONCURRENT = 200
MODEL = "scripted"

STEPS = 10  # of a workflow, one after the other
BRANCHES = 8  # of a workflow, side by side
TEAM = 5  # members to which a leader gives one task

added = 0  # how often the tool ran


def add(a: int, b: int) -> int:
    """Add two numbers."""
    global added
    added += 1
    return a + b
