"""Nothing is skipped silently: a skip with a reason that is not declared here fails, above all a missing package."""

from __future__ import annotations

import gc
import logging
import ssl
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import certifi
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


# Where clients look for certificates, besides the list of certifi.
_AUTHORITIES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")


def pytest_configure(config: Any) -> None:
    """HTTP clients read the 140 authorities of certifi, or of the system, when they are made, which takes 40 ms; nothing here
    asks the network, so one is enough."""
    folder = tempfile.TemporaryDirectory(prefix="agno-tests-")
    config.add_cleanup(folder.cleanup)
    authorities = ssl.create_default_context(cafile=certifi.where()).get_ca_certs(binary_form=True)
    one = Path(folder.name) / "one.pem"
    one.write_text(ssl.DER_cert_to_PEM_cert(authorities[0]))
    certifi.where = lambda: str(one)
    environment = pytest.MonkeyPatch()
    config.add_cleanup(environment.undo)
    for name in _AUTHORITIES:
        environment.setenv(name, str(one))


@pytest.fixture
def agno_log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """`caplog` with the lines of Agno, whose loggers do not propagate, so that `caplog` alone sees none of them."""
    for name in ("agno", "agno-team", "agno-workflow"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    return caplog


def _set_aside() -> None:
    """Collect, and let later collections pass over what is alive now: modules, SDKs, and the tests themselves. Millions of
    objects cost each `gc.collect()` of a test more than a second."""
    gc.collect()
    gc.freeze()


def pytest_collection_finish() -> None:
    _set_aside()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: Any, nextitem: Any) -> None:
    """What the tests of a file have imported is set aside too, when the next one begins."""
    if nextitem is not None and nextitem.path != item.path:
        _set_aside()
