"""A conversation that is kept in a SQLite file, with state that a tool changes."""

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.run import RunContext
from agno.testing import ScriptedModel, says, wants


def remember(run_context: RunContext, word: str) -> str:
    """Keep a word."""
    run_context.session_state.setdefault("words", []).append(word)
    return "kept"


model = ScriptedModel(wants("remember", word="agno"), says("I will remember it."), says("You said: agno."))
agent = Agent(
    model=model, tools=[remember], db=SqliteDb(db_file="sessions.db"), session_id="s", add_history_to_context=True
)
agent.run("Remember the word agno.")
print(agent.run("Which word?").content)
print(agent.get_session_state())
print([f"{message.role}: {message.content}" for message in agent.get_chat_history()])
