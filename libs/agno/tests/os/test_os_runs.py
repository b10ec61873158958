"""Runs over HTTP: plain, streamed, in the background, taken up again, continued, cancelled."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from typing import Any

import httpx
import pytest
from ports import free_port

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.os._runs import RunLimits
from agno.team import Team
from agno.testing import ScriptedModel, fails, says, wants
from agno.tools import tool
from agno.workflow import Step, Workflow

from os_serving import agent, an_os, ask, events, full_os, kinds, request, served, until


def everything() -> Any:
    db = InMemoryDb(id="main")
    helper = agent(db=db)
    team = Team(members=[agent(name="Member")], name="Crew", model=agent().model, db=db)
    return an_os(
        agents=[helper], teams=[team], workflows=[Workflow(name="Flow", steps=[Step(name="s", agent=helper)], db=db)]
    )


PLACES = [("agent", "helper"), ("team", "crew"), ("workflow", "flow")]


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_run_gives_its_output(kind: str, name: str) -> None:
    form = {"message": "hi", "stream": "false", "session_id": "s", "user_id": "u"}
    answer = request(everything(), "POST", f"/{kind}s/{name}/runs", data=form)
    run = answer.json()
    assert answer.status_code == 200 and run["content"] == "Hello there" and run["status"] == "COMPLETED"
    assert (run["session_id"], run["user_id"], run[f"{kind}_id"]) == ("s", "u", name)


@pytest.mark.parametrize(
    "body", [{"data": {"message": "hi"}}, {"files": {"message": (None, "hi")}}, {"json": {"message": "hi"}}]
)
def test_a_run_is_asked_for_by_form_multipart_or_json(body: Any) -> None:
    assert request(everything(), "POST", "/agents/helper/runs", **body).json()["content"] == "Hello there"


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_stream_is_one_event_per_frame_with_ids_in_order(kind: str, name: str) -> None:
    answer = request(everything(), "POST", f"/{kind}s/{name}/runs", data={"message": "hi", "stream": "true"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    found = events(answer.text)
    assert [number for number, _, _ in found] == list(range(len(found)))
    assert all(data["event"] == event for _, event, data in found)
    prefix = {"agent": "Run", "team": "TeamRun", "workflow": "Workflow"}[kind]
    assert (found[0][1], found[-1][1]) == (f"{prefix}Started", f"{prefix}Completed")


def test_agents_are_not_streamed_unless_asked_and_teams_and_workflows_are() -> None:
    service = everything()
    types = {
        kind: request(service, "POST", f"/{kind}s/{name}/runs", data={"message": "hi"}).headers["content-type"]
        for kind, name in PLACES
    }
    assert types["agent"] == "application/json"
    assert types["team"] == types["workflow"] == "text/event-stream; charset=utf-8"


def test_an_empty_session_id_means_a_new_session() -> None:
    service = everything()
    ids = {
        request(service, "POST", "/agents/helper/runs", data={"message": "x", "session_id": ""}).json()["session_id"]
        for _ in range(2)
    }
    assert len(ids) == 2


def test_options_of_a_run_are_json_in_fields() -> None:
    seen: dict[str, Any] = {}

    def look(session_state: dict[str, Any], dependencies: dict[str, Any]) -> str:
        seen.update(state=dict(session_state), dependencies=dict(dependencies))
        return "ok"

    helper = agent(wants("look"), "done", tools=[look])
    form = {"message": "hi", "session_state": '{"n": 1}', "dependencies": '{"d": [2]}', "metadata": '{"m": 3}'}
    run = request(an_os(agents=[helper]), "POST", "/agents/helper/runs", data=form).json()
    assert run["content"] == "done" and run["metadata"] == {"m": 3}
    assert seen["state"]["n"] == 1 and seen["dependencies"] == {"d": [2]}


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({}, 422, "Field required"),
        ({"message": "x", "stream": "maybe"}, 422, "valid boolean"),
        ({"message": "x", "session_state": "{"}, 400, "Invalid JSON in session_state field"),
        ({"message": "x", "session_state": "[]"}, 422, "JSON object"),
    ],
)
def test_a_form_that_cannot_be_right_is_refused(form: Any, status: int, words: str) -> None:
    answer = request(everything(), "POST", "/agents/helper/runs", data=form)
    assert answer.status_code == status and words in answer.text


def test_a_body_of_another_type_is_refused() -> None:
    answer = request(everything(), "POST", "/agents/helper/runs", content=b"<a/>", headers={"content-type": "text/xml"})
    assert answer.status_code == 415


def test_files_are_sorted_by_their_type() -> None:
    model = ScriptedModel("seen")
    files = [
        ("files", ("a.png", b"\x89PNG", "image/png")),
        ("files", ("b.txt", b"text", "text/plain")),
        ("files", ("empty.txt", b"", "text/plain")),
    ]
    answer = request(
        an_os(agents=[Agent(name="Helper", model=model)]),
        "POST",
        "/agents/helper/runs",
        data={"message": "look"},
        files=files,
    )
    run = answer.json()
    assert len(run["input"]["images"]) == 1 and len(run["input"]["files"]) == 1
    refused = request(
        everything(),
        "POST",
        "/agents/helper/runs",
        data={"message": "x"},
        files={"files": ("x.exe", b"MZ", "application/x-dosexec")},
    )
    assert (refused.status_code, refused.json()["detail"]) == (400, "Unsupported file type")


def test_a_failure_of_ours_is_told_without_its_words() -> None:
    service = an_os(agents=[agent(fails(RuntimeError("the secret is 42")))])
    answer = request(service, "POST", "/agents/helper/runs", data={"message": "hi"})
    assert answer.status_code >= 500 and "secret" not in answer.text and answer.json()["error_id"]


def test_a_failure_in_a_stream_is_its_last_event() -> None:
    service = an_os(agents=[agent(fails(RuntimeError("no luck")))])
    answer = request(service, "POST", "/agents/helper/runs", data={"message": "hi", "stream": "true"})
    assert answer.status_code == 200 and kinds(answer.text)[-1] == "RunError"


# Reading them again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_run_can_be_read_by_its_id_and_is_listed(kind: str, name: str) -> None:
    service, base = everything(), f"/{kind}s/{name}/runs"

    async def talk(client: httpx.AsyncClient) -> Any:
        run = (await client.post(base, data={"message": "hi", "stream": "false"})).json()
        return run, (await client.get(f"{base}/{run['run_id']}")).json(), (await client.get(base)).json()

    run, again, listed = ask(service, talk)
    assert again["run_id"] == run["run_id"] and again["content"] == "Hello there"
    assert [one["run_id"] for one in listed] == [run["run_id"]]
    assert request(service, "GET", f"{base}/unknown").status_code == 404


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_stream_goes_on_behind_the_last_event_that_was_received(kind: str, name: str) -> None:
    base = f"/{kind}s/{name}/runs"

    async def talk(client: httpx.AsyncClient) -> Any:
        whole = (await client.post(base, data={"message": "hi", "stream": "true"})).text
        run_id = events(whole)[0][2]["run_id"]
        rest = await client.get(f"{base}/{run_id}/stream", headers={"Last-Event-ID": "2"})
        posted = await client.post(f"{base}/{run_id}/resume", data={"last_event_index": "2"})
        return whole, rest.text, posted.text, (await client.get(f"{base}/{run_id}/stream")).text

    whole, rest, posted, all_again = ask(everything(), talk)
    assert events(rest) == events(whole)[3:] == events(posted) and all_again == whole


class Gate:
    """A tool that waits until it may go on."""

    def __init__(self) -> None:
        self.open, self.reached = threading.Event(), threading.Event()

    async def wait(self) -> str:
        """Wait."""
        self.reached.set()
        while not self.open.is_set():
            await asyncio.sleep(0.01)
        return "waited"


def gated(gate: Gate, **settings: Any) -> Any:
    return agent(wants("wait"), says("the end"), tools=[gate.wait], db=InMemoryDb(id="main"), **settings)


def read_until(response: httpx.Response, kind: str) -> str:
    text = ""
    for chunk in response.iter_text():
        text += chunk
        if f"event: {kind}\n" in text:
            return text
    return text


@pytest.mark.parametrize("background", ["true", "false"])
def test_a_client_that_leaves_and_comes_back_sees_each_event_once(background: str) -> None:
    gate = Gate()
    with (
        served(an_os(agents=[gated(gate)])) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client,
    ):
        form = {"message": "hi", "stream": "true", "background": background}
        with client.stream("POST", "/agents/helper/runs", data=form) as response:
            seen = events(read_until(response, "ToolCallStarted"))
        run_id = seen[0][2]["run_id"]
        gate.open.set()
        rest = client.get(f"/agents/helper/runs/{run_id}/stream", headers={"Last-Event-ID": str(seen[-1][0])})
        again = events(rest.text)
        assert [number for number, _, _ in seen + again] == list(range(len(seen) + len(again)))
        assert again[-1][1] == "RunCompleted" and again[-1][2]["content"] == "the end"


def test_a_run_in_the_background_is_accepted_and_looked_up() -> None:
    gate = Gate()
    with (
        served(an_os(agents=[gated(gate)])) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client,
    ):
        answer = client.post("/agents/helper/runs", data={"message": "hi", "background": "true"})
        run_id = answer.json()["run_id"]
        place = f"/agents/helper/runs/{run_id}"
        assert answer.status_code == 202 and answer.json()["status"] == "PENDING"
        gate.reached.wait(30)
        assert client.get(place).json()["status"] == "RUNNING"
        gate.open.set()
        until(lambda: client.get(place).json()["status"] == "COMPLETED")
        assert client.get(place).json()["content"] == "the end"


@pytest.mark.parametrize(("cancels", "status"), [(True, "CANCELLED"), (False, "COMPLETED")])
def test_whether_a_stream_ends_with_its_client_is_a_setting(cancels: bool, status: str) -> None:
    gate = Gate()
    service = an_os(agents=[gated(gate)], cancel_on_disconnect=cancels)
    with served(service) as server, httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        with client.stream("POST", "/agents/helper/runs", data={"message": "hi", "stream": "true"}) as response:
            seen = events(read_until(response, "ToolCallStarted"))
        run_id = seen[0][2]["run_id"]
        if not cancels:
            gate.open.set()
        until(lambda: run_id in service.runs.ended)
        assert client.get(f"/agents/helper/runs/{run_id}").json()["status"] == status


def test_a_run_is_cancelled_by_its_id() -> None:
    gate = Gate()
    with (
        served(an_os(agents=[gated(gate)])) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client,
    ):
        run_id = client.post("/agents/helper/runs", data={"message": "hi", "background": "true"}).json()["run_id"]
        place = f"/agents/helper/runs/{run_id}"
        gate.reached.wait(30)
        assert (client.post(f"{place}/cancel").status_code, client.post(f"{place}/cancel").json()) == (200, {})
        until(lambda: client.get(place).json()["status"] == "CANCELLED")
        assert client.post("/agents/helper/runs/unknown/cancel").status_code == 404


def test_a_silent_stream_has_heartbeats() -> None:
    gate = Gate()
    service = an_os(agents=[gated(gate)], run_limits=RunLimits(heartbeat=0.05))
    with served(service) as server, httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        with client.stream("POST", "/agents/helper/runs", data={"message": "hi", "stream": "true"}) as response:
            text = ""
            for chunk in response.iter_text():
                text += chunk
                if text.count(": heartbeat\n\n") == 3:
                    gate.open.set()
    assert kinds(text)[-1] == "RunCompleted"


# Continuing ----------------------------------------------------------------------------------------------------------


def asking_agent(db: Any, **settings: Any) -> Agent:
    @tool(requires_confirmation=True)
    def delete(name: str) -> str:
        """Delete."""
        return f"{name} is gone"

    return agent(wants("delete", name="it"), says("done"), tools=[delete], db=db, **settings)


@pytest.mark.parametrize("streamed", ["true", "false"])
def test_an_agent_goes_on_after_a_person_confirmed(streamed: str) -> None:
    service = an_os(agents=[asking_agent(InMemoryDb(id="main"))])

    async def talk(client: httpx.AsyncClient) -> Any:
        run = (await client.post("/agents/helper/runs", data={"message": "go", "session_id": "s"})).json()
        assert run["status"] == "PAUSED"
        tools = [{**one, "confirmed": True} for one in run["tools"]]
        form = {"tools": json.dumps(tools), "session_id": "s", "stream": streamed}
        return run, await client.post(f"/agents/helper/runs/{run['run_id']}/continue", data=form)

    run, answer = ask(service, talk)
    if streamed == "true":
        assert kinds(answer.text)[-1] == "RunCompleted" and "RunContinued" in kinds(answer.text)
    else:
        assert answer.json()["content"] == "done" and answer.json()["run_id"] == run["run_id"]


def test_events_of_a_run_that_goes_on_are_numbered_on() -> None:
    service = an_os(agents=[asking_agent(InMemoryDb(id="main"))])

    async def talk(client: httpx.AsyncClient) -> Any:
        first = events((await client.post("/agents/helper/runs", data={"message": "go", "stream": "true"})).text)
        paused = first[-1][2]
        tools = [{**one, "confirmed": True} for one in paused["tools"]]
        place = f"/agents/helper/runs/{paused['run_id']}"
        return first, events((await client.post(f"{place}/continue", data={"tools": json.dumps(tools)})).text)

    first, second = ask(service, talk)
    assert [n for n, _, _ in first + second] == list(range(len(first) + len(second)))


def test_a_team_goes_on_after_a_person_confirmed_for_a_member() -> None:
    db = InMemoryDb(id="main")
    member = asking_agent(db, name="Member")
    leader = ScriptedModel(
        wants("delegate_task_to_member", member_id="member", task_description="go"), says("all done")
    )
    service = an_os(teams=[Team(members=[member], name="Crew", model=leader, db=db)])

    async def talk(client: httpx.AsyncClient) -> Any:
        run = (await client.post("/teams/crew/runs", data={"message": "go", "stream": "false"})).json()
        assert run["status"] == "PAUSED"
        for requirement in run["requirements"]:
            requirement["confirmation"] = requirement["tool_execution"]["confirmed"] = True
        form = {"requirements": json.dumps(run["requirements"]), "stream": "false"}
        return (await client.post(f"/teams/crew/runs/{run['run_id']}/continue", data=form)).json()

    assert ask(service, talk)["content"] == "all done"


def test_a_workflow_goes_on_after_a_person_confirmed() -> None:
    step = Step(name="sure", agent=agent(), requires_confirmation=True)
    service = an_os(workflows=[Workflow(name="Flow", steps=[step], db=InMemoryDb(id="main"))])

    async def talk(client: httpx.AsyncClient) -> Any:
        run = (await client.post("/workflows/flow/runs", data={"message": "go", "stream": "false"})).json()
        assert run["status"] == "PAUSED"
        answers = [{**one, "confirmed": True} for one in run["step_requirements"]]
        form = {"step_requirements": json.dumps(answers), "stream": "false"}
        return (await client.post(f"/workflows/flow/runs/{run['run_id']}/continue", data=form)).json()

    assert ask(service, talk)["content"] == "Hello there"


@pytest.mark.parametrize(
    ("tools", "status", "words"),
    [
        ("{", 400, "Invalid JSON in tools field"),
        ('{"a": 1}', 400, "Invalid structure or content for tools"),
        ("[1]", 400, "Invalid structure"),
        ('[{"confirmed": true}]', 400, "Invalid structure or content for tools: each tool needs the tool_call_id"),
    ],
)
def test_answers_that_cannot_be_read_are_refused(tools: str, status: int, words: str) -> None:
    service = an_os(agents=[asking_agent(InMemoryDb(id="main"))])

    async def talk(client: httpx.AsyncClient) -> Any:
        run = (await client.post("/agents/helper/runs", data={"message": "go"})).json()
        return await client.post(f"/agents/helper/runs/{run['run_id']}/continue", data={"tools": tools})

    answer = ask(service, talk)
    assert answer.status_code == status and words in answer.text


def test_a_run_that_completed_is_not_continued() -> None:
    async def talk(client: httpx.AsyncClient) -> Any:
        run = (await client.post("/agents/helper/runs", data={"message": "go"})).json()
        return await client.post(f"/agents/helper/runs/{run['run_id']}/continue", data={"stream": "false"})

    assert ask(everything(), talk).status_code == 409


# Stopping ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("background", ["true", "false"])
def test_stopping_lets_a_run_end(background: str, tmp_path: Any) -> None:
    gate, db = Gate(), SqliteDb(db_file=str(tmp_path / "a.db"))
    helper = agent(wants("wait"), says("the end"), tools=[gate.wait], db=db)
    form = {"message": "hi", "session_id": "s", "background": background, "stream": "true"}
    with served(an_os(agents=[helper])) as server:
        with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
            with client.stream("POST", "/agents/helper/runs", data=form) as response:
                read_until(response, "ToolCallStarted")
        server.stop()
        gate.open.set()
    run = helper.get_last_run_output("s")
    assert run is not None and run.status.value == "COMPLETED" and run.content == "the end"


def test_a_run_that_takes_too_long_is_stored_as_cancelled_when_the_service_stops() -> None:
    gate, db = Gate(), InMemoryDb()  # which no other worker can read
    helper = agent(wants("wait"), says("the end"), tools=[gate.wait], db=db)
    with served(an_os(agents=[helper], run_limits=RunLimits(drain=0.1))) as server:
        httpx.post(
            f"{server.url}/agents/helper/runs",
            data={"message": "hi", "session_id": "s", "background": "true"},
            trust_env=False,
            timeout=30,
        )
        gate.reached.wait(30)
    run = helper.get_last_run_output("s")
    assert run is not None and run.status.value == "CANCELLED"


def test_of_runs_that_ended_outputs_count_too_as_what_is_kept() -> None:
    def kept(limits: RunLimits) -> list[Any]:
        service = an_os(agents=[agent("x" * 10_000)], run_limits=limits)
        request(service, "POST", "/agents/helper/runs", data={"message": "hi", "stream": "true"})
        return list(service.runs.ended.values())

    [run] = kept(RunLimits())
    assert kept(RunLimits(kept_bytes=run.log.size + 5_000)) == []


def test_while_it_stops_no_run_begins() -> None:
    service = everything()
    service.runs.begin_drain()
    answer = request(service, "POST", "/agents/helper/runs", data={"message": "hi"})
    assert answer.status_code == 503 and answer.headers["retry-after"] == "5"


_SERVER = """
import asyncio, sys
from agno.agent import Agent
from agno.os import AgentOS, RunLimits
from agno.db.sqlite import SqliteDb
from agno.testing import ScriptedModel, says, wants

