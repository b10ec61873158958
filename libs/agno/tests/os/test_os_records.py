"""Sessions, memories, evaluations and metrics over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.os import AgentOS
from agno.os._caller import SCOPE_KEY, Caller
from agno.team import Team
from agno.testing import ScriptedModel, says
from agno.workflow import Workflow


def talks(os: AgentOS, *requests: tuple[Any, ...], user: str | None = None) -> list[httpx.Response]:
    """The answers to requests, each `(method, path, options)`."""

    async def talk() -> list[httpx.Response]:
        app: Any = os.get_app()

        async def as_user(scope: Any, receive: Any, send: Any) -> None:
            if user is not None:
                scope[SCOPE_KEY] = Caller(user_id=user)
            await app(scope, receive, send)

        transport = httpx.ASGITransport(as_user, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://os") as client:
            return [await client.request(one[0], one[1], **(one[2] if len(one) > 2 else {})) for one in requests]

    return asyncio.run(talk())


def ask(os: AgentOS, method: str, path: str, user: str | None = None, **options: Any) -> httpx.Response:
    return talks(os, (method, path, options), user=user)[0]


@pytest.fixture(params=["memory", "sqlite"])
def db(request: Any, tmp_path: Path) -> Any:
    return InMemoryDb() if request.param == "memory" else SqliteDb(db_file=str(tmp_path / "os.db"))


@pytest.fixture
def os(db: Any) -> AgentOS:
    agent = Agent(id="helper", model=ScriptedModel(says("Hello."), repeat=True), db=db)
    team = Team(id="crew", members=[agent], model=ScriptedModel(says("We greet you."), repeat=True), db=db)
    flow = Workflow(id="flow", steps=[lambda step_input: f"done {step_input.input}"], db=db)
    return AgentOS(agents=[agent], teams=[team], workflows=[flow])


def run(os: AgentOS, kind: str, session_id: str, user: str | None = None, message: str = "Hi") -> None:
    component = os.components.of_kind[kind]
    next(iter(component.values())).run(message, session_id=session_id, user_id=user)


def test_a_list_of_sessions_names_them_by_what_was_said_first_also_without_runs(os: AgentOS) -> None:
    run(os, "agent", "s1", message="What is tea?")
    run(os, "agent", "s1", message="And coffee?")
    assert ask(os, "POST", "/sessions", json={"agent_id": "helper", "session_id": "empty"}).status_code == 201

    answer = ask(os, "GET", "/sessions", params={"sort_by": "session_id", "sort_order": "asc"}).json()

    assert [(one["session_id"], one["session_name"]) for one in answer["data"]] == [
        ("empty", ""),
        ("s1", "What is tea?"),
    ]
    assert answer["meta"] == {"page": 1, "limit": 20, "total_pages": 1, "total_count": 2}
    assert answer["data"][1]["created_at"].endswith("Z")


@pytest.mark.parametrize("kind, component", [("agent", "helper"), ("team", "crew"), ("workflow", "flow")])
def test_a_session_of_each_kind_and_its_runs(os: AgentOS, kind: str, component: str) -> None:
    run(os, kind, "s1", user="ada", message="Good day")

    detail = ask(os, "GET", "/sessions/s1", params={"type": kind}).json()
    runs = ask(os, "GET", "/sessions/s1/runs", params={"type": kind}).json()

    assert (detail["session_id"], detail["user_id"], detail["session_name"]) == ("s1", "ada", "Good day")
    assert detail[f"{kind}_id"] == component
    assert [one["run_input"] for one in runs] == ["Good day"] and runs[0]["status"] == "COMPLETED"
    one = ask(os, "GET", f"/sessions/s1/runs/{runs[0]['run_id']}", params={"type": kind})
    assert one.json() == runs[0]


def test_what_is_not_there_is_said(os: AgentOS) -> None:
    run(os, "agent", "s1")
    ask(os, "POST", "/sessions", json={"agent_id": "helper", "session_id": "empty"})
    cases = [
        ("/sessions/nope", "Session with id 'nope' not found"),
        ("/sessions/nope/runs", "Session with ID nope not found"),
        ("/sessions/empty/runs", "Session with ID empty has no runs"),
        ("/sessions/s1?type=team", "Session with id 's1' not found"),
        ("/sessions/s1/runs/nope", "Run with ID nope not found in session s1"),
        ("/sessions?db_id=nope", "Database with id 'nope' not found"),
        ("/memories/nope", "Memory with ID nope not found"),
        ("/eval-runs/nope", "Eval run with id 'nope' not found"),
    ]
    for path, text in cases:
        answer = ask(os, "GET", path)
        assert (answer.status_code, answer.json()) == (404, {"detail": text}), path


def test_a_session_is_renamed_changed_and_deleted(os: AgentOS) -> None:
    run(os, "agent", "s1")

    renamed = ask(os, "POST", "/sessions/s1/rename", json={"session_name": "Tea"})
    changed = ask(os, "PATCH", "/sessions/s1", json={"session_state": {"cups": 2}})

    assert renamed.json()["session_name"] == "Tea"
    assert changed.json()["session_state"] == {"cups": 2} and changed.json()["session_name"] == "Tea"
    assert len(ask(os, "GET", "/sessions/s1/runs").json()) == 1
    assert ask(os, "DELETE", "/sessions/s1").status_code == 204
    assert ask(os, "DELETE", "/sessions/s1").status_code == 204
    assert ask(os, "GET", "/sessions").json()["meta"]["total_count"] == 0


def test_sessions_are_deleted_together_if_the_lists_fit(os: AgentOS) -> None:
    for name in ("s1", "s2"):
        run(os, "agent", name)

    wrong = ask(os, "DELETE", "/sessions", json={"session_ids": ["s1", "s2"], "session_types": ["agent"]})
    right = ask(os, "DELETE", "/sessions", json={"session_ids": ["s1", "s2"], "session_types": ["agent", "agent"]})

    assert (wrong.status_code, wrong.json()["detail"]) == (
        400,
        "Session IDs and session types must have the same length",
    )
    assert right.status_code == 204
    assert ask(os, "GET", "/sessions").json()["data"] == []


def test_memories_are_kept_found_changed_and_deleted(os: AgentOS) -> None:
    made = ask(
        os, "POST", "/memories", json={"memory": "Likes tea", "user_id": "ada", "topics": ["drinks", "food"]}
    ).json()
    ask(os, "POST", "/memories", json={"memory": "Likes cake", "user_id": "bob", "topics": ["food"]})

    assert made["topics"] == ["drinks", "food"] and made["updated_at"].endswith("Z")
    assert [one["memory"] for one in ask(os, "GET", "/memories?topics=drinks, food").json()["data"]] == ["Likes tea"]
    assert ask(os, "GET", "/memories?search_content=CAKE").json()["meta"]["total_count"] == 1
    assert ask(os, "GET", "/memories?topics=a,,b").status_code == 422
    assert sorted(ask(os, "GET", "/memory_topics").json()) == ["drinks", "food"]
    changed = ask(os, "PATCH", f"/memories/{made['memory_id']}", json={"memory": "Likes green tea", "user_id": "ada"})
    assert (changed.json()["memory"], changed.json()["topics"]) == ("Likes green tea", ["drinks", "food"])
    assert ask(os, "PATCH", "/memories/nope", json={"memory": "x", "user_id": "ada"}).status_code == 404
    assert {one["user_id"] for one in ask(os, "GET", "/user_memory_stats").json()["data"]} == {"ada", "bob"}
    assert ask(os, "DELETE", "/memories", json={"memory_ids": [made["memory_id"]]}).status_code == 204
    assert ask(os, "GET", f"/memories/{made['memory_id']}").status_code == 404


def _evaluated(**more: Any) -> dict[str, Any]:
    return {"agent_id": "helper", "eval_type": "reliability", "input": "Hi", "expected_tool_calls": [], **more}


def test_an_evaluation_is_run_stored_renamed_and_deleted(os: AgentOS) -> None:
    made = ask(os, "POST", "/eval-runs", json=_evaluated(name="first", expected_tool_calls=["add"]))

    assert made.status_code == 200, made.text
    row = made.json()
    assert row["eval_type"] == "reliability" and row["agent_id"] == "helper"
    assert row["eval_data"]["eval_status"] == "FAILED"
    assert ask(os, "GET", f"/eval-runs/{row['id']}").json() == row
    assert ask(os, "PATCH", f"/eval-runs/{row['id']}", json={"name": "second"}).json()["name"] == "second"
    assert ask(os, "GET", "/eval-runs?eval_types=accuracy,reliability&type=agent").json()["meta"]["total_count"] == 1
    assert ask(os, "DELETE", "/eval-runs", json={"eval_run_ids": [row["id"]]}).status_code == 204
    assert ask(os, "GET", "/eval-runs").json()["data"] == []


@pytest.mark.parametrize(
    "given, status, text",
    [
        (_evaluated(agent_id=None), 400, "One of agent_id or team_id must be provided"),
        (_evaluated(team_id="crew"), 400, "Only one of agent_id or team_id must be provided"),
        (_evaluated(agent_id="nope"), 404, "Agent with id 'nope' not found"),
        (_evaluated(eval_type="accuracy"), 400, "expected_output is required for accuracy evaluation"),
        (
            _evaluated(expected_tool_calls=None),
            400,
            "expected_tool_calls is required for reliability evaluations",
        ),
    ],
)
def test_an_evaluation_that_cannot_be_is_refused(os: AgentOS, given: Any, status: int, text: str) -> None:
    answer = ask(os, "POST", "/eval-runs", json=given)
    assert (answer.status_code, answer.json()["detail"]) == (status, text)


def test_the_model_of_what_is_served_stays_when_another_one_is_evaluated(os: AgentOS) -> None:
    agent = os.agents[0]
    model = agent.model

    ask(os, "POST", "/eval-runs", json=_evaluated(model_id="other"))

    assert agent.model is model and model.id == "scripted"


def test_metrics_are_counted_and_read(os: AgentOS) -> None:
    run(os, "agent", "s1", user="ada")

    refreshed = ask(os, "POST", "/metrics/refresh").json()
    read = ask(os, "GET", "/metrics").json()

    assert [day["agent_runs_count"] for day in refreshed] == [1]
    assert read["metrics"] == refreshed and read["updated_at"].endswith("Z")
    assert ask(os, "GET", "/metrics?starting_date=2000-13-01").status_code == 422
    assert ask(os, "GET", "/metrics?ending_date=2000-01-01").json()["metrics"] == []


# Cursors -------------------------------------------------------------------------------------------------------------


def pages(os: AgentOS, path: str, limit: int, key: str, **params: Any) -> list[str]:
    """The keys of all rows, read page by page with cursors."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = ask(os, "GET", path, params={**params, "limit": limit, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert len(body["data"]) <= limit and body["meta"]["total_count"] is None
        found += [row[key] for row in body["data"]]
        cursor = body["meta"]["next_cursor"]
    return found


