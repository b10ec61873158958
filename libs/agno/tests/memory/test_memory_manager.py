"""The memory manager by itself, in both colours."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from typing import Any

import pytest

from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.memory import MemoryManager, UserMemory
from agno.models.message import Message
from agno.testing import ScriptedModel, says, wants, wants_many
from agno.testing.script import call

in_both_colours = pytest.mark.parametrize("colour", ["sync", "async"])


def ask(manager: MemoryManager, colour: str, method: str, *arguments: Any, **named: Any) -> Any:
    if colour == "sync":
        return getattr(manager, method)(*arguments, **named)
    return asyncio.run(getattr(manager, f"a{method}")(*arguments, **named))


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


@pytest.fixture(params=["memory", "sqlite"])
def db(request: Any, tmp_path: Any) -> Any:
    return InMemoryDb() if request.param == "memory" else SqliteDb(db_file=tmp_path / "a.db")


def manager_with(db: Any, *turns: Any, **settings: Any) -> MemoryManager:
    return MemoryManager(model=ScriptedModel(*turns), db=db, **settings)


@in_both_colours
def test_memories_are_kept_read_replaced_and_deleted(db: Any, colour: str) -> None:
    manager = MemoryManager(db=db)
    memory_id = ask(manager, colour, "add_user_memory", UserMemory("Likes tea", topics=["drinks"]))
    assert ask(manager, colour, "add_user_memory", UserMemory("Owns a cat", memory_id="mine")) == "mine"
    assert [m.memory for m in ask(manager, colour, "get_user_memories", "default")] == ["Likes tea", "Owns a cat"]
    assert ask(manager, colour, "replace_user_memory", "mine", UserMemory("Owns a dog")) == "mine"
    found = ask(manager, colour, "get_user_memory", "mine")
    assert (found.memory, found.user_id) == ("Owns a dog", "default") and found.updated_at is not None
    ask(manager, colour, "delete_user_memory", memory_id)
    ask(manager, colour, "delete_user_memory", "unknown")
    assert [m.memory_id for m in ask(manager, colour, "get_user_memories")] == ["mine"]


@in_both_colours
def test_no_method_touches_the_memories_of_another_user(db: Any, colour: str) -> None:
    manager = MemoryManager(db=db)
    ask(manager, colour, "add_user_memory", UserMemory("Secret", memory_id="b"), user_id="bob")
    ask(manager, colour, "add_user_memory", UserMemory("Likes tea", memory_id="a"), user_id="ada")
    assert ask(manager, colour, "get_user_memory", "b", "ada") is None
    ask(manager, colour, "delete_user_memory", "b", "ada")
    for write in ("add_user_memory", "replace_user_memory"):
        given = ("b", UserMemory("x")) if write == "replace_user_memory" else (UserMemory("x", memory_id="b"),)
        with pytest.raises(ValueError, match="'ada' has no memory 'b'"):
            ask(manager, colour, write, *given, user_id="ada")
    ask(manager, colour, "clear_user_memories", "ada")
    assert [m.memory for m in db.get_user_memories()] == ["Secret"]
    ask(manager, colour, "clear")
    assert db.get_user_memories() == []


def test_the_same_is_not_kept_twice_for_a_user(db: Any) -> None:
    manager = MemoryManager(db=db)
    first = manager.add_user_memory(UserMemory("Likes tea"), user_id="ada")
    assert manager.add_user_memory(UserMemory("  likes  TEA. "), user_id="ada") == first
    other = manager.add_user_memory(UserMemory("Likes tea"), user_id="bob")
    assert other != first and len(db.get_user_memories()) == 2
    manager.replace_user_memory(first, UserMemory("Likes coffee"), user_id="ada")
    again = manager.add_user_memory(UserMemory("Likes tea"), user_id="ada")
    assert [m.memory for m in db.get_user_memories("ada")] == ["Likes coffee", "Likes tea"] and again != first
    with pytest.raises(ValueError, match="without text"):
        manager.add_user_memory(UserMemory("  "))


@in_both_colours
def test_the_newest_the_oldest_and_the_helpful_memories_are_found(colour: str, monkeypatch: Any) -> None:
    db = InMemoryDb()
    for number in range(4):
        monkeypatch.setattr("agno.db._records.now_epoch", lambda number=number: 1_000 + number)
        db.upsert_user_memory(UserMemory(f"fact {number}", memory_id=str(number), user_id="ada"))
    db.upsert_user_memory(UserMemory("of bob", memory_id="b", user_id="bob"))
    manager = manager_with(db, says('{"memory_ids": ["2", "b", "0", "2"]}'), says("I do not know"))

    def found(**search: Any) -> list[str]:
        return [m.memory_id for m in ask(manager, colour, "search_user_memories", user_id="ada", **search)]

    assert found() == found(limit=99) == found(retrieval_method="first_n") == ["0", "1", "2", "3"]
    assert found(limit=2) == found(limit=2, retrieval_method="last_n") == ["2", "3"], "oldest first"
    assert found(limit=2, retrieval_method="first_n") == ["0", "1"]
    assert found(limit=0) == []
    assert found(retrieval_method="agentic", query="what?") == ["2", "0"]
    assert found(retrieval_method="agentic", query="what?") == [], "no choice, no memories"
    with pytest.raises(ValueError, match="needs query="):
        found(retrieval_method="agentic")
    with pytest.raises(ValueError, match="none of 'last_n'"):
        found(retrieval_method="best")


@in_both_colours
def test_the_model_adds_and_updates_and_identity_stays(db: Any, colour: str) -> None:
    old = UserMemory("Lives in Rome", memory_id="m", user_id="ada", agent_id="first", topics=["home"], run_id="r0")
    db.upsert_user_memory(old)
    turns = wants_many(
        call("update_memory", memory_id="m", memory="Lives in Oslo", topics=[]), call("add_memory", memory="Has a cat")
    )
    manager = manager_with(db, turns, says("Done."))
    made = {"message": "I moved to Oslo with my cat", "agent_id": "second", "user_id": "ada"}
    assert ask(manager, colour, "create_user_memories", **made) == "Done."
    updated, added = sorted(db.get_user_memories("ada"), key=lambda m: m.memory, reverse=True)
    assert (updated.memory, updated.topics, updated.agent_id) == ("Lives in Oslo", ["home"], "first")
    assert (added.memory, added.agent_id, added.input) == ("Has a cat", "second", "I moved to Oslo with my cat")
    request = manager.model.requests[0]
    assert request.tool_names == ["add_memory", "update_memory"]
    assert all(tool["function"]["strict"] for tool in request.tools)
    prompt, said = (m.content for m in request.messages)
    assert "<existing_memories>\nID: m\nMemory: Lives in Rome\n</existing_memories>" in prompt
    assert said == "I moved to Oslo with my cat"


def test_the_prompt_can_be_changed_in_parts_or_whole(db: Any) -> None:
    parts = manager_with(db, says("-"), memory_capture_instructions="Only pets.", additional_instructions="Be strict.")
    parts.create_user_memories(messages=[Message("user", "a"), Message("assistant", "b"), Message("user", "c")])
    prompt, said = (m.content for m in parts.model.requests[0].messages)
    assert "<memories_to_capture>\nOnly pets.\n</memories_to_capture>" in prompt and prompt.endswith("Be strict.")
    assert said == "a\nc"
    whole = manager_with(db, says("-"), system_message="Mine.")
    whole.create_user_memories("hi")
    assert whole.model.requests[0].messages[0].content == "Mine."


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["add_memory", "update_memory"]),
        ({"delete_memories": True}, ["add_memory", "update_memory", "delete_memory"]),
        ({"add_memories": False, "clear_memories": True}, ["update_memory", "clear_memory"]),
    ],
)
def test_a_task_gets_the_tools_that_are_switched_on(settings: dict[str, bool], names: list[str]) -> None:
    manager = manager_with(InMemoryDb(), says("ok"), **settings)
    manager.update_memory_task("tidy up")
    assert manager.model.requests[0].tool_names == names


def test_clearing_by_the_model_is_for_one_user(db: Any) -> None:
    for user in ("ada", "bob"):
        db.upsert_user_memory(UserMemory("x", user_id=user))
    manager = manager_with(db, wants("clear_memory"), says("Forgotten."), clear_memories=True)
    assert manager.update_memory_task("Forget everything", user_id="ada") == "Forgotten."
    assert [m.user_id for m in db.get_user_memories()] == ["bob"]


def test_a_model_that_never_ends_is_stopped(db: Any) -> None:
    def more(messages: list[Message]) -> Any:
        return wants("add_memory", memory=f"fact {len(messages)}")

    manager = MemoryManager(model=ScriptedModel(more, repeat=True), db=db)
    manager.create_user_memories("go on")
    assert len(db.get_user_memories()) == 20


@in_both_colours
def test_what_cannot_be_asked_is_said(colour: str) -> None:
    manager = MemoryManager(model=ScriptedModel())
    assert "no database" in ask(manager, colour, "create_user_memories", "hi")
    assert "no database" in ask(manager, colour, "update_memory_task", "hi")
    assert ask(manager, colour, "get_user_memories") == [] and ask(manager, colour, "get_user_memory", "m") is None
    assert ask(manager, colour, "add_user_memory", UserMemory("x")) is None
    assert ask(manager, colour, "search_user_memories") == ask(manager, colour, "optimize_memories") == []
    with pytest.raises(ValueError, match="needs message="):
        ask(manager, colour, "create_user_memories")
    idle = MemoryManager(db=InMemoryDb(), add_memories=False, update_memories=False)
    with pytest.raises(ValueError, match="neither add nor update"):
        ask(idle, colour, "create_user_memories", "hi")


@in_both_colours
def test_what_is_no_memory_is_refused_and_half_a_character_does_not_lose_one(db: Any, colour: str) -> None:
    manager = MemoryManager(db=db)
    with pytest.raises(TypeError, match=r"'Likes tea' \(str\) is no memory. Give UserMemory"):
        ask(manager, colour, "add_user_memory", "Likes tea")
    ask(manager, colour, "add_user_memory", UserMemory("Likes \ud800", topics=["\udfff"], input="I like \ud800"))
    [kept] = ask(manager, colour, "get_user_memories")
    assert (kept.memory, kept.topics, kept.input) == ("Likes \ufffd", ["\ufffd"], "I like \ufffd")


@in_both_colours
def test_memories_are_tidied_up(db: Any, colour: str) -> None:
    for text in ("Likes tea", "Drinks tea", "Owns a cat"):
        db.upsert_user_memory(UserMemory(text, user_id="ada"))
    db.upsert_user_memory(UserMemory("of bob", user_id="bob"))
    new = '{"memories": [{"memory": "Likes to drink tea", "topics": ["tea"]}, {"memory": "Owns a cat"}]}'
    manager = manager_with(db, says(new), says("?"), says(new), says('{"memories": [{"memory": "Tea and a cat"}]}'))
    dry = ask(manager, colour, "optimize_memories", "ada", apply=False)
    assert [m.memory for m in dry] == ["Likes to drink tea", "Owns a cat"] and len(db.get_user_memories("ada")) == 3
    assert len(ask(manager, colour, "optimize_memories", "ada")) == 3, "an answer that cannot be read changes nothing"
    kept = next(m.memory_id for m in db.get_user_memories("ada") if m.memory == "Owns a cat")
    after = {m.memory: m for m in ask(manager, colour, "optimize_memories", "ada")}
    assert after.keys() == {"Likes to drink tea", "Owns a cat"} and after["Owns a cat"].memory_id == kept
    one = ask(manager, colour, "optimize_memories", "ada", strategy="summarize")
    assert [m.memory for m in one] == ["Tea and a cat"]
    assert [m.memory for m in ask(manager, colour, "optimize_memories", "bob")] == ["of bob"], "one needs no model"
    with pytest.raises(ValueError, match="neither 'merge'"):
        ask(manager, colour, "optimize_memories", strategy="shrink")


def test_a_copy_for_a_run_leaves_the_manager_as_it_is() -> None:
    class Mine(MemoryManager):
        pass

    model, db = ScriptedModel(), InMemoryDb()
    manager = Mine(additional_instructions="x")
    copy = manager.for_run(model=model, db=db, run_id="r")
    assert type(copy) is Mine and (copy.model, copy.db, copy.additional_instructions) == (model, db, "x")
    assert (manager.model, manager.db, manager.spent) == (None, None, [])
    own = ScriptedModel()
    assert MemoryManager(model=own).for_run(model=model, db=db).model is own
    copy.add_user_memory(UserMemory("Likes tea"))
    assert db.get_user_memories()[0].run_id == "r"
