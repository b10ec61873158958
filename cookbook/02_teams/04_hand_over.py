"""Work that is handed over: a list of tasks, each done by another member with the results of those before it.

The last one waits for a person. The run pauses, is stored, and goes on in what could be another process.

Prints:
    paused: Publisher wants publish {'text': 'Tea is fine'}
    published: Tea is fine
    It is out.
    task-1 completed, task-2 completed
"""

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants
from agno.tools import tool


@tool(requires_confirmation=True)
def publish(text: str) -> str:
    """Publish a text."""
    print("published:", text)
    return "done"


def new_team() -> Team:
    """As a new process would make it."""
    writer = Agent(name="Writer", model=ScriptedModel(says("Tea is fine")))
    publisher = Agent(
        name="Publisher", tools=[publish], model=ScriptedModel(wants("publish", text="Tea is fine"), says("Published"))
    )
    return Team([writer, publisher], mode="tasks", name="Press", db=SqliteDb(db_file="press.db"), session_id="tea")


plan = (
    wants(
        call("create_task", title="Write", description="Write about tea", assignee="writer"),
        call("create_task", title="Publish", description="Publish it", assignee="publisher", depends_on=["task-1"]),
    ),
    wants("execute_task", task_id="task-1"),
    wants("execute_task", task_id="task-2"),
)

if __name__ == "__main__":
    first = new_team()
    first.model = ScriptedModel(*plan)
    run = first.run("An article about tea")
    for requirement in run.active_requirements:
        asked = requirement.tool_execution
        print(f"paused: {requirement.member_agent_name} wants {asked.tool_name} {asked.tool_args}")
        requirement.confirm()

    second = new_team()
    second.model = ScriptedModel(says("It is out."))
    second.members[1].model = ScriptedModel(says("Published"))
    done = second.continue_run(run_id=run.run_id, requirements=run.requirements)
    print(done.content)
    tasks = done.session_state["team_tasks"]["press"]["tasks"]
    print(", ".join(f"{task['id']} {task['status']}" for task in tasks))
