"""Agents at the same time, streamed: events of all of them come as they happen, each with the step that it belongs to.

Prints:
    Workflow Guide ...
    ├─ Parallel look up ...
    └─ Step join ...
    === history ===
    Rome was not built in a day.
"""

from agno.agent import Agent
from agno.run.workflow import StepCompletedEvent
from agno.testing import ScriptedModel, says
from agno.workflow import Parallel, Step, StepInput, Workflow

historian = Agent(name="Historian", model=ScriptedModel(says("Rome was not built in a day."), repeat=True))
forecaster = Agent(name="Forecaster", model=ScriptedModel(says("Sunny in Rome."), repeat=True))


def join(step_input: StepInput) -> str:
    """What parallel steps gave is there by their names, and as one text."""
    assert step_input.get_step_content("weather") == "Sunny in Rome."
    return step_input.previous_step_content


workflow = Workflow(
    name="Guide",
    steps=[
        Parallel(Step("history", agent=historian), Step("weather", agent=forecaster), name="look up"),
        join,
    ],
)

if __name__ == "__main__":
    for event in workflow.run("Tell me about Rome", stream=True, stream_events=True):
        match event:
            case StepCompletedEvent(step_name="history" | "weather" as name, content=content):
                print(f"{name}: {content}")
    run = workflow.run("Tell me about Rome")
    print(workflow.run_tree(run))
    print(run.content)
