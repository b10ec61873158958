"""A person confirms a step, and reviews what an agent wrote. The run waits in the database and goes on in another process.

Here nobody is asked; take `decide` to be a form in a browser.

Prints:
    draft: Dear all, it rains.
    the run is PAUSED: step 'publish' needs confirmation (Publish it?)
    published: Dear all, it will rain on Monday.
"""

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.testing import ScriptedModel, says
from agno.workflow import OnReject, Step, StepInput, StepRequirement, Workflow

db = InMemoryDb()
model = ScriptedModel(says("Dear all, it rains."), says("Dear all, it will rain on Monday."))


def publish(step_input: StepInput) -> str:
    return f"published: {step_input.previous_step_content}"


def make_workflow() -> Workflow:
    """What every process of the program makes for itself; the runs are in the database."""
    return Workflow(
        name="Newsletter",
        db=db,
        session_id="monday",
        steps=[
            Step(
                "write",
                agent=Agent(name="Writer", model=model),
                requires_output_review=True,
                on_reject=OnReject.retry,  # a no means: write it again, with the feedback
            ),
            Step("publish", executor=publish, requires_confirmation=True, confirmation_message="Publish it?"),
        ],
    )


def decide(requirement: StepRequirement) -> None:
    """The first draft is sent back, everything else is fine."""
    if requirement.requires_output_review and requirement.retry_count == 0:
        print("draft:", requirement.step_output.content)
        requirement.reject("Say when.")
    else:
        requirement.confirm()


if __name__ == "__main__":
    run = make_workflow().run("Write about the weather")
    while run.is_paused:
        workflow = make_workflow()  # as another process would
        run = workflow.get_run(run.run_id)
        if not run.active_step_requirements[0].requires_output_review:
            print(f"the run is {run.status.value}: {run.content.split(': ', 1)[1].rstrip('.')}")
        for requirement in run.active_step_requirements:
            decide(requirement)
        run = workflow.continue_run(run_id=run.run_id, step_requirements=run.step_requirements)
    print(run.content)
