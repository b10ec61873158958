"""Stored components, migrations, tidied memories and copied sessions over HTTP."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.migrations.manager import MigrationManager
from agno.db.schemas import UserMemory
from agno.db.sqlite import AsyncSqliteDb, SqliteDb
from agno.os import AgentOS
from agno.registry import Registry
from agno.team import Team
from agno.testing import ScriptedModel, says

from os_serving import agent, ask, request


def an_os(db: Any, *turns: Any, **settings: Any) -> AgentOS:
    helper = Agent(
        id="helper", name="Helper", model=ScriptedModel(*(turns or (says("Hello."),)), repeat=not turns), db=db
    )
    return AgentOS(agents=[helper], **settings)


@pytest.fixture(params=["memory", "sqlite", "async"])
def db(request: Any, tmp_path: Path) -> Any:
    if request.param == "memory":
        return InMemoryDb(id="main")
    made = AsyncSqliteDb if request.param == "async" else SqliteDb
    return made(db_file=str(tmp_path / "os.db"), id="main")


def asked(service: AgentOS, *requests: tuple[Any, ...]) -> list[tuple[int, Any]]:
    """Status and JSON of each answer."""

    async def go(client: Any) -> list[tuple[int, Any]]:
        found = []
        for method, path, *body in requests:
            answer = await client.request(method, path, **({"json": body[0]} if body else {}))
            found.append((answer.status_code, answer.json() if answer.content else None))
        return found

    found: list[tuple[int, Any]] = ask(service, go)
    return found


def test_a_component_is_stored_changed_in_versions_and_rolled_back(db: Any) -> None:
    service, one = an_os(db), "/components/the-clerk"
    new = {"name": "The Clerk", "component_type": "agent", "config": {"instructions": "Be kind."}, "notes": "first"}
    created, drafted = asked(service, ("POST", "/components", new), ("GET", f"{one}/configs/current"))
    assert created[0] == 201
    assert (created[1]["component_id"], created[1]["current_version"], created[1]["latest_version"]) == (
        "the-clerk",
        None,
        1,
    )
    assert drafted[1]["config"] == {"id": "the-clerk", "name": "The Clerk", "instructions": "Be kind."}
    assert (drafted[1]["stage"], drafted[1]["notes"]) == ("draft", "first")

    published, second, other, versions = asked(
        service,
        ("PATCH", f"{one}/configs/1", {"config": {"instructions": "Be brief."}, "stage": "published"}),
        ("POST", f"{one}/configs", {"config": {"instructions": "Be long."}, "stage": "published", "label": "long"}),
        ("POST", f"{one}/configs", {"config": {}, "stage": "published", "set_current": False}),
        ("GET", f"{one}/configs"),
    )
    assert published[1]["stage"] == "published" and second == (201, {**second[1], "version": 2, "label": "long"})
    assert [(v["version"], v["config"].get("instructions")) for v in versions[1]] == [
        (1, "Be brief."), (2, "Be long."), (3, None),
    ]  # fmt: skip
    assert other[1]["version"] == 3

    now, back, changed, gone, left = asked(
        service,
        ("GET", one),
        ("POST", f"{one}/configs/1/set-current"),
        ("PATCH", one, {"name": "Clerk", "metadata": {"a": 1}}),
        ("DELETE", f"{one}/configs/2"),
        ("GET", "/components?component_type=agent"),
    )
    assert (now[1]["current_version"], back[1]["current_version"], changed[1]["name"]) == (2, 1, "Clerk")
    assert gone[0] == 204
    assert [(row["current_version"], row["latest_version"], row["metadata"]) for row in left[1]["data"]] == [
        (1, 3, {"a": 1})
    ]
    assert [status for status, _ in asked(service, ("DELETE", one), ("GET", one))] == [204, 404]


def test_what_is_stored_over_http_is_loaded_in_python(tmp_path: Path) -> None:
    db = SqliteDb(db_file=str(tmp_path / "os.db"), id="main")
    new = {"name": "Clerk", "component_type": "agent", "config": {"instructions": "Be kind."}, "stage": "published"}
    assert request(an_os(db), "POST", "/components", json=new).status_code == 201
    loaded = Agent.load("clerk", db=db)
    assert loaded is not None and (loaded.id, loaded.name, loaded.instructions) == ("clerk", "Clerk", "Be kind.")
    loaded.instructions = "Be quick."
    assert loaded.save(db=db) == 2
    assert (
        request(an_os(db), "GET", "/components/clerk/configs/current").json()["config"]["instructions"] == "Be quick."
    )


def test_what_cannot_be_done_with_stored_components_is_said(db: Any) -> None:
    service, one = an_os(db), "/components/clerk"
    new = {"name": "Clerk", "component_type": "agent", "config": {}, "stage": "published"}
    answers = asked(
        service,
        ("POST", "/components", new),
        ("POST", "/components", new),
        ("PATCH", f"{one}/configs/1", {"notes": "x"}),
        ("DELETE", f"{one}/configs/1"),
        ("POST", f"{one}/configs", {"config": {}}),
        ("POST", f"{one}/configs/2/set-current"),
        ("POST", f"{one}/configs/9/set-current"),
        ("GET", f"{one}/configs/9"),
        ("PATCH", f"{one}/configs/9", {"notes": "x"}),
        ("DELETE", f"{one}/configs/9"),
        ("GET", "/components/nobody"),
        ("POST", "/components", {**new, "component_id": "clerk@1"}),
        ("POST", "/components", {**new, "component_type": "team"}),
        ("GET", one),
        ("GET", f"{one}?component_type=team"),
        ("GET", f"{one}/configs/many"),
    )
    assert [status for status, _ in answers] == [
        201,
        409,
        409,
        409,
        201,
        409,
        404,
        404,
        404,
        404,
        404,
        422,
        201,
        409,
        200,
        404,
    ]
    assert answers[1][1]["detail"] == "There is agent 'clerk' already: store a new version of it"
    assert answers[5][1]["detail"] == "Version 2 of agent 'clerk' is a draft. Publish it first."
    assert answers[13][1]["detail"] == "There is agent and team 'clerk': name the component_type"


def test_the_registry_says_what_stored_components_may_name() -> None:
    def find_order(key: str) -> str:
        """Find an order."""
        return key

    service = an_os(InMemoryDb(), registry=Registry(tools=[find_order], dbs=[InMemoryDb(id="archive")]))
    found = request(service, "GET", "/registry?sort_order=asc").json()
    assert [(one["name"], one["type"]) for one in found["data"]] == [("archive", "db"), ("find_order", "tool")]
    assert found["data"][1]["description"] == "Find an order."
    assert request(an_os(InMemoryDb()), "GET", "/registry").json()["data"] == []


def test_databases_are_migrated_all_or_one(tmp_path: Path) -> None:
    old, new = SqliteDb(db_file=str(tmp_path / "old.db"), id="old"), InMemoryDb(id="new")
    helper = agent(db=old)
    helper.run("Hi", session_id="s1")
    MigrationManager(old).down()
    service = AgentOS(agents=[helper, agent(name="Other", db=new)])
    one, every, wrong, unknown = asked(
        service,
        ("POST", "/databases/old/migrate"),
        ("POST", "/databases/all/migrate?target_version=2.6.0"),
        ("POST", "/databases/all/migrate?target_version=9"),
        ("POST", "/databases/nope/migrate"),
    )
    assert one[1]["message"] == "Database old migrated to version 2.6.0"
    moved = one[1]["databases"][0]["tables"]
    assert [(table["name"], table["rows"], table["written"], table["failed"]) for table in moved] == [
        ("sessions", 1, 1, 0)
    ]
    assert one[1]["databases"][0]["versions"]["sessions"] == "2.6.0"
    assert [(found["db_id"], found["tables"]) for found in every[1]["databases"]] == [("old", []), ("new", [])]
    assert (wrong[0], unknown) == (422, (404, {"detail": "Database with id 'nope' not found"}))
    assert [run.content for run in old.get_session("s1", "agent").runs] == ["Hello there"]


def _remember(db: Any, *texts: str) -> None:
    for number, text in enumerate(texts):
        made = db.upsert_user_memory(UserMemory(text, memory_id=f"m{number}", user_id="ada"))
        if asyncio.iscoroutine(made):
            asyncio.run(made)


def test_memories_are_tidied_up_by_the_model_of_the_database(db: Any) -> None:
    _remember(db, "Likes green tea very much", "Likes tea")
    tidy = says(json.dumps({"memories": [{"memory": "Likes tea", "topics": ["drinks"]}]}))
    preview, done, listed, unnamed = asked(
        an_os(db, tidy, tidy),
        ("POST", "/optimize-memories", {"user_id": "ada", "apply": False}),
        ("POST", "/optimize-memories", {"user_id": "ada"}),
        ("GET", "/memories?user_id=ada"),
        ("POST", "/optimize-memories", {}),
    )
    for _, found in (preview, done):
        assert (found["memories_before"], found["memories_after"]) == (2, 1)
        assert found["tokens_saved"] == found["tokens_before"] - found["tokens_after"] > 0
    assert [one["memory"] for one in listed[1]["data"]] == ["Likes tea"]
    assert unnamed == (422, {"detail": "user_id is required: whose memories are tidied up?"})


def test_memories_are_tidied_up_by_a_model_that_is_named_or_refused(db: Any) -> None:
    flow_only = AgentOS(agents=[agent()], db=db)
    none, unknown = asked(
        flow_only,
        ("POST", "/optimize-memories", {"user_id": "ada"}),
        ("POST", "/optimize-memories", {"user_id": "ada", "model": "nobody:x"}),
    )
    assert none[0] == 400 and "name a model" in none[1]["detail"]
    assert unknown[0] == 400 and "Unknown model provider 'nobody'" in unknown[1]["detail"]


@pytest.mark.parametrize("kind", ["agent", "team"])
def test_a_session_is_copied_whole_or_up_to_a_run(db: Any, kind: str) -> None:
    helper = agent(db=db)
    crew = Team([helper], id="crew", model=ScriptedModel("We greet you", repeat=True), db=db)
    service, which = AgentOS(agents=[helper], teams=[crew]), {"agent": "helper", "team": "crew"}[kind]
    run = {"message": "Hi", "session_id": "s1", "user_id": "ada", "stream": False}
    _, second, _ = asked(service, *[("POST", f"/{kind}s/{which}/runs", run)] * 3)
    whole, part, unknown = asked(
        service,
        ("POST", f"/sessions/s1/fork?type={kind}", {}),
        ("POST", f"/sessions/s1/fork?type={kind}", {"before_run_id": second[1]["run_id"]}),
        ("POST", f"/sessions/s1/fork?type={kind}", {"before_run_id": "nope"}),
    )
    assert (whole[0], whole[1]["user_id"], unknown[0]) == (201, "ada", 404)
    for found, runs in ((whole, 3), (part, 1)):
        kept = request(service, "GET", f"/sessions/{found[1]['session_id']}/runs?type={kind}").json()
        assert len(kept) == runs
    assert len(request(service, "GET", f"/sessions/s1/runs?type={kind}").json()) == 3


@pytest.mark.parametrize("kind", ["agent", "team"])
def test_a_run_is_forked_into_another_session_or_answered_anew_over_http(db: Any, kind: str) -> None:
    helper = agent(db=db)
    crew = Team([helper], id="crew", model=ScriptedModel("We greet you", repeat=True), db=db)
    service, which = AgentOS(agents=[helper], teams=[crew]), {"agent": "helper", "team": "crew"}[kind]
    runs = f"/{kind}s/{which}/runs"
    begun = request(service, "POST", runs, json={"message": "Hi", "session_id": "s1", "stream": False}).json()
    one = f"{runs}/{begun['run_id']}/continue"
    go_on = {"session_id": "s1", "stream": False, "input": "And now?"}
    fork, elsewhere, anew, beside = asked(
        service,
        ("POST", one, {**go_on, "fork": True}),
        ("POST", one, {**go_on, "fork_session": True}),
        ("POST", one, {"session_id": "s1", "stream": False, "regenerate": True, "replace_original": False}),
        ("POST", one, {"session_id": "s1", "stream": False, "regenerate": True}),
    )
    assert [status for status, _ in (fork, elsewhere, anew, beside)] == [200] * 4
    assert fork[1]["session_id"] == "s1" and fork[1]["run_id"] != begun["run_id"]
    assert elsewhere[1]["session_id"] != "s1" and elsewhere[1]["forked_from_session_id"] == "s1"
    assert anew[1]["regenerated_from"] == begun["run_id"]
    old = request(service, "GET", f"{runs}/{begun['run_id']}?session_id=s1").json()
    assert old["status"] == "REGENERATED"


def test_a_table_that_cannot_be_moved_stays_and_the_log_says_which(tmp_path: Path, caplog: Any) -> None:
    file = tmp_path / "old.db"
    db = SqliteDb(db_file=str(file), id="old")
    helper = agent(db=db)
    helper.run("Hi", session_id="s1")
    MigrationManager(db).down()
    with sqlite3.connect(file) as raw:
        raw.execute("UPDATE agno_sessions SET runs = 'broken' WHERE session_id = 's1'")
    answer = request(AgentOS(agents=[helper]), "POST", "/databases/old/migrate")
    assert answer.status_code == 409 and "1 rows could not be migrated" in answer.json()["detail"]
