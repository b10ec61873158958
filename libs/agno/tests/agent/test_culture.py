"""Culture: what agents share. It is in the prompt, the model changes it, and it never costs the answer."""

from __future__ import annotations

from typing import Any

import pytest

from agno.agent import Agent
from agno.culture import CulturalKnowledge, CultureManager
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.testing import ScriptedModel, says, wants

from playing import in_every_mode, play

ADD = wants("add_knowledge", name="Tone", summary="Be brief", content="Answer in one sentence", categories=["style"])


@in_every_mode
def test_what_a_conversation_teaches_is_kept_and_told_to_all(mode: str, tmp_path: Any) -> None:
    kind = AsyncSqliteDb if mode.startswith("a") else SqliteDb
    db = kind(db_file=str(tmp_path / "a.db"))
    teacher = ScriptedModel(ADD, says("kept"))
    agent = Agent(
        model=ScriptedModel(says("Fine")),
        db=db,
        culture_manager=CultureManager(model=teacher),
        update_cultural_knowledge=True,
    )
    output = play(agent, "Please be brief, always", mode, user_id="ann").output
    assert output.content == "Fine" and output.metrics.details["culture_model"][0].total_tokens == 30
    asked = teacher.requests[0].messages
    assert (
        "User: Please be brief, always\nAssistant: Fine" in asked[1].content
        and "<culture_to_capture>" in asked[0].content
    )
    model = ScriptedModel(says("Ok"))
    play(Agent(model=model, db=db, add_culture_to_context=True), "Hi", mode, user_id="ben")
    told = model.requests[0].messages[0].content
    assert "<cultural_knowledge>\n- Tone: Answer in one sentence\n</cultural_knowledge>" in told


@in_every_mode
def test_with_agentic_culture_the_model_decides(mode: str) -> None:
    db = InMemoryDb()
    known = CultureManager(db=db).add_cultural_knowledge(CulturalKnowledge(name="Dates", content="Use ISO"))
    model = ScriptedModel(
        wants("update_cultural_knowledge", task="Drop the rule about dates"),
        wants("delete_knowledge", id=known),
        says("dropped"),
        says("Done"),
    )
    output = play(Agent(model=model, db=db, enable_agentic_culture=True), "No ISO dates any more", mode).output
    assert output.content == "Done" and output.tools[0].result == "dropped"
    first = model.requests[0]
    assert "update_cultural_knowledge" in first.tool_names and "<contributing_to_culture>" in first.messages[0].content
    assert {"add_knowledge", "update_knowledge", "delete_knowledge", "clear_knowledge"} == set(
        model.requests[1].tool_names
    )
    assert CultureManager(db=db).get_all_knowledge() == []


class Broken(InMemoryDb):
    def get_all_cultural_knowledge(self, *args: Any, **options: Any) -> Any:
        raise OSError("disk on fire")

    def get_learnings(self, *args: Any, **options: Any) -> Any:
        raise OSError("disk on fire")


@in_every_mode
def test_neither_culture_nor_learning_costs_the_answer(mode: str) -> None:
    agent = Agent(model=ScriptedModel(says("Fine")), db=Broken(), update_cultural_knowledge=True, learning=True)
    seen = play(agent, "Hi", mode)
    assert seen.output.content == "Fine" and seen.output.status == "COMPLETED"


@in_every_mode
def test_nothing_is_added_where_it_is_not_wanted(mode: str) -> None:
    db, model = InMemoryDb(), ScriptedModel(says("a"), says("b"))
    CultureManager(db=db).add_cultural_knowledge(CulturalKnowledge(name="Dates", content="Use ISO"))
    play(Agent(model=model, db=db), "Hi", mode)
    play(Agent(model=model, db=db, culture_manager=CultureManager(), add_culture_to_context=False), "Hi", mode)
    assert [m.role for request in model.requests for m in request.messages] == ["user", "user"]


def test_the_manager_reads_and_writes_without_a_model() -> None:
    manager = CultureManager(db=InMemoryDb())
    first = manager.add_cultural_knowledge(CulturalKnowledge(name="a", content="1"))
    assert manager.add_cultural_knowledge(CulturalKnowledge(id=first, name="a", content="2")) == first
    assert manager.get_knowledge(first).content == "2" and manager.get_all_knowledge("b") == []
    assert manager.delete_cultural_knowledge(first) is True and manager.get_knowledge(first) is None
    manager.clear_all_knowledge()
    assert Agent(model=ScriptedModel(), culture_manager=manager).get_culture_knowledge() == []
    with pytest.raises(ValueError, match="needs message="):
        manager.create_cultural_knowledge()
    assert CultureManager().get_all_knowledge() == [], "without a database there is nothing, and a warning"
