"""Schedules over HTTP, and the worker inside the service."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.os import AgentOS
from agno.os._caller import SCOPE_KEY, Caller
from agno.session import AgentSession
from agno.testing import ScriptedModel, fails

from os_serving import agent, an_os, ask, request, served, until


def as_caller(service: AgentOS, caller: Caller) -> Any:
    """The app, as if the guard had found out who asks."""
    app = service.get_app()

    async def known(scope: Any, receive: Any, send: Any) -> None:
        scope[SCOPE_KEY] = caller
        await app(scope, receive, send)

    return known


def body(**fields: Any) -> dict[str, Any]:
    return {"name": "News", "component_type": "agent", "component_id": "helper", "cron_expr": "0 9 * * *", **fields}


def test_a_schedule_is_made_listed_changed_and_deleted() -> None:
    async def talk(client: httpx.AsyncClient) -> None:
        made = await client.post("/schedules", json=body(input={"q": 1}, timezone="Europe/Berlin", user_id="ann"))
        assert made.status_code == 201 and made.json()["next_run_at"] > time.time()
        path = f"/schedules/{made.json()['id']}"
        assert (await client.get(path)).json() == made.json()
        listed = (await client.get("/schedules", params={"enabled": True})).json()
        assert listed["data"] == [made.json()] and listed["meta"]["total_count"] == 1
        assert (await client.get("/schedules", params={"user_id": "ben"})).json()["data"] == []
        changed = await client.patch(path, json={"name": "Late", "run_at": 5})
        assert (changed.json()["name"], changed.json()["cron_expr"], changed.json()["next_run_at"]) == ("Late", None, 5)
        assert (await client.post(path + "/disable")).json()["next_run_at"] is None
        assert (await client.post(path + "/enable")).json()["enabled"] is True
        fired = await client.post(path + "/trigger")
        assert fired.status_code == 202 and fired.json()["status"] == "pending"
        runs = (await client.get(path + "/runs", params={"status": "pending"})).json()
        assert runs["data"] == [fired.json()] and runs["meta"]["total_pages"] == 1
        assert (await client.get(path + "/runs", params={"status": "odd"})).status_code == 422
        assert (await client.delete(path)).status_code == 204
        for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/trigger"), ("GET", "/runs")):
            gone = await client.request(method, path + rest)
            assert gone.status_code == 404 and gone.json()["detail"] == "Schedule not found"

    ask(an_os(), talk)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"cron_expr": "sometimes"}, 400, "is no cron expression"),
        ({"run_at": 5}, 400, "either cron_expr="),
        ({"timezone": "Moon"}, 400, "is no time zone"),
        ({"run_options": {"model": "x"}}, 400, "run_options="),
        ({"component_id": "nobody"}, 404, "Agent not found"),
        ({"component_type": "robot"}, 422, "component_type"),
        ({"colour": "red"}, 422, "colour"),
        ({"name": ""}, 422, "name"),
        ({"max_retries": -1}, 422, "max_retries"),
    ],
)
def test_what_cannot_be_right_is_refused(fields: dict[str, Any], status: int, words: str) -> None:
    answer = request(an_os(), "POST", "/schedules", json=body(**fields))
    assert answer.status_code == status and words in answer.text


def test_without_a_database_there_are_no_schedules() -> None:
    service = an_os(agents=[agent()])
    assert request(service, "GET", "/schedules").status_code == 404
    with pytest.raises(ValueError, match="needs a database"):
        an_os(agents=[agent()], scheduler=True)


def test_schedules_of_others_are_not_there() -> None:
    db = InMemoryDb(id="main")
    service = an_os(agents=[agent(db=db)])
    ben, ann = (as_caller(service, Caller(user_id=user)) for user in ("ben", "ann"))
    made = request(ben, "POST", "/schedules", json=body(user_id="ann")).json()
    assert made["user_id"] == "ben", "who asks is who it is for"
    path = f"/schedules/{made['id']}"
    for method, rest, given in (
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/enable", None),
        ("POST", "/disable", None), ("POST", "/trigger", None), ("GET", "/runs", None),
    ):  # fmt: skip
        assert request(ann, method, path + rest, json=given).status_code == 404, method + rest
    assert request(ann, "GET", "/schedules", params={"user_id": "ben"}).json()["data"] == []
    assert request(ben, "GET", path).json() == made
    db.upsert_session(AgentSession("s", agent_id="helper", user_id="ann"))
    stolen = request(ben, "POST", "/schedules", json=body(run_options={"session_id": "s"}))
    assert stolen.status_code == 404 and "Session" in stolen.text


def test_who_may_not_run_it_may_not_have_it_run() -> None:
    service = an_os(agents=[agent(db=InMemoryDb())])
    made = request(service, "POST", "/schedules", json=body()).json()
    weak = as_caller(service, Caller(scopes=frozenset({"schedules:write"})))
    for path in ("/schedules", f"/schedules/{made['id']}/trigger", f"/schedules/{made['id']}/enable"):
        answer = request(weak, "POST", path, json=body())
        assert answer.status_code == 403 and "agents:helper:run" in answer.text


def test_the_service_runs_what_is_due_and_tells_how_it_ended(tmp_path: Any) -> None:
    db = SqliteDb(db_file=str(tmp_path / "s.db"))
    broken = Agent(name="Broken", model=ScriptedModel(fails(500, "secret of the provider"), repeat=True), db=db)
    service = an_os(agents=[agent(db=db), broken], scheduler=True, scheduler_poll_interval=1000)
    with served(service) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        for name in ("helper", "broken"):
            made = client.post("/schedules", json=body(component_id=name, name=name)).json()
            client.post(f"/schedules/{made['id']}/trigger")
            path = f"/schedules/{made['id']}/runs"
            until(lambda path=path: client.get(path).json()["data"][0]["status"] in ("completed", "failed"))
            [run] = client.get(path).json()["data"]
            if name == "broken":
                assert run["status"] == "failed" and run["error"] == "ModelProviderError"
            else:
                stored = client.get(f"/agents/helper/runs/{run['run_id']}", params={"session_id": run["session_id"]})
                assert run["status"] == "completed" and stored.json()["content"] == "Hello there"
