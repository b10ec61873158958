"""`AgentOSClient`, sync and async, against a real server on loopback."""

from __future__ import annotations

import asyncio
import inspect
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ports import free_port

from agno.agent import Agent
from agno.agent.remote import RemoteAgent
from agno.client import (
    AgentOSClient,
    AuthenticationError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RemoteServerUnavailableError,
)
from agno.client._routes import ROUTES
from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.exceptions import AgnoError
from agno.os import AgentOS
from agno.os.settings import AgnoAPISettings
from agno.run.base import RunStatus
from agno.team import Team
from agno.testing import ScriptedModel, says, wants
from agno.workflow import Step, Workflow

from os_serving import full_os, routes_of, served, until


@pytest.fixture(scope="module")
def service() -> AgentOS:
    db = InMemoryDb(id="main")
    hello = Agent(id="hello", model=ScriptedModel("Hello there", repeat=True), db=db)
    crew = Team([hello], id="crew", db=db, model=ScriptedModel("We greet you", repeat=True))
    flow = Workflow(id="flow", db=db, steps=[Step(name="first", agent=hello)])
    return AgentOS(agents=[hello], teams=[crew], workflows=[flow])


@pytest.fixture(scope="module")
def client(service: AgentOS) -> Iterator[AgentOSClient]:
    with served(service) as server, AgentOSClient(server.url, patience=2) as made:
        yield made


def talk(client: AgentOSClient, colour: str, method: str, *args: Any, **options: Any) -> Any:
    if colour == "sync":
        return getattr(client, method)(*args, **options)
    return asyncio.run(getattr(client, f"a{method}")(*args, **options))


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_what_is_served_is_listed_and_described(client: AgentOSClient, colour: str) -> None:
    assert talk(client, colour, "get_health")["status"] == "ok"
    assert [one["id"] for one in talk(client, colour, "list_agents")] == ["hello"]
    assert talk(client, colour, "get_config")["databases"] == ["main"]
    assert talk(client, colour, "get_team", "crew")["id"] == "crew"
    assert talk(client, colour, "get_workflow", "flow")["id"] == "flow"


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("kind, which", [("agent", "hello"), ("team", "crew"), ("workflow", "flow")])
def test_a_run_gives_its_output_and_is_found_again(client: AgentOSClient, colour: str, kind: str, which: str) -> None:
    session = f"{colour}-{kind}"
    output = talk(client, colour, "run", kind, which, "Hi", session_id=session, user_id="ada")
    assert output.status is RunStatus.completed and output.session_id == session

    again = talk(client, colour, "get_run", kind, which, output.run_id, session)
    assert (again.run_id, again.content) == (output.run_id, output.content)
    assert output.run_id in [one.run_id for one in talk(client, colour, "list_runs", kind, which, session_id=session)]
    assert len(talk(client, colour, "get_session_runs", session, type=kind)) >= 1
    events = list(client.follow_run(kind, which, output.run_id))
    assert events[-1].event.endswith("Completed")
    assert [
        e.event for e in client.follow_run(kind, which, output.run_id, last_event_id=len(events) - 2, post=True)
    ] == [events[-1].event]


def test_a_background_run_is_followed_until_it_ends(client: AgentOSClient) -> None:
    begun = client.run("agent", "hello", "Hi", background=True)
    kinds = [event.event for event in client.follow_run("agent", "hello", begun.run_id, session_id=begun.session_id)]
    assert (kinds[0], kinds[-1]) == ("RunStarted", "RunCompleted")


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_sessions_and_memories_are_made_changed_listed_and_deleted(client: AgentOSClient, colour: str) -> None:
    made = talk(client, colour, "create_session", agent_id="hello", user_id=colour, session_name="Tea")
    talk(client, colour, "rename_session", made["session_id"], "Coffee")
    assert talk(client, colour, "get_session", made["session_id"])["session_name"] == "Coffee"
    found = talk(client, colour, "list_sessions", user_id=colour, limit=5)
    assert made["session_id"] in [one["session_id"] for one in found["data"]]
    assert talk(client, colour, "delete_session", made["session_id"]) is None

    memory = talk(client, colour, "create_memory", "Likes tea", user_id=colour, topics=["drinks"])
    assert talk(client, colour, "list_memory_topics", user_id=colour) == ["drinks"]
    talk(client, colour, "delete_memories", [memory["memory_id"]], user_id=colour)
    with pytest.raises(NotFoundError, match="Memory with ID"):
        talk(client, colour, "get_memory", memory["memory_id"])


