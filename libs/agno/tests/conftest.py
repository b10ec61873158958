"""Nothing is skipped silently: a skip with a reason that is not declared here fails, above all a missing package."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

# What a protocol, an emulator, the platform or the user who runs the tests cannot have, by the beginning of the reason.
DECLARED = (
    "the protocol has no ",
    "the SDK takes no HTTP client",
    "the server needs no key",
    "a single server has no transactions",
    "the emulator knows no preconditions",
    "root reads every file",
    "needs fork",
    "no fork on this system",
    "signals of POSIX",
    "Python 3.",
)


def _undeclared(report: Any) -> str | None:
    """The reason of a skip that is no declared difference."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return None
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix(
        "Skipped: "
    )
    return None if reason.startswith(DECLARED) else reason


def _fail(report: Any) -> Any:
    if (reason := _undeclared(report)) is not None:
        report.outcome = "failed"
        report.longrepr = (
            f"Skipped without a declared reason: {reason}. `make test` installs every package of requirements."
        )
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any) -> Generator[None, Any, Any]:
    return _fail((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: Any) -> Generator[None, Any, Any]:
    return _fail((yield))
