from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import httpx
import pytest

from agno.testing import NetworkBlocked, ScriptedServer, no_network, says

pytest_plugins = ["pytester"]
FAR = "192.0.2.1"  # an address that is kept for documentation


def by_socket() -> None:
    with socket.socket() as s:
        s.connect((FAR, 80))


def by_connect_ex() -> None:
    with socket.socket() as s:
        s.connect_ex((FAR, 80))


def by_version_six() -> None:
    with socket.socket(socket.AF_INET6) as s:
        s.connect(("2001:db8::1", 80))


def by_datagram() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as s:
        s.sendto(b"x", (FAR, 53))


def by_httpx() -> None:
    httpx.get("http://example.invalid/", trust_env=False, timeout=30)


def by_async_httpx(host: str = "example.invalid") -> None:
    async def get() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            await client.get(f"http://{host}/")

    asyncio.run(get())


@pytest.mark.parametrize(
    ("way", "host"),
    [
        (by_socket, FAR), (by_connect_ex, FAR), (by_version_six, "2001:db8::1"), (by_datagram, FAR),
        (by_httpx, "example.invalid"), (by_async_httpx, "example.invalid"),
        (lambda: socket.getaddrinfo("example.invalid", 80), "example.invalid"),
        (lambda: socket.getaddrinfo(b"example.invalid", 80), "example.invalid"),
        (lambda: socket.gethostbyname("example.invalid"), "example.invalid"),
        (lambda: socket.create_connection((FAR, 80)), FAR),
    ],
)  # fmt: skip
def test_every_way_out_is_blocked_and_names_the_host(way: Any, host: str) -> None:
    with no_network() as guard:
        with pytest.raises(NetworkBlocked, match=host):
            way()
        assert host in guard.attempts[0]
        guard.attempts.clear()


def test_asyncio_connections_are_blocked() -> None:
    async def connect() -> None:
        with pytest.raises(NetworkBlocked, match=r"example.invalid"):
            await asyncio.open_connection("example.invalid", 80)

    with no_network() as guard:
        asyncio.run(connect())
        guard.attempts.clear()


def test_an_address_is_blocked_also_where_a_task_group_wraps_the_error() -> None:
    with no_network() as guard:
        with pytest.raises(Exception):  # noqa: B017  # anyio connects to addresses in a task group
            by_async_httpx(FAR)
        assert guard.attempts == [f"connect to '{FAR}'"]
        guard.attempts.clear()


def test_a_socket_from_before_the_block_is_guarded_too() -> None:
    with socket.socket() as s, no_network() as guard:
        with pytest.raises(NetworkBlocked):
            s.connect((FAR, 80))
        guard.attempts.clear()


def test_threads_are_guarded_too() -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            by_socket()
        except NetworkBlocked as error:
            caught.append(error)

    with no_network() as guard:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        guard.attempts.clear()
    assert len(caught) == 1


def test_a_caught_error_still_fails_the_block() -> None:
    with pytest.raises(NetworkBlocked, match=f"was used: connect to '{FAR}'"), no_network():
        try:
            by_socket()
        except Exception:
            pass


def test_the_loopback_interface_is_open() -> None:
    with no_network(), ScriptedServer(says("ok")) as server:
        assert httpx.post(
            f"{server.url}/api/chat", json={"messages": [], "stream": False}, trust_env=False, timeout=30
        ).is_success
        port = server.url.rpartition(":")[2]
        for host in ("localhost", "127.0.0.1", "127.0.0.2"):
            assert socket.getaddrinfo(host, port)
        with socket.socket(socket.AF_UNIX) as s, pytest.raises(OSError):
            s.connect("/nowhere/at/all")


def test_allowed_hosts_may_be_reached() -> None:
    with no_network(allow=["Example.invalid"]), pytest.raises(OSError):
        socket.getaddrinfo("example.invalid", 80)


def test_a_single_host_is_not_taken_for_its_letters() -> None:
    with pytest.raises(ValueError, match="allow='example.com' is a single text"):
        with no_network(allow="example.com"):
            pass


def test_after_the_block_nothing_is_guarded_and_blocks_may_nest() -> None:
    with no_network() as outer:
        with no_network(allow=["example.invalid"]), pytest.raises(OSError):
            socket.getaddrinfo("example.invalid", 80)
        with pytest.raises(NetworkBlocked):
            socket.getaddrinfo("example.invalid", 80)
        outer.attempts.clear()
    with pytest.raises(OSError):
        socket.getaddrinfo("example.invalid", 80)


USER_TESTS = """
    import socket, pytest

    def reach():
        try:
            socket.getaddrinfo("example.invalid", 80)
        except Exception:
            pass

    def test_guarded(no_network):
        reach()

    def test_plain():
        reach()

    @pytest.mark.network
    def test_marked():
        reach()
"""


@pytest.mark.parametrize(("options", "passed", "errors"), [([], 3, 1), (["--no-network"], 3, 2)])
def test_the_pytest_plugin_fails_tests_that_reach_out(
    pytester: pytest.Pytester, options: list[str], passed: int, errors: int
) -> None:
    pytester.makepyfile(USER_TESTS)
    result = pytester.runpytest_inprocess("-p", "agno.testing.pytest_plugin", "--strict-markers", *options)
    result.assert_outcomes(passed=passed, errors=errors)


def test_the_pytest_plugin_can_be_switched_on_in_the_settings(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USER_TESTS)
    pytester.makeini("[pytest]\nagno_no_network = true")
    result = pytester.runpytest_inprocess("-p", "agno.testing.pytest_plugin")
    result.assert_outcomes(passed=3, errors=2)
