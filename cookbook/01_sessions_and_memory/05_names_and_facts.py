"""What a session tells about itself: its name, its tags, and the facts of its newest run.

Prints:
    Tea for Ada ['tea', 'shop']
    Sencha. by scripted, COMPLETED
    key: None
    sessions: ['Tea for Ada']
"""

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.testing import ScriptedModel, says

agent = Agent(
    model=ScriptedModel(says("Sencha."), says("Tea for Ada"), id="scripted"),
    db=SqliteDb(db_file="names.db"),
    session_id="s",
)

if __name__ == "__main__":
    agent.run("Which tea?", user_id="ada")
    session = agent.set_session_name(autogenerate=True)  # the model makes it up
    session.tags = ["tea", "shop"]
    agent.save_session(session)

    session = agent.get_session()
    print(session.name, session.tags)
    print(session.last_run_output.content, "by", f"{session.last_run_model},", session.last_run_status.value)
    print("key:", session.last_run_api_key)  # never stored, never shown
    found = agent.db.get_sessions("agent", user_id="ada", session_name="tea", with_runs=False)
    print("sessions:", [one.name for one in found])