def test_evals_numbers_and_schedules_are_reached(client: AgentOSClient) -> None:
    made = client.run_eval("reliability", "Hi", agent_id="hello", expected_tool_calls=["add"])
    assert client.rename_eval_run(made["id"], "Mine")["name"] == "Mine"
    assert client.list_eval_runs(eval_types=["reliability"])["meta"]["total_count"] == 1
    client.refresh_metrics()
    assert "metrics" in client.get_metrics()
    schedule = client.create_schedule("Daily", "agent", "hello", cron_expr="@daily", input="Hi")
    assert client.disable_schedule(schedule["id"])["enabled"] is False
    assert client.list_schedule_runs(schedule["id"])["data"] == []
    client.delete_schedule(schedule["id"])


def test_refusals_are_told_apart(client: AgentOSClient) -> None:
    with pytest.raises(NotFoundError, match="GET /agents/nobody of http.* was refused with status 404"):
        client.get_agent("nobody")
    with pytest.raises(InvalidRequestError, match="run_id: Input should be a UUID"):
        client.run("agent", "hello", "Hi", run_id="mine")
    with pytest.raises(InvalidRequestError):
        client.list_sessions(limit="many")
    first = client.run("agent", "hello", "Hi")
    with pytest.raises(ConflictError, match="already"):
        client.run("agent", "hello", "Hi", run_id=first.run_id, session_id=first.session_id)
    with pytest.raises(TypeError, match="colour"):
        client.get_agent("hello", colour="red")
    with pytest.raises(ValueError, match="no id"):
        client.get_agent("")


def test_a_key_is_sent_and_never_shown(service: AgentOS) -> None:
    hello = Agent(id="hello", model=ScriptedModel("Hello there", repeat=True))
    with served(AgentOS(agents=[hello], settings=AgnoAPISettings(os_security_key="a-very-secret-key"))) as server:
        with AgentOSClient(server.url) as stranger, pytest.raises(AuthenticationError):
            stranger.list_agents()
        known = AgentOSClient(server.url, api_key="a-very-secret-key")
        assert known.run("agent", "hello", "Hi").content == "Hello there"
        assert RemoteAgent(server.url, "hello", api_key="a-very-secret-key").run("Hi").content == "Hello there"
        fresh = AgentOSClient(server.url, headers=lambda: {"Authorization": "Bearer a-very-secret-key"})
        assert len(fresh.list_agents()) == 1
        assert "secret" not in repr(known) + repr(known.connection)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_a_service_that_is_not_there_is_said_after_the_patience(colour: str) -> None:
    port = free_port()
    client = AgentOSClient(f"http://127.0.0.1:{port}", patience=0.2)
    with pytest.raises(RemoteServerUnavailableError, match=f"http://127.0.0.1:{port} cannot be reached") as caught:
        talk(client, colour, "run", "agent", "hello", "Hi")
    assert caught.value.base_url == client.base_url and isinstance(caught.value, AgnoError)


def test_every_route_has_a_method_and_every_method_an_async_twin() -> None:
    routes = routes_of(full_os())
    runs = {one for one in routes if re.match(r"\w+ /(agents|teams|workflows)/{\w+}/runs", one)}
    assert routes - runs - {" ".join(one) for one in ROUTES} == set()
    assert {one.split("}", 1)[1] for one in runs} == {
        "/runs", "/runs/{run_id}", "/runs/{run_id}/stream", "/runs/{run_id}/resume", "/runs/{run_id}/cancel",
        "/runs/{run_id}/continue",
    }  # fmt: skip
    names = {name for name, value in inspect.getmembers(AgentOSClient, inspect.isfunction) if name[0] != "_"}
    alone = {name for name in names if f"a{name}" not in names and name[1:] not in names}
    assert alone == set()


def test_methods_have_signatures_and_words() -> None:
    assert str(inspect.signature(AgentOSClient.get_session)).startswith(
        "(self, /, session_id: Any, *, type: Any = None"
    )
    assert AgentOSClient.aget_session.__doc__ == "One session. `GET /sessions/{session_id}`"


