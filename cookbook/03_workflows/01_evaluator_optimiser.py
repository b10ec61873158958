"""A loop in which one agent writes and another one judges, until the judge is content.

The models follow a script, so that this runs without a key; take language models of yours in their place. The loop ends when
`end_condition` says so, and after three rounds in any case.

Prints:
    round 1: Rain falls.
    round 2: Rain falls softly on the roofs of Rome.
    rounds: 2
"""

from agno.agent import Agent
from agno.testing import ScriptedModel, says
from agno.workflow import Loop, Step, StepOutput, Workflow

writer = Agent(
    name="Writer",
    model=ScriptedModel(says("Rain falls."), says("Rain falls softly on the roofs of Rome.")),
    instructions="Write one sentence. If there is a judgement of an earlier one, do better.",
)
judge = Agent(
    name="Judge",
    model=ScriptedModel(says("Too short: tell where."), says("GOOD")),
    instructions="Judge the sentence. Say GOOD if it needs no change.",
)


def is_good(outputs: list[StepOutput]) -> bool:
    """The outputs are those of the round that ended."""
    return "GOOD" in str(outputs[-1].content)


workflow = Workflow(
    name="Evaluator and optimiser",
    steps=[
        Loop(
            [Step("write", agent=writer), Step("judge", agent=judge)],
            name="improve",
            max_iterations=3,
            end_condition=is_good,
            forward_iteration_output=True,  # each round begins with the judgement of the one before
        )
    ],
)

if __name__ == "__main__":
    run = workflow.run("Write about rain")
    sentences = [step.content for step in run.step_results[0].steps if step.step_name == "write"]
    for number, sentence in enumerate(sentences, 1):
        print(f"round {number}: {sentence}")
    print("rounds:", len(sentences))
