"""A summary of the session, brought up to date after each run. The next run finds it in its prompt.

It costs the same however long the session is: the model reads the summary so far and what was said since.

Prints:
    Ada plans a trip to Rome.
    Ada plans a trip to Rome, by train. ['travel']
    in the prompt: True
"""

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.session import SessionSummaryManager
from agno.testing import ScriptedModel, says

small = ScriptedModel(
    says('{"summary": "Ada plans a trip to Rome."}'),
    says('{"summary": "Ada plans a trip to Rome, by train.", "topics": ["travel"]}'),
)
model = ScriptedModel(says("When will you go?"), says("A fine choice."))
agent = Agent(
    model=model,
    db=SqliteDb(db_file="summary.db"),
    session_id="trip",
    session_summary_manager=SessionSummaryManager(model=small),
)

if __name__ == "__main__":
    agent.run("I am Ada, I want to go to Rome")
    print(agent.get_session_summary().summary)
    agent.run("By train")
    summary = agent.get_session_summary()
    print(summary.summary, summary.topics)
    print("in the prompt:", "Ada plans a trip to Rome." in model.requests[1].messages[0].content)
