"""Agents as data: stored in versions, made again, without secrets."""

from __future__ import annotations

import asyncio
import copy
import json
from pathlib import Path
from typing import Any

import pytest
from agent.shop import Order, Stock, find_order, polite, refund

from agno.agent import Agent
from agno.compression import CompressionManager
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.exceptions import ComponentPinError, ComponentRehydrationError
from agno.guardrails import PIIDetectionGuardrail
from agno.models.fallback import FallbackConfig
from agno.models.message import Message
from agno.models.offline import OfflineModel
from agno.models.openai import OpenAIChat
from agno.registry import Registry
from agno.run.agent import RunEvent
from agno.skills import LocalSkills, Skills
from agno.testing import ScriptedModel, says, wants
from agno.tools.function import Function

from playing import in_every_mode, play


def a_full_agent(**more: Any) -> Agent:
    settings: dict[str, Any] = {
        "name": "Shop Help",
        "model": OpenAIChat(id="gpt-4o-mini", temperature=0.2, api_key="sk-secret", base_url="http://x:pw@h/v1"),
        "tools": [find_order, refund, Stock("Oslo", api_key="sk-stock", cache_results=True), {"type": "web_search"}],
        "instructions": ["Be kind", "Be brief"],
        "output_schema": Order,
        "pre_hooks": [polite, PIIDetectionGuardrail(mask_pii=True)],
        "additional_input": [Message("user", "few"), "shot", Order(number=3)],
        "events_to_skip": [RunEvent.run_content],
        "session_state": {"cart": [1, {"n": None}]},
        "fallback_config": FallbackConfig(on_error=["offline:x"]),
        "compression_manager": CompressionManager(compress_tool_results_limit=5),
        "skills": Skills([LocalSkills("/tmp")]),
        "retries": 2,
    }
    return Agent(**{**settings, **more})


def test_what_is_made_again_is_as_it_was() -> None:
    agent = a_full_agent()
    data = json.loads(json.dumps(agent.to_dict()))
    before = copy.deepcopy(data)
    twin = Agent.from_dict(data)
    assert data == before, "reading changes nothing"
    assert twin.to_dict() == data and twin.id == "shop-help"
    assert twin.tools[0] is find_order and twin.tools[1] is refund and twin.tools[3] == {"type": "web_search"}
    assert twin.tools[2].place == "Oslo" and twin.tools[2].cache_results is True
    assert twin.output_schema is Order and twin.pre_hooks[0] is polite and twin.pre_hooks[1].mask_pii is True
    assert twin.additional_input == agent.additional_input and twin.session_state == agent.session_state
    assert (twin.model.id, twin.model.temperature, twin.retries) == ("gpt-4o-mini", 0.2, 2)
    assert twin.fallback_config.on_error == ["offline:x"]
    assert twin.compression_manager.compress_tool_results_limit == 5
    assert twin.skills.loaders[0].path == Path("/tmp")


def test_no_secret_is_stored() -> None:
    data = json.dumps(a_full_agent().to_dict())
    assert "sk-" not in data and "pw@" not in data
    assert Agent.from_dict(json.loads(data)).model.api_key is None


@in_every_mode
def test_a_loaded_agent_runs(mode: str, tmp_path: Path) -> None:
    db = SqliteDb(db_file=tmp_path / "a.db")
    Agent(name="Help", model=OfflineModel(), tools=[find_order], db=db, instructions="one").save()
    loaded = Agent.load("help", db=SqliteDb(db_file=tmp_path / "a.db"))
    assert loaded is not None and loaded.instructions == "one" and loaded.db.db_file == str(tmp_path / "a.db")
    loaded.model = ScriptedModel(wants("find_order", number=7), says("here"))
    seen = play(loaded, "where is 7?", mode)
    assert seen.output is not None and seen.output.tools[0].result == "order 7"


def test_the_async_faces_do_the_same(tmp_path: Path) -> None:
    async def scenario() -> None:
        db = SqliteDb(db_file=tmp_path / "a.db")
        agent = Agent(id="a", model=OfflineModel(), db=db, instructions="1")
        assert await agent.asave() == 1
        loaded = await Agent.aload("a", db=db)
        assert loaded is not None and loaded.instructions == "1"
        assert await agent.adelete() and await Agent.aload("a", db=db) is None

    asyncio.run(scenario())


