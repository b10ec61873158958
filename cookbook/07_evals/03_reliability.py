"""Whether a run called the tools that it should. An expected tool that was never called fails.

Prints:
    PASSED ['multiply', 'add']
    FAILED, missing: ['round_up']
    with these arguments: FAILED
"""

from agno.agent import Agent
from agno.eval import ReliabilityEval
from agno.testing import ScriptedModel, says, wants


def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


model = ScriptedModel(wants("multiply", a=6, b=7), wants("add", a=42, b=8), says("50"))
run = Agent(model=model, tools=[multiply, add]).run("6 times 7, plus 8?")

if __name__ == "__main__":
    result = ReliabilityEval(agent_response=run, expected_tool_calls=["multiply", "add"]).run()
    print(result.eval_status, result.passed_tool_calls)
    result.assert_passed()  # in a test

    result = ReliabilityEval(agent_response=run, expected_tool_calls=["multiply", "add", "round_up"]).run()
    print(f"{result.eval_status}, missing: {result.missing_tool_calls}")

    strict = ReliabilityEval(
        agent_response=run, expected_tool_calls=["multiply"], expected_tool_call_arguments={"add": {"a": 42, "b": 9}}
    )
    print("with these arguments:", strict.run().eval_status)
