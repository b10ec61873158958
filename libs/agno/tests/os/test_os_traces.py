"""Traces over HTTP, and numbers for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request

from agno.db.in_memory import InMemoryDb
from agno.os import AgentOS
from agno.os._caller import Caller
from agno.os.routers.prometheus import answer_to_scraper
from agno.os.settings import AgnoAPISettings
from agno.testing import wants
from agno.tracing import setup_tracing, stop_prometheus, stop_tracing, tracing

from os_serving import agent, an_os, ask, request

OPEN_METRICS = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"


@pytest.fixture(autouse=True)
def _nothing_watches_afterwards() -> Iterator[None]:
    yield
    stop_tracing()
    stop_prometheus()


def traced(**settings: Any) -> AgentOS:
    return an_os(agents=[agent(wants("nothing"), "done", db=InMemoryDb(id="main"))], tracing=True, **settings)


def test_a_run_over_http_is_found_as_a_trace_and_shown_as_a_tree() -> None:
    service = traced()
    run = request(
        service, "POST", "/agents/helper/runs", data={"message": "hi", "stream": "false", "user_id": "ann"}
    ).json()
    page = request(service, "GET", f"/traces?run_id={run['run_id']}").json()
    (light,) = page["data"]
    assert page["meta"] == {"page": 1, "limit": 20, "total_pages": 1, "total_count": 1, "next_cursor": None}
    assert (light["agent_id"], light["user_id"], light["status"]) == (
        "helper",
        "ann",
        "completed",
    ) and "tree" not in light
    whole = request(service, "GET", f"/traces/{light['trace_id']}").json()
    (root,) = whole["tree"]
    assert [child["kind"] for child in root["children"]] == ["chat", "chat"] and root["start_time"].endswith("+00:00")
    (stats,) = request(service, "GET", "/trace_session_stats").json()["data"]
    assert (stats["session_id"], stats["total_traces"]) == (run["session_id"], 1)
    assert request(service, "GET", "/traces/nope").status_code == 404


def test_pages_go_on_by_number_and_by_cursor() -> None:
    db = InMemoryDb(id="main")
    service = an_os(agents=[agent(db=db)], tracing=True)
    helper = service.agents[0]
    service.get_app()
    for _ in range(5):
        helper.run("hi")
    first = request(service, "GET", "/traces?limit=2").json()
    assert first["meta"]["total_count"] == 5 and first["meta"]["total_pages"] == 3
    second = request(service, "GET", f"/traces?limit=2&cursor={first['meta']['next_cursor']}").json()
    assert second["data"] == request(service, "GET", "/traces?limit=2&page=2").json()["data"]
    last = request(service, "GET", f"/traces?limit=2&cursor={second['meta']['next_cursor']}").json()
    assert len(last["data"]) == 1 and last["meta"]["next_cursor"] is None and last["meta"]["total_count"] is None
    assert request(service, "GET", "/traces?limit=0").status_code == 422


def test_a_user_sees_no_trace_of_another_whatever_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    service = an_os(agents=[agent(db=InMemoryDb(id="main"))], tracing=True)
    service.get_app()
    for user in ("ann", "ben", None):
        service.agents[0].run("hi", user_id=user)
    monkeypatch.setattr("agno.os.routers.traces.caller_of", lambda request: Caller(user_id="ann"))
    for path in ("/traces", "/traces?user_id=ben", "/trace_session_stats?user_id=ben"):
        assert {row["user_id"] for row in request(service, "GET", path).json()["data"]} == {"ann"}, path
    rows, _ = service.components.db().get_traces()
    status = {
        row["user_id"]: request(service, "GET", f"/traces/{row['trace_id']}?user_id=ben").status_code for row in rows
    }
    assert status == {"ann": 200, "ben": 404, None: 404}


def test_tracing_needs_one_database_and_leaves_alone_what_was_set_up() -> None:
    with pytest.raises(ValueError, match="there is none"):
        AgentOS(agents=[agent()], tracing=True)
    mine = setup_tracing(db=InMemoryDb())
    traced().get_app()
    assert tracing() is mine


def test_prometheus_is_answered_where_it_is_switched_on() -> None:
    assert request(an_os(), "GET", "/metrics/prometheus").status_code == 404
    service = an_os(prometheus=True)

    async def talk(client: Any) -> Any:
        await client.post("/agents/helper/runs", data={"message": "hi", "stream": "false", "user_id": "ann"})
        return await client.get("/metrics/prometheus", headers={"accept": OPEN_METRICS})

    answer = ask(service, talk)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert 'agno_runs_total{component="helper",status="completed",type="agent"} 1.0' in answer.text
    assert "ann" not in answer.text


def test_the_usage_metrics_stay_json_for_everybody_but_a_scraper() -> None:
    def asked(accept: str) -> Any:
        return answer_to_scraper(Request({"type": "http", "headers": [(b"accept", accept.encode())]}))

    assert asked(OPEN_METRICS) is None, "nothing is counted"
    an_os(prometheus=True).get_app()
    assert asked("application/json") is None and asked("*/*") is None
    assert asked(OPEN_METRICS).headers["content-type"].startswith("application/openmetrics-text")


def test_the_routes_are_behind_the_key() -> None:
    service = traced(settings=AgnoAPISettings(os_security_key="secret"), prometheus=True)
    for path in ("/traces", "/traces/x", "/trace_session_stats", "/metrics/prometheus"):
        assert request(service, "GET", path).status_code == 401
