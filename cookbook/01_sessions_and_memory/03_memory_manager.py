"""The memory manager by itself: keep, search and tidy up what is known about a user.

Prints:
    known already: True
    newest: ['Drinks tea', 'Has a cat']
    about pets: ['Has a cat']
    tidied up: ['Has a cat', 'Likes to drink tea']
"""

from agno.db.in_memory import InMemoryDb
from agno.memory import MemoryManager, UserMemory
from agno.testing import ScriptedModel, says

model = ScriptedModel(
    says('{"memory_ids": ["cat"]}'),
    says('{"memories": [{"memory": "Likes to drink tea"}, {"memory": "Has a cat"}]}'),
)
memories = MemoryManager(model=model, db=InMemoryDb())

if __name__ == "__main__":
    first = memories.add_user_memory(UserMemory("Likes tea"), user_id="ada")
    again = memories.add_user_memory(UserMemory("likes  tea."), user_id="ada")
    print("known already:", first == again)
    memories.add_user_memory(UserMemory("Drinks tea"), user_id="ada")
    memories.add_user_memory(UserMemory("Has a cat", memory_id="cat"), user_id="ada")
    print("newest:", [m.memory for m in memories.search_user_memories(limit=2, user_id="ada")])
    found = memories.search_user_memories("What pets?", retrieval_method="agentic", user_id="ada")
    print("about pets:", [m.memory for m in found])
    print("tidied up:", sorted(m.memory for m in memories.optimize_memories("ada")))
