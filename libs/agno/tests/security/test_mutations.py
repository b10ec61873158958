"""Each check of AgentOS is missed by the tests of the tenants as soon as it is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from security.mutants import Bench, Mutant, mutants, switched

from agno.tracing import stop_prometheus

MODULES = {"_components", "_guard", "_operators", "_runs", "_socket", "mcp", "interfaces.agui.agui", "routers.memory"}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with switched() as made:
        yield made
    stop_prometheus()


def test_checks_are_found_where_they_are() -> None:
    found = {mutant.module.removeprefix("agno.os.") for mutant in mutants()}
    assert found >= MODULES and len(mutants()) > 100


@pytest.mark.heavy
def test_the_whole_service_gives_the_tenants_nothing_to_notice(bench: Bench) -> None:
    assert bench.whole == []


@pytest.mark.heavy
@pytest.mark.parametrize("mutant", mutants(), ids=str)
def test_a_check_that_is_gone_is_noticed(mutant: Mutant, bench: Bench) -> None:
    assert bench.noticed(mutant)
