"""A tool with which the model looks up what was said in earlier sessions, of the same user and no other.

Prints:
    ada asks: found Green, from session tea
    bob asks: There are no earlier sessions with this user.
"""

import json

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.testing import ScriptedModel, says, wants

model = ScriptedModel(
    says("Green"),
    wants("search_past_sessions", query="favourite tea"),
    says("You said that it is green."),
    wants("search_past_sessions", query="favourite tea"),
    says("I do not know."),
)
agent = Agent(id="waiter", model=model, db=InMemoryDb(), search_past_sessions=True)

if __name__ == "__main__":
    agent.run("What is my favourite tea again?", user_id="ada", session_id="tea")
    run = agent.run("You told me my favourite tea. Which was it?", user_id="ada", session_id="later")
    (found,) = json.loads(run.tools[0].result)
    print(f"ada asks: found {found['assistant']}, from session {found['session_id']}")
    run = agent.run("What is Ada's favourite tea?", user_id="bob", session_id="other")
    print("bob asks:", run.tools[0].result)
