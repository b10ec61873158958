"""A team that routes: the leader chooses one member, whose answer is the team's, word for word.

A member may be a team itself. The leader of a team without `model=` would be OpenAI's; members without one use the leader's.

Prints:
    Merci beaucoup
    asked: French
"""

from agno.agent import Agent
from agno.team import Team
from agno.testing import ScriptedModel, says, wants

french = Agent(name="French", role="Answers in French", model=ScriptedModel(says("Merci beaucoup")))
german = Agent(name="German", role="Answers in German", model=ScriptedModel(says("Vielen Dank")))

leader = ScriptedModel(wants("delegate_task_to_member", member_id="french", task_description="Say thank you"))
team = Team([french, german], model=leader, mode="route", name="Languages")

if __name__ == "__main__":
    run = team.run("How do I say 'thank you' in Paris?")
    print(run.content)
    print("asked:", ", ".join(member.agent_name for member in run.member_responses))
