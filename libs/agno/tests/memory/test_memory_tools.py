"""The toolkit with which a model looks after memories by itself."""

from __future__ import annotations

import json

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.schemas import UserMemory
from agno.testing import ScriptedModel, says, wants, wants_many
from agno.testing.script import call
from agno.tools.memory import MemoryTools

from playing import in_every_mode, play


@in_every_mode
def test_a_model_reads_adds_changes_and_deletes_memories_of_its_user(mode: str) -> None:
    db = InMemoryDb()
    db.upsert_user_memory(UserMemory("Likes tea", memory_id="tea", user_id="ada", topics=["drinks"]))
    db.upsert_user_memory(UserMemory("Lives in Rome", memory_id="rome", user_id="ada"))
    db.upsert_user_memory(UserMemory("Secret", memory_id="b", user_id="bob"))
    model = ScriptedModel(
        wants("think", thought="Look first."),
        wants("get_memories"),
        wants_many(
            call("add_memory", memory="Has a cat", topics=["pets"]),
            call("update_memory", memory_id="tea", memory="Likes coffee"),
            call("delete_memory", memory_id="rome"),
            call("delete_memory", memory_id="b"),
            call("update_memory", memory_id="b", memory="x"),
        ),
        wants("analyze", analysis="Done."),
        says("ok"),
    )
    agent = Agent(model=model, tools=[MemoryTools(db)], session_id="s")
    output = play(agent, "go", mode, user_id="ada").output
    results = [tool.result for tool in output.tools]
    assert results[0] == "Thought: Look first." and results[-1] == "Thought: Look first.\nAnalysis: Done."
    assert [m["memory_id"] for m in json.loads(results[1])] == ["tea", "rome"]
    mine = {m.memory: m for m in db.get_user_memories("ada")}
    assert mine.keys() == {"Likes coffee", "Has a cat"}
    assert mine["Likes coffee"].topics == ["drinks"]
    assert (mine["Has a cat"].run_id, mine["Has a cat"].session_id) == (output.run_id, "s")
    assert db.get_user_memory("b").memory == "Secret" and "no memory" in results[5] and "no memory" in results[6]
    assert "`get_memories` before you answer" in model.requests[0].messages[0].content


def test_its_tools_can_be_chosen_and_used_without_a_run() -> None:
    toolkit = MemoryTools(InMemoryDb(), enable_think=False, enable_analyze=False, enable_delete_memory=False)
    assert list(toolkit.functions) == ["get_memories", "add_memory", "update_memory"]
    assert "Nothing" in toolkit.get_memories() and "Added" in toolkit.add_memory("Likes tea")
    assert "known already" in toolkit.add_memory("likes tea")
    assert len(MemoryTools(InMemoryDb(), enable_think=False, all=True).functions) == 6
    with pytest.raises(ValueError, match="needs a database"):
        MemoryTools(None)


def test_examples_can_be_added_to_its_instructions() -> None:
    assert "lived in Rome before" in MemoryTools(InMemoryDb(), add_few_shot=True).instructions
    mine = MemoryTools(InMemoryDb(), instructions="Mine.", add_few_shot=True, few_shot_examples="Like so.")
    assert mine.instructions == "Mine.\n\nLike so."