async def wait() -> str:
    "Wait."
    await asyncio.sleep(60)
    return "waited"

model = ScriptedModel({"a": [wants("wait"), says("end")], "b": [wants("wait"), says("end")]})
helper = Agent(name="Helper", model=model, tools=[wait], db=SqliteDb(db_file=sys.argv[1]))
service = AgentOS(agents=[helper], run_limits=RunLimits(drain=float(sys.argv[3])))
service.serve(service.get_app(), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
"""


@pytest.mark.parametrize(("drain", "signals"), [(0.3, 1), (600.0, 2)])
def test_signals_let_followers_go_and_end_or_park_what_takes_too_long(
    drain: float, signals: int, tmp_path: Any
) -> None:
    port = free_port()
    file = str(tmp_path / "a.db")
    command = [sys.executable, "-c", _SERVER, file, str(port), str(drain)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client:
            until(lambda: _answers(client), 30)
            place = "/agents/helper/runs"
            with (
                client.stream("POST", place, data={"message": "a", "stream": "true", "session_id": "a"}) as front,
                client.stream(
                    "POST", place, data={"message": "b", "stream": "true", "session_id": "b", "background": "true"}
                ) as back,
            ):
                parts = front.iter_text(), back.iter_text()
                texts = [_until_tool(part) for part in parts]
                process.terminate()
                line = next(line for line in process.stderr if "runs that go on: 2" in line)  # it was heard
                for _ in range(signals - 1):
                    process.terminate()
                front_text, back_text = (text + "".join(part) for text, part in zip(texts, parts, strict=True))
        log = line + process.communicate(timeout=20)[1]
    finally:
        process.kill()
    assert kinds(front_text)[-1] == "RunCancelled" and kinds(back_text)[-1] == "ToolCallStarted"
    helper, run_id = agent(db=SqliteDb(db_file=file)), events(back_text)[0][2]["run_id"]
    stored = [helper.get_last_run_output(name).status.value for name in ("a", "b")]  # type: ignore[union-attr]
    assert stored == ["CANCELLED", "RUNNING"] and f"run_id={run_id} | left to the next worker" in log
    assert "cancelled, since the service stops" in log and "Traceback" not in log


def test_the_next_worker_goes_on_with_what_was_parked(tmp_path: Any) -> None:
    gate, db = Gate(), SqliteDb(db_file=str(tmp_path / "a.db"))
    helper = agent(wants("wait"), says("the end"), tools=[gate.wait], db=db)
    form = {"message": "hi", "session_id": "s", "background": "true"}
    with served(an_os(agents=[helper], run_limits=RunLimits(drain=0.1))) as server:
        httpx.post(f"{server.url}/agents/helper/runs", data=form, trust_env=False, timeout=30)
        gate.reached.wait(30)
    gate.open.set()
    [left] = db.dead_workers(int(time.time()))
    assert [facts["parked"] for facts in left["runs"].values()] == [True], "its lease is over"
    with served(an_os(agents=[helper])):
        until(lambda: helper.get_last_run_output("s").status.value == "COMPLETED", 30)  # type: ignore[union-attr]
    assert db.dead_workers(2**40) == []


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def _until_tool(parts: Any) -> str:
    text = ""
    while "event: ToolCallStarted\n" not in text:
        text += next(parts)
    return text


@pytest.mark.parametrize("kind, which", [("agent", "helper"), ("team", "crew"), ("workflow", "flow")])
def test_the_newest_runs_are_listed_whatever_session_they_are_in(kind: str, which: str) -> None:
    service = full_os()
    runs = f"/{kind}s/{which}/runs"

    async def talk(client: httpx.AsyncClient) -> list[list[str]]:
        made = []
        for number in range(12):
            session = "old" if number < 4 else f"s{number % 3}"
            form = {"message": "hi", "stream": "false", "session_id": session, "user_id": "ada"}
            made.append((await client.post(runs, data=form)).json()["run_id"])
        queries = [
            "",
            "?limit=5",
            "?session_id=old&limit=2",
            "?session_id=old&user_id=bob",
            "?session_id=nope",
            "?user_id=bob",
        ]
        answers = [(await client.get(runs + query)).json() for query in queries]
        return [made, *([run["run_id"] for run in answer] for answer in answers)]

    made, whole, five, old, *nothing = ask(service, talk)
    assert sorted(whole) == sorted(made) and len(five) == 5 and set(five) <= set(made)
    assert set(old) == set(made[2:4]) and nothing == [[], [], []]


def test_data_that_is_nested_very_deep_is_refused() -> None:
    service = full_os()
    for depth, status in ((50, 200), (500, 422), (5000, 400)):
        state = '{"a":' * depth + "1" + "}" * depth
        form = {"message": "hi", "stream": "false", "session_state": state}
        assert request(service, "POST", "/agents/helper/runs", data=form).status_code == status
        body = f'{{"message": "hi", "stream": false, "dependencies": {state}}}'
        sent = request(
            service, "POST", "/agents/helper/runs", content=body, headers={"content-type": "application/json"}
        )
        assert sent.status_code == status, sent.text


def test_ids_without_end_and_halves_of_characters_are_refused() -> None:
    service = full_os()
    form = {"message": "hi", "stream": "false", "session_id": "x" * 256}
    answer = request(service, "POST", "/agents/helper/runs", data=form)
    assert answer.status_code == 422 and answer.json()["detail"][0]["loc"] == ["body", "session_id"]
    half, json_type = b'{"%b": "\\ud800", "user_id": "a", "agent_id": "helper"}', {"content-type": "application/json"}
    for path, name in (("/sessions", b"session_id"), ("/memories", b"memory"), ("/agents/helper/runs", b"message")):
        answer = request(service, "POST", path, content=half % name, headers=json_type)
        assert answer.status_code in (400, 422) and "detail" in answer.json(), path
