"""Nothing of one user comes back to another one, changes or disappears: every route, on three databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from db.servers.redis import RedisServer
from db.servers.sql import Postgres, a_name, running
from security.tenants import attack, attempts, routes_of, unscoped
from security.whole_os import jwt_os, request, talk

from agno.db.in_memory import InMemoryDb
from agno.db.postgres import PostgresDb
from agno.db.redis import RedisDb
from agno.db.sqlite import SqliteDb
from agno.tracing import stop_prometheus

IDS = dict.fromkeys(
    [f"{kind}_{how}" for kind in ("agent", "team", "workflow") for how in ("stored", "hosted")]
    + ["paused", "his", "his_answers", "gate", "gate_answers", "memory", "schedule", "bobs", "trap"],
    "x",
)


@pytest.fixture(autouse=True)
def _nothing_counts_afterwards() -> Iterator[None]:
    yield
    stop_prometheus()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    with running(Postgres) as server:
        yield server


@pytest.fixture(scope="module")
def redis(tmp_path_factory: Any) -> Iterator[Any]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def db(request: Any, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        return SqliteDb(db_file=str(tmp_path / "os.db"), id="main")
    server = request.getfixturevalue(request.param)
    if request.param == "postgres":
        return PostgresDb(server.url(), db_schema=a_name(), id="main")
    return RedisDb(db_url=server.url, db_prefix=a_name(), id="main")


def test_every_route_has_a_case() -> None:
    assert routes_of(jwt_os()) == set(attempts(IDS))


@pytest.mark.parametrize("scoped", [False, True], ids=["middleware", "authorization"])
def test_no_row_of_another_user_comes_back_changes_or_disappears(db: Any, scoped: bool) -> None:
    service = jwt_os(db, scoped)
    assert talk(service, lambda client: attack(client, service, db)) == []


def test_without_a_token_or_a_scope_nothing_is_reached() -> None:
    db = InMemoryDb(id="main")
    service = jwt_os(db, scoped=True)
    assert talk(service, lambda client: unscoped(client, service, db)) == []


def test_without_a_token_nothing_is_reached_behind_the_middleware() -> None:
    service = jwt_os()
    open_paths = {"/", "/health", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"}
    for method, path in (one.split() for one in sorted(routes_of(service))):
        if path not in open_paths and method != "WS":
            answer = request(service, method, path.replace("{", "").replace("}", ""))
            assert answer.status_code == 401, (method, path)
