"""The model itself changes what is remembered, when the user asks for it: `enable_agentic_memory=True`.

It gets one tool, `update_user_memory`, and says in words what to do. A second call of a model, which may be a smaller one,
does it. Only memories of the user who asks can be changed.

Prints:
    Of course. I forgot it.
    update_user_memory -> Deleted one memory.
    ['Likes tea']
    memory_model offline-small
"""

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.memory import MemoryManager, UserMemory
from agno.testing import ScriptedModel, says, wants

small = ScriptedModel(wants("delete_memory", memory_id="home"), says("Deleted one memory."), id="offline-small")
agent = Agent(
    model=ScriptedModel(
        wants("update_user_memory", task="Forget where the user lives"), says("Of course. I forgot it.")
    ),
    db=InMemoryDb(),
    memory_manager=MemoryManager(model=small, delete_memories=True),
    enable_agentic_memory=True,
)

if __name__ == "__main__":
    agent.db.upsert_user_memory(UserMemory("Lives in Rome", memory_id="home", user_id="ada"))
    agent.db.upsert_user_memory(UserMemory("Likes tea", user_id="ada"))
    run = agent.run("Please forget where I live", user_id="ada")
    print(run.content)
    print(run.tools[0].tool_name, "->", run.tools[0].result)
    print([memory.memory for memory in agent.get_user_memories("ada")])
    print("memory_model", run.metrics.details["memory_model"][0].id)
