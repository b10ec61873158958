"""Fixtures for pytest: put `pytest_plugins = ["agno.testing.pytest_plugin"]` into your conftest.py.

`no_network` guards one test. With `agno_no_network = true` in pytest's settings, or `--no-network` on the command line, it
guards all; a test marked `@pytest.mark.network` is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agno.testing.network import NetworkGuard
from agno.testing.network import no_network as guarded


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-network", action="store_true", help="fail every test that reaches beyond this machine")
    parser.addini("agno_no_network", "fail every test that reaches beyond this machine", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network: this test may reach other machines")


@pytest.fixture
def no_network() -> Iterator[NetworkGuard]:
    """Reaching any host but this machine fails the test, also if the code under test catches the error."""
    with guarded() as guard:
        yield guard


@pytest.fixture(autouse=True)
def _guard_all(request: pytest.FixtureRequest) -> None:
    config = request.config
    wanted = config.getoption("--no-network") or config.getini("agno_no_network")
    if wanted and request.node.get_closest_marker("network") is None:
        request.getfixturevalue("no_network")
