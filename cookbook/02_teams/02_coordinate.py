"""A team that coordinates: the leader gives tasks to members, reads what they answer, and answers itself.

`share_member_interactions` lets the second member read what the first was asked and answered.

Prints:
    Three cups a day, checked.
    Checker was told: Response: Three cups a day
"""

from agno.agent import Agent
from agno.team import Team
from agno.testing import ScriptedModel, call, says, wants

researcher = Agent(name="Researcher", role="Looks things up", model=ScriptedModel(says("Three cups a day")))
checker = Agent(name="Checker", role="Checks facts", model=ScriptedModel(says("That is right")))


def task(member: str, text: str) -> object:
    return call("delegate_task_to_member", member_id=member, task_description=text)


leader = ScriptedModel(
    wants(task("researcher", "How much tea do people drink?")),
    wants(task("checker", "Is that right?")),
    says("Three cups a day, checked."),
)
team = Team([researcher, checker], model=leader, name="Newsroom", share_member_interactions=True)

if __name__ == "__main__":
    run = team.run("How much tea do people drink?")
    print(run.content)
    told = run.member_responses[1].input.input_content
    print("Checker was told:", next(line for line in told.splitlines() if line.startswith("Response")))
