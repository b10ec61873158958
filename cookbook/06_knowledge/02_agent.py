"""An agent answers from what a customer may see: the model can narrow the filters of a run, and never widen them.

Prints:
    ann is told: ['The discount of Ann is ten percent.']
    bob, whose model asks for what is Ann's, is told: ['The discount of Bob is two percent.']
    bob, whose model asks for invoices, is told: []
"""

import json

from agno.agent import Agent
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.testing import ScriptedModel, says, wants
from agno.vectordb.in_memory import InMemoryVectorDb

knowledge = Knowledge(vector_db=InMemoryVectorDb(embedder=HashingEmbedder()))


def told(who: str, **filters: str) -> list[str]:
    """What the model gets to see when it searches for discounts."""
    search = wants("search_knowledge_base", query="discount", filters=filters)
    agent = Agent(
        model=ScriptedModel(search, says("Here it is.")),  # a real model chooses query and filters itself
        knowledge=knowledge,
        knowledge_filters={"customer": who},
        enable_agentic_knowledge_filters=True,
    )
    output = agent.run("What is my discount?")
    (answer,) = [message.content for message in output.messages if message.role == "tool"]
    return [] if answer == "No documents found" else [document["content"] for document in json.loads(answer)]


if __name__ == "__main__":
    for name, percent in (("ann", "ten"), ("bob", "two")):
        text = f"The discount of {name.title()} is {percent} percent."
        knowledge.add_content(text_content=text, metadata={"customer": name, "kind": "discount"})
    print("ann is told:", told("ann", kind="discount"))
    print("bob, whose model asks for what is Ann's, is told:", told("bob", customer="ann"))
    print("bob, whose model asks for invoices, is told:", told("bob", kind="invoice"))