# Broken connections --------------------------------------------------------------------------------------------------


class Wire:
    """A proxy that cuts every connection after some bytes of the answer, `cuts` times."""

    def __init__(self, port: int, after: int, cuts: int) -> None:
        self.target, self.after, self.cuts = port, after, cuts
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._pump, args=(here, there, None), daemon=True).start()
            limit = self.after if self.cuts > 0 else None
            threading.Thread(target=self._pump, args=(there, here, limit), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        sent = 0
        try:
            while data := source.recv(256):
                sink.sendall(data)
                sent += len(data)
                if limit is not None and sent >= limit:
                    self.cuts -= 1
                    break
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


@pytest.mark.parametrize("colour", ["sync", "async"])
@pytest.mark.parametrize("after", [1, 700, 3000])
def test_a_stream_that_breaks_goes_on_without_gap_or_double(colour: str, after: int, service: AgentOS) -> None:
    hello = Agent(id="hello", model=ScriptedModel(" ".join(map(str, range(40))), repeat=True), db=InMemoryDb())
    with served(AgentOS(agents=[hello])) as server:
        wire = Wire(server.port, after, 3)
        client = AgentOSClient(wire.url, patience=10)
        if colour == "sync":
            events = list(client.run_stream("agent", "hello", "Count"))
        else:

            async def go() -> list[Any]:
                return [event async for event in client.arun_stream("agent", "hello", "Count")]

            events = asyncio.run(go())
        wire.listener.close()

    assert "".join(e.content for e in events if e.event == "RunContent") == " ".join(map(str, range(40)))
    assert [e.event for e in events].count("RunStarted") == [e.event for e in events].count("RunCompleted") == 1
    assert len({e.run_id for e in events}) == 1


def test_a_run_is_read_from_a_service_that_was_restarted(tmp_path: Path) -> None:
    go, begun = threading.Event(), threading.Event()

    def wait() -> str:
        """Wait."""
        begun.set()
        go.wait(20)
        return "waited"

    def new_os() -> AgentOS:
        db = SqliteDb(db_file=str(tmp_path / "os.db"))
        return AgentOS(agents=[Agent(id="slow", tools=[wait], db=db, model=ScriptedModel(wants("wait"), says("Done")))])

    with served(new_os()) as first:
        client = AgentOSClient(first.url, patience=20)
        run = client.run("agent", "slow", "Go", background=True)
        found: list[Any] = []
        follower = threading.Thread(
            target=lambda: found.extend(client.follow_run("agent", "slow", run.run_id, session_id=run.session_id))
        )
        follower.start()
        assert begun.wait(30)
        until(lambda: any(e.event == "ToolCallStarted" for e in found))
        go.set()
    port = first.port
    with served(new_os(), listen=port):
        follower.join(20)
        assert client.get_run("agent", "slow", run.run_id, run.session_id).content == "Done"
    assert [e.event for e in found].count("RunStarted") == 1


@pytest.mark.parametrize("mode", ["run", "arun"])
def test_cancelling_a_team_reaches_its_remote_member(mode: str) -> None:
    begun, stop = threading.Event(), threading.Event()

    def wait() -> str:
        """Wait."""
        begun.set()
        stop.wait(30)
        return "waited"

    far = Agent(id="far", tools=[wait], db=InMemoryDb(), model=ScriptedModel(wants("wait"), says("Done"), repeat=True))
    with served(AgentOS(agents=[far])) as server:
        leader = ScriptedModel(wants("delegate_task_to_member", member_id="far", task_description="Go"), says("Never"))
        team = Team([RemoteAgent(server.url, "far")], model=leader)
        found: list[Any] = []

        def work() -> None:
            if mode == "run":
                found.append(team.run("Hi", run_id="the-team", session_id="s"))
            else:
                found.append(asyncio.run(team.arun("Hi", run_id="the-team", session_id="s")))

        worker = threading.Thread(target=work)
        worker.start()
        assert begun.wait(30)
        team.cancel_run("the-team")
        worker.join(10)
        assert [output.status for output in found] == [RunStatus.cancelled]
        client = AgentOSClient(server.url)
        until(lambda: client.get_session_runs("s")[0]["status"] == "CANCELLED")
        stop.set()
