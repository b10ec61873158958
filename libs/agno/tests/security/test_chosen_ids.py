"""Ids that a client chooses and that are another user's: nothing is begun, changed or told, wherever the run is hosted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from security.attempts import ANN, BOB, KINDS
from security.whole_os import bearer, jwt_os, socket, token

from agno.db.in_memory import InMemoryDb
from agno.db.sqlite import SqliteDb
from agno.os import AgentOS
from agno.run.base import RunStatus
from agno.utils.ids import new_id

WORDS = "private-words"
MODES = {
    "plain": {"stream": "false"},
    "streamed": {"stream": "true"},
    "background": {"stream": "false", "background": "true"},
}


def talk(services: list[AgentOS], go: Callable[..., Awaitable[Any]]) -> Any:
    """What `go` gives, with a client of each of these workers."""

    async def run() -> Any:
        async with AsyncExitStack() as stack:
            clients = []
            for app in (service.get_app() for service in services):
                await stack.enter_async_context(app.router.lifespan_context(app))
                transport = httpx.ASGITransport(app, raise_app_exceptions=False)
                clients.append(
                    await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://os.test"))
                )
            return await go(*clients)

    return asyncio.run(run())


async def begin(client: httpx.AsyncClient, user: str, kind: str, **form: str) -> httpx.Response:
    path = f"/{kind}s/{KINDS[kind]}/runs"
    return await client.post(path, data={"message": "hi", **form}, headers=bearer(token(user)))


def tells_nothing(answer: httpx.Response) -> bool:
    return WORDS not in answer.text and ANN not in answer.text


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_session_of_another_user_is_not_there(kind: str, mode: str) -> None:
    db = InMemoryDb(id="main")

    async def go(client: httpx.AsyncClient) -> None:
        session = f"anns-{kind}"
        made = await begin(client, ANN, kind, message=WORDS, session_id=session, stream="false")
        assert made.status_code == 200
        before = db.get_session(session, kind).to_dict()
        for more in ({}, {"run_id": made.json()["run_id"]}, {"run_id": new_id()}, {"user_id": ANN}):
            answer = await begin(client, BOB, kind, session_id=session, **MODES[mode], **more)
            assert (answer.status_code, answer.json()) == (404, {"detail": f"Session with id '{session}' not found"})
        assert db.get_session(session, kind).to_dict() == before

    talk([jwt_os(db)], go)


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_of_another_kind_is_refused_without_a_word_of_it(kind: str) -> None:
    db = InMemoryDb(id="main")
    other = next(one for one in KINDS if one != kind)

    async def go(client: httpx.AsyncClient) -> None:
        await begin(client, ANN, kind, message=WORDS, session_id="anns", stream="false")
        answer = await begin(client, BOB, other, session_id="anns", stream="false")
        assert answer.status_code == 404 and tells_nothing(answer)

    talk([jwt_os(db)], go)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_run_id_of_another_user_is_taken_here_and_at_another_worker(kind: str, mode: str, tmp_path: Path) -> None:
    dbs = [SqliteDb(db_file=str(tmp_path / "os.db"), id="main") for _ in range(2)]
    services = [jwt_os(db) for db in dbs]

    async def go(here: httpx.AsyncClient, there: httpx.AsyncClient) -> None:
        taken = new_id()
        made = await begin(
            here, ANN, kind, message=WORDS, session_id="anns", run_id=taken, stream="true", background="true"
        )
        assert made.status_code == 200 and "Completed" in made.text
        keeper = services[0].runs.keeper_of(services[0].agents[0])
        assert keeper is not None
        await keeper.written()
        before = dbs[0].get_session("anns", kind).to_dict()
        for client in (here, there):
            answer = await begin(client, BOB, kind, session_id=f"bobs-{mode}", run_id=taken, **MODES[mode])
            assert (answer.status_code, answer.json()) == (409, {"detail": f"There is a run with ID {taken} already"})
            for path in ("", "/stream"):
                url = f"/{kind}s/{KINDS[kind]}/runs/{taken}{path}"
                found = await client.get(url, params={"session_id": "anns"}, headers=bearer(token(BOB)))
                assert found.status_code == 404 and tells_nothing(found)
        assert dbs[0].get_session("anns", kind).to_dict() == before
        assert dbs[0].get_session(f"bobs-{mode}", kind) is None

    talk(services, go)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_id_is_taken_for_its_own_user_too_and_told_the_same_way(kind: str) -> None:
    async def go(client: httpx.AsyncClient) -> None:
        taken = new_id()
        told = []
        for user in (ANN, ANN, BOB):
            told.append(await begin(client, user, kind, session_id=f"of-{user}", run_id=taken, stream="true"))
        assert [one.status_code for one in told] == [200, 409, 409]
        assert told[1].json() == told[2].json()

    talk([jwt_os(InMemoryDb(id="main"))], go)


def test_absurd_run_ids_are_refused() -> None:
    async def go(client: httpx.AsyncClient) -> None:
        for given in (
            "x",
            "../../etc/passwd",
            "A" * 10_000,
            "00000000-0000-4000-8000-00000000000G",
            "\u202e",
            "'; DROP TABLE",
        ):
            answer = await begin(client, BOB, "agent", run_id=given, stream="false")
            assert answer.status_code == 422 and answer.json()["detail"][0]["loc"] == ["body", "run_id"]

    talk([jwt_os(InMemoryDb(id="main"))], go)


def test_the_websocket_tells_nothing_of_another_users_sessions_and_runs() -> None:
    db = InMemoryDb(id="main")
    service = jwt_os(db)

    async def go(client: httpx.AsyncClient) -> None:
        made = await begin(client, ANN, "workflow", message=WORDS, session_id="anns", stream="false")
        stored = made.json()["run_id"]
        hosted = new_id()
        await begin(client, ANN, "workflow", message=WORDS, session_id="anns", run_id=hosted, stream="true")
        before = db.get_session("anns", "workflow").to_dict()
        flow = {"workflow_id": "flow"}
        said: list[dict[str, Any]] = [
            {"action": "start-workflow", "message": "hi", **flow, "session_id": "anns", "user_id": ANN}
        ]
        for run_id in (stored, hosted):
            said += [
                {"action": "reconnect", "run_id": run_id},
                {"action": "cancel-workflow", **flow, "run_id": run_id, "session_id": "anns"},
                {"action": "continue-workflow", **flow, "run_id": run_id, "session_id": "anns", "user_id": ANN},
            ]
        said.append({"action": "start-workflow", "message": "hi", **flow, "run_id": hosted})
        heard = await socket(service.get_app(), "/workflows/ws", token(BOB), *(json.dumps(one) for one in said))
        assert WORDS not in heard and ANN not in heard
        errors = [json.loads(line)["error"] for line in heard.split("\n") if '"event":"error"' in line]
        assert errors[0] == "Session with id 'anns' not found" and len(errors) == 7
        assert all("not found" in error for error in errors)
        assert f'"run_id":"{hosted}"' not in heard.partition(errors[-1])[2], "a socket's run has an id of its own"
        assert db.get_session("anns", "workflow").to_dict() == before

    talk([service], go)


def test_a_run_that_goes_on_is_not_stopped_by_who_knows_its_id() -> None:
    db = InMemoryDb(id="main")
    service = jwt_os(db)

    async def go(client: httpx.AsyncClient) -> None:
        run_id = new_id()
        await begin(client, ANN, "agent", session_id="anns", run_id=run_id, stream="false", background="true")
        for action in ("cancel", "continue", "resume"):
            path = f"/agents/helper/runs/{run_id}/{action}"
            answer = await client.post(path, data={"session_id": "anns"}, headers=bearer(token(BOB)))
            told = answer.json()["detail"].replace(
                "session anns", "the sessions that were used last; name its session_id"
            )
            assert answer.status_code == 404
            assert told == f"Run with ID {run_id} not found in the sessions that were used last; name its session_id"
        path = f"/agents/helper/runs/{run_id}/stream"
        await client.get(path, headers=bearer(token(ANN)))
        assert db.get_session("anns", "agent").get_run(run_id).status is RunStatus.completed

    talk([service], go)
