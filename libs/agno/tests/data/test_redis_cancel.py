"""Cancelling a run from another process, through a Redis server that really runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from db.servers.redis import RedisServer

from agno.agent import Agent
from agno.exceptions import RunCancelledException
from agno.run import get_cancellation_manager, set_cancellation_manager
from agno.run.base import RunStatus
from agno.run.cancellation_management import RedisRunCancellationManager
from agno.testing import ScriptedModel, says

from playing import in_every_mode, play


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(params=[True, False], ids=["text", "bytes"])
def two(server: RedisServer, request: pytest.FixtureRequest) -> tuple[Any, Any]:
    """The managers of two processes."""
    clients = [redis.Redis.from_url(server.url, decode_responses=request.param) for _ in range(2)]
    clients[0].flushall()
    return RedisRunCancellationManager(clients[0]), RedisRunCancellationManager(clients[1])


def test_a_run_of_another_process_is_cancelled(two: tuple[Any, Any]) -> None:
    here, there = two
    here.register_run("r")
    assert there.get_active_runs() == {"r": False} and not here.is_cancelled("r")
    assert there.cancel_run("r") and here.is_cancelled("r") and here.get_active_runs() == {"r": True}
    with pytest.raises(RunCancelledException, match="r was cancelled"):
        here.raise_if_cancelled("r")
    here.cleanup_run("r")
    assert there.get_active_runs() == {} and not there.is_cancelled("r")


def test_a_wish_waits_for_the_start_of_its_run(two: tuple[Any, Any]) -> None:
    here, there = two
    assert there.cancel_run("later") is False and there.get_active_runs() == {}
    here.register_run("later")
    assert here.is_cancelled("later") and there.get_active_runs() == {"later": True}


def test_nothing_stays_for_ever(two: tuple[Any, Any]) -> None:
    here, _ = two
    here.register_run("a")
    here.cancel_run("b")
    ttls = [here.redis_client.ttl(f"{here.key_prefix}{run_id}") for run_id in "ab"]
    assert all(0 < ttl <= 86_400 for ttl in ttls)


def test_the_async_faces_do_the_same(two: tuple[Any, Any]) -> None:
    here, there = two

    async def scenario() -> None:
        await here.aregister_run("r")
        assert await there.acancel_run("r") and await here.ais_cancelled("r")
        assert await here.aget_active_runs() == {"r": True}
        with pytest.raises(RunCancelledException):
            await here.araise_if_cancelled("r")
        await here.acleanup_run("r")
        assert await there.aget_active_runs() == {}

    asyncio.run(scenario())


@in_every_mode
def test_an_agent_does_not_begin_what_another_process_cancelled(two: tuple[Any, Any], mode: str) -> None:
    here, there = two
    model = ScriptedModel(says("never"))
    before = get_cancellation_manager()
    set_cancellation_manager(here)
    try:
        there.cancel_run("early")
        seen = play(Agent(model=model), "go", mode, run_id="early")
    finally:
        set_cancellation_manager(before)
    assert seen.output is not None and seen.output.status is RunStatus.cancelled
    assert model.requests == [] and here.get_active_runs() == {}