def test_versions_labels_and_drafts() -> None:
    db = InMemoryDb()
    agent = Agent(id="a", model=OfflineModel(), db=db, instructions="1")
    assert agent.save(label="first") == 1
    agent.instructions = "2"
    assert agent.save(stage="draft", notes="to be discussed") == 2
    instructions = [Agent.load("a", db=db, **pin).instructions for pin in ({}, {"version": 2}, {"label": "first"})]
    assert instructions == ["1", "2", "1"]
    with pytest.raises(ComponentPinError, match="'a' has no version 9"):
        Agent.load("a", db=db, version=9)
    assert Agent.load("b", db=db) is None and Agent.load("b", db=db, version=1) is None
    assert agent.delete(version=2) and agent.delete() and not agent.delete()
    assert Agent.load("a", db=db) is None


def test_options_of_a_tool_that_differ_from_its_module_are_kept() -> None:
    limited = refund.model_copy(update={"tool_call_limit": 1, "requires_confirmation": None})
    twin = Agent.from_dict(Agent(tools=[limited]).to_dict())
    assert isinstance(twin.tools[0], Function)
    assert (twin.tools[0].tool_call_limit, twin.tools[0].requires_confirmation) == (1, None)
    assert refund.tool_call_limit is None


def test_what_lies_in_no_module_needs_a_registry() -> None:
    def local_tool() -> str:
        return "local"

    class Base:
        name = "handbook"

        def search(self) -> list[Any]:
            return []

    base = Base()
    registry = Registry(tools=[local_tool], objects=[base])
    agent = Agent(name="A", tools=[local_tool], knowledge=base)
    with pytest.raises(ValueError, match="knowledge= of Agent .A. holds .* cannot be stored. Put it into a Registry"):
        agent.to_dict()
    data = agent.to_dict(registry)
    twin = Agent.from_dict(data, registry)
    assert twin.tools == [local_tool] and twin.knowledge is base
    with pytest.raises(ComponentRehydrationError, match="uses 'local_tool' of a registry"):
        Agent.from_dict(data)
    alone = Agent(name="A", tools=[local_tool]).to_dict()
    with pytest.raises(ComponentRehydrationError, match="lies in no module that can be imported"):
        Agent.from_dict(alone)
    assert Agent.from_dict(alone, registry).tools == [local_tool]


@pytest.mark.parametrize("setting", [{"tools": [lambda: 1]}, {"metadata": {1: 2}}, {"metadata": {"x": b"1"}}])
def test_what_cannot_be_stored_is_told_in_a_sentence(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(setting))}= of Agent .A. .*stored"):
        Agent(name="A", **setting).to_dict()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"$": "function", "name": "system", "path": "os:system"}, "only your own and agno's modules"),
        ({"$": "object", "class": "subprocess:Popen", "settings": {"args": "ls"}}, "only your own and agno's modules"),
        ({"$": "object", "class": "agent.shop:Order", "settings": {}}, "no class that can be stored"),
        ({"$": "function", "name": "gone", "path": "agent.shop:gone"}, "is not there any more"),
        ({"$": "function", "name": "x", "path": "agent.no_such:x"}, "is not there any more"),
        ({"$": "object", "class": "agent.shop:Stock", "settings": {}}, "cannot be made again"),
        ({"$": "spell"}, "this version of Agno does not know"),
    ],
)
def test_what_cannot_be_made_again_is_told_in_a_sentence(value: dict[str, Any], told: str) -> None:
    with pytest.raises(ComponentRehydrationError, match=f"Agent 'A' .*{told}"):
        Agent.from_dict({"name": "A", "tools": [value]})


def test_databases_come_from_the_call_the_registry_or_their_file(tmp_path: Path) -> None:
    memory = InMemoryDb(id="main")
    data = Agent(name="A", db=memory).to_dict()
    assert Agent.from_dict(data, db=memory).db is memory
    assert Agent.from_dict(data, Registry(dbs=[memory])).db is memory
    data = Agent(name="A", db=InMemoryDb()).to_dict()
    with pytest.raises(ComponentRehydrationError, match="was stored with the database"):
        Agent.from_dict(data)
    data = Agent(name="A", db=SqliteDb(db_file=str(tmp_path / "x.db"), session_table="s")).to_dict()
    again = Agent.from_dict(data, db=memory).db
    assert isinstance(again, SqliteDb) and again.session_table_name == "s"


def test_agents_inside_and_subclasses_are_made_again() -> None:
    twin = Agent.from_dict(Agent(name="A", reasoning_agent=Agent(name="Thinker", retries=3)).to_dict())
    assert isinstance(twin.reasoning_agent, Agent) and twin.reasoning_agent.retries == 3


def test_unknown_keys_are_ignored_and_a_database_is_needed() -> None:
    assert Agent.from_dict({"name": "A", "from_the_future": 1}).settings() == {"name": "A"}
    with pytest.raises(ValueError, match="has no database to be stored in"):
        Agent(name="A").save()
