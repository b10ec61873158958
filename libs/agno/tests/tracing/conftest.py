from __future__ import annotations

from collections.abc import Iterator

import pytest

from agno.models.prices import forget_prices
from agno.tracing import count_costs, stop_logging, stop_prometheus, stop_tracing


@pytest.fixture(autouse=True)
def _nothing_watches_afterwards() -> Iterator[None]:
    yield
    stop_tracing()
    stop_prometheus()
    stop_logging()
    count_costs(False)
    forget_prices()
