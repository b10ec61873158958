"""A router sends each question to the agent that knows; a condition adds a check to long answers.

The selector gives names of choices, or steps, one or several. Here it is a function; an agent, or a CEL expression such as
`'input.contains("sum") ? "maths" : "talk"'`, could choose as well.

Prints:
    maths: 1 + 2 is 3
    talk: Rain is water that falls from clouds, which is a long story. [checked]
    flowchart TD
"""

from agno.agent import Agent
from agno.testing import ScriptedModel, says
from agno.workflow import Condition, Router, Step, StepInput, Workflow

maths = Agent(name="Mathematician", model=ScriptedModel(says("1 + 2 is 3")))
talk = Agent(name="Talker", model=ScriptedModel(says("Rain is water that falls from clouds, which is a long story.")))


def choose(step_input: StepInput) -> str:
    return "maths" if "sum" in step_input.input else "talk"


def is_long(step_input: StepInput) -> bool:
    return len(step_input.previous_step_content) > 20


def check(step_input: StepInput) -> str:
    return f"{step_input.previous_step_content} [checked]"


workflow = Workflow(
    name="Desk",
    steps=[
        Router(choose, [Step("maths", agent=maths), Step("talk", agent=talk)], name="who knows"),
        Condition(is_long, [check], name="long"),
    ],
)

if __name__ == "__main__":
    for question in ("What is the sum of 1 and 2?", "What is rain?"):
        run = workflow.run(question)
        print(f"{run.step_results[0].steps[0].step_name}: {run.content}")
    print(workflow.to_mermaid())
