"""An agent that judges answers: those that are there, and each answer of another agent before the user has it.

The run goes on whatever the judge says, unless `on_fail` raises an OutputCheckError.

Prints:
    1 of 2 are polite
    refused: it pushes the customer
    answered: Take your time.
"""

from agno.agent import Agent
from agno.eval import AgentAsJudgeEval
from agno.exceptions import OutputCheckError
from agno.testing import ScriptedModel, says

manners = AgentAsJudgeEval(
    "The answer is polite.",
    scoring_strategy="numeric",  # a score from 1 to 10; 7 and more pass
    model=ScriptedModel(says('{"score": 9, "reason": "friendly"}'), says('{"score": 2, "reason": "rude"}')),
)


def refuse(evaluation) -> None:
    raise OutputCheckError(evaluation.reason)


no_pressure = AgentAsJudgeEval(
    "The answer does not push the customer.",
    model=ScriptedModel(
        says('{"passed": false, "reason": "it pushes the customer"}'), says('{"passed": true, "reason": "calm"}')
    ),
    on_fail=refuse,
)
seller = Agent(model=ScriptedModel(says("Buy now!"), says("Take your time.")), post_hooks=[no_pressure])

if __name__ == "__main__":
    cases = [{"input": "Hi", "output": "Hello, how can I help?"}, {"input": "Hi", "output": "What?"}]
    judged = manners.run(cases=cases)
    print(sum(one.passed for one in judged.results), "of", len(judged.results), "are polite")

    try:
        seller.run("Shall I take it?")
    except OutputCheckError as error:
        print("refused:", error)
    print("answered:", seller.run("Shall I take it?").content)
