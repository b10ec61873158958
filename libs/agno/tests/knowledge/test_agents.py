"""Agents look things up, within the filters of their run."""

from __future__ import annotations

import asyncio
import json

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.filters import EQ, NOT
from agno.knowledge import Knowledge
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.testing import ScriptedModel, says, wants
from agno.tools.knowledge import KnowledgeTools
from agno.vectordb.in_memory import InMemoryVectorDb

from playing import in_every_mode, play


@pytest.fixture
def knowledge() -> Knowledge:
    made = Knowledge(vector_db=InMemoryVectorDb(embedder=HashingEmbedder(64)), contents_db=InMemoryDb(), max_results=5)
    for tenant in ("a", "b"):
        for kind in ("leaf", "bean"):
            text = f"{kind} tea of {tenant}"
            made.add_content(name=f"{tenant}-{kind}", text_content=text, metadata={"tenant": tenant, "kind": kind})
    return made


def told(model: ScriptedModel, number: int = -1) -> list[str]:
    """The passages that the model was given."""
    text = [message.content for message in model.requests[number].messages if message.role == "tool"][-1]
    return [] if text == "No documents found" else sorted(document["content"] for document in json.loads(text))


@in_every_mode
def test_the_tool_finds_and_the_run_keeps_the_references(knowledge, mode):
    model = ScriptedModel(wants("search_knowledge_base", query="leaf tea"), says("ok"))
    seen = play(Agent(model=model, knowledge=knowledge, knowledge_filters={"tenant": "a"}), "go", mode)
    assert told(model) == ["bean tea of a", "leaf tea of a"]
    (references,) = seen.output.references
    assert references.query == "leaf tea" and references.references[0]["name"] == "a-leaf"


@in_every_mode
@pytest.mark.parametrize("explicit", [{"tenant": "a"}, [EQ("tenant", "a")], [NOT(EQ("tenant", "b"))]], ids=str)
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, ["bean tea of a", "leaf tea of a"]),
        ({"kind": "leaf"}, ["leaf tea of a"]),
        ({"nonsense": 1}, ["bean tea of a", "leaf tea of a"]),
        ({"meta_data.tenant": "b"}, []),
    ],
    ids=str,
)
def test_the_model_can_only_narrow(knowledge, mode, explicit, asked, found):
    arguments = {"query": "tea", **({"filters": asked} if asked else {})}
    model = ScriptedModel(wants("search_knowledge_base", **arguments), says("ok"))
    agent = Agent(model=model, knowledge=knowledge, enable_agentic_knowledge_filters=True)
    play(agent, "go", mode, knowledge_filters=explicit)
    assert told(model) == found
    assert "kind, tenant" in model.requests[0].messages[0].content


@in_every_mode
def test_filters_of_the_settings_hold_even_if_nobody_knows_their_key(mode):
    # a new process without a list of contents knows no key at all
    store = InMemoryVectorDb(embedder=HashingEmbedder(64))
    Knowledge(vector_db=store).add_content(text_content="tea of b", metadata={"tenant": "b"})
    for filters, found in (({"tenant": "a"}, []), ({"tenant": "b"}, ["tea of b"])):
        model = ScriptedModel(wants("search_knowledge_base", query="tea"), says("ok"))
        play(Agent(model=model, knowledge=Knowledge(vector_db=store)), "go", mode, knowledge_filters=filters)
        assert told(model) == found


@in_every_mode
def test_what_the_model_adds_under_filters_is_found_under_them_only(knowledge, mode):
    model = ScriptedModel(wants("add_to_knowledge", query="Price?", result="tea costs two"), says("ok"))
    agent = Agent(model=model, knowledge=knowledge, update_knowledge=True)
    play(agent, "go", mode, knowledge_filters={"tenant": "b"})
    assert any("costs two" in one.content for one in knowledge.search("costs two", filters={"tenant": "b"}))
    assert not any("costs two" in one.content for one in knowledge.search("costs two", filters={"tenant": "a"}))


@in_every_mode
def test_passages_come_with_the_question(knowledge, mode):
    model = ScriptedModel(says("ok"))
    agent = Agent(model=model, knowledge=knowledge, add_knowledge_to_context=True, search_knowledge=False)
    play(agent, "bean tea", mode, knowledge_filters={"tenant": "b"})
    text = model.requests[0].messages[-1].content
    assert "bean tea of b" in text and "of a" not in text


@in_every_mode
def test_knowledge_tools_search_and_keep_notes(knowledge, mode):
    model = ScriptedModel(
        wants("think", thought="look for leaves"),
        wants("think", thought="and for beans"),
        wants("search", query="leaf tea"),
        wants("search", query="   "),
        wants("analyze", analysis="enough"),
        says("ok"),
    )
    agent = Agent(model=model, tools=[KnowledgeTools(knowledge, add_few_shot=True)])
    seen = play(agent, "go", mode, knowledge_filters={"tenant": "a"})
    assert seen.output.content == "ok"
    results = [message.content for message in model.requests[-1].messages if message.role == "tool"]
    assert results[:2] == ["Thoughts:\n- look for leaves", "Thoughts:\n- look for leaves\n- and for beans"]
    assert [one["content"] for one in json.loads(results[2])] == ["leaf tea of a", "bean tea of a"]
    assert results[3:] == ["No documents found", "Analysis:\n- enough"]
    assert seen.output.session_state["thoughts"] == ["look for leaves", "and for beans"]
    assert "battery" in model.requests[0].messages[0].content


def test_knowledge_tools_need_knowledge_and_offer_what_is_wanted(knowledge):
    with pytest.raises(ValueError, match="needs a knowledge base"):
        KnowledgeTools(None)
    some = KnowledgeTools(knowledge, enable_think=False, enable_analyze=False)
    assert list(some.functions) == ["search"] and some.name == "knowledge_tools"
    assert list(KnowledgeTools(knowledge, enable_think=False, all=True).functions) == ["think", "search", "analyze"]


def test_runs_at_the_same_time_share_a_knowledge(knowledge):
    async def all_of():
        agents = [
            Agent(model=ScriptedModel(wants("search_knowledge_base", query="tea"), says("ok")), knowledge=knowledge)
            for _ in range(40)
        ]
        runs = [agent.arun("go", knowledge_filters={"tenant": "ab"[n % 2]}) for n, agent in enumerate(agents)]
        return await asyncio.gather(*runs)

    for number, output in enumerate(asyncio.run(all_of())):
        assert all(one["content"].endswith("ab"[number % 2]) for one in output.references[0].references)