def test_lists_are_read_whole_with_cursors(os: AgentOS, db: Any) -> None:
    for number in range(7):
        ask(os, "POST", "/sessions", json={"agent_id": "helper", "session_id": f"s{number}"})
        ask(os, "POST", "/memories", json={"memory": f"Fact {number}", "user_id": "ada"})
        schedule = {"name": f"n{number}", "component_type": "agent", "component_id": "helper", "run_at": 2**33}
        assert ask(os, "POST", "/schedules", json=schedule).status_code == 201
        ask(os, "POST", "/components", json={"name": f"c{number}", "component_type": "agent"})
        db.create_approval({"id": f"a{number}", "approval_type": "required", "status": "pending", "run_id": "r"})
        db.upsert_learning({"learning_id": f"l{number}", "learning_type": "note", "content": {}})
    lists = {"/sessions": "session_id", "/memories": "memory_id", "/schedules": "id", "/components": "component_id",
             "/approvals": "id", "/learnings": "learning_id"}  # fmt: skip
    for path, key in lists.items():
        for limit in (2, 7, 100):
            found = pages(os, path, limit, key)
            assert len(found) == len(set(found)) == 7, path
    assert pages(os, "/sessions", 2, "session_id", sort_by="session_id", sort_order="asc") == [
        f"s{n}" for n in range(7)
    ]


def test_a_cursor_of_another_list_is_refused(os: AgentOS) -> None:
    for number in range(3):
        ask(os, "POST", "/sessions", json={"agent_id": "helper", "session_id": f"s{number}"})
    cursor = ask(os, "GET", "/sessions?cursor=&limit=1").json()["meta"]["next_cursor"]
    for query in (
        f"cursor={cursor}&sort_by=session_id",
        "cursor=abc",
        "cursor=%F0%9F%98%80",
        "cursor=WyJhIiwxXQ",
        f"cursor={'A' * 5000}",
    ):
        answer = ask(os, "GET", f"/sessions?{query}")
        assert answer.status_code == 422 and answer.json()["detail"][0]["loc"] == ["query", "cursor"], query


def test_a_cursor_shows_no_session_of_another_user(os: AgentOS) -> None:
    for user in ("ada", "bob"):
        for number in range(3):
            run(os, "agent", f"{user}-{number}", user=user)
    cursor = ask(os, "GET", "/sessions?cursor=&limit=1", user="ada").json()["meta"]["next_cursor"]
    theirs = ask(os, "GET", f"/sessions?cursor={cursor}", user="bob").json()["data"]
    assert {one["session_id"][:3] for one in theirs} <= {"bob"}
