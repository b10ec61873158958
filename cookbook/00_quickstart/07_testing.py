"""Test your own agents: `ScriptedModel` plays the model, and remembers what it was asked.

It streams like a provider (deltas, split tool arguments, usage at the end), fails on a request the script does not know,
and, as a context manager, on turns nobody asked for. `no_network()` turns an accidental connection into an error.

Prints:
    2 requests, tools on offer: ['stock']
    the retry did not repeat the tool: 1 call
"""

from agno.agent import Agent
from agno.exceptions import ModelProviderError
from agno.testing import ScriptedModel, fails, no_network, says, wants

asked: list[str] = []


def stock(product: str) -> int:
    """How many of a product are in stock."""
    asked.append(product)
    return 7


def shop_assistant(model: ScriptedModel) -> Agent:
    """The agent under test."""
    return Agent(model=model, tools=[stock], instructions="Answer from the stock.")


def test_the_assistant_answers_from_the_stock() -> None:
    with no_network(), ScriptedModel(wants("stock", product="lamp"), says("Seven lamps.")) as model:
        answer = shop_assistant(model).run("How many lamps?")
    assert answer.content == "Seven lamps."
    assert model.requests[1].messages[-1].content == "7"  # what really went to the model
    print(f"{len(model.requests)} requests, tools on offer: {model.requests[0].tool_names}")


def test_a_failing_provider_is_asked_again_but_the_tool_is_not_repeated() -> None:
    asked.clear()
    trouble = fails(ModelProviderError("busy", status_code=503))
    with ScriptedModel(
        wants("stock", product="lamp"), trouble, says("Seven."), retries=1, delay_between_retries=0
    ) as model:
        assert shop_assistant(model).run("How many lamps?").content == "Seven."
    assert asked == ["lamp"]
    print("the retry did not repeat the tool: 1 call")


if __name__ == "__main__":
    test_the_assistant_answers_from_the_stock()
    test_a_failing_provider_is_asked_again_but_the_tool_is_not_repeated()
