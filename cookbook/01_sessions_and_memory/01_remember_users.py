"""An agent that remembers its users: what matters of what they say is kept, and found again in another session.

The script plays the model. With a model of yours, such as `OpenAIChat(id="gpt-4o")`, it decides by itself what to keep. The
answer never waits for it: it is out, and stored, before memories are made.

Prints:
    Nice to meet you, Ada!
    The user is called Ada and likes green tea. ['name', 'tea'] from session monday
    How about a Sencha, Ada?
    bob: []
"""

from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.testing import ScriptedModel, says, wants

agent = Agent(
    model=ScriptedModel(
        says("Nice to meet you, Ada!"),
        wants("add_memory", memory="The user is called Ada and likes green tea.", topics=["name", "tea"]),
        says("Noted."),
        says("How about a Sencha, Ada?"),
        says("Nothing new."),
    ),
    db=SqliteDb(db_file="memory.db"),
    enable_user_memories=True,
)

if __name__ == "__main__":
    print(agent.run("I am Ada, and I like green tea", user_id="ada", session_id="monday").content)
    for memory in agent.get_user_memories("ada"):
        print(memory.memory, memory.topics, "from session", memory.session_id)
    print(agent.run("What shall I drink?", user_id="ada", session_id="tuesday").content)
    print("bob:", agent.get_user_memories("bob"))
