"""No accidental network: a connection to anything but this machine is an error."""

from __future__ import annotations

import ipaddress
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any


class NetworkBlocked(AssertionError):
    """A test tried to reach another machine."""


class NetworkGuard:
    """What a `no_network` block has stopped so far."""

    def __init__(self, allow: Collection[str] = ()) -> None:
        self.allow = frozenset(host.lower() for host in several("allow", allow))
        self.attempts: list[str] = []

    def check(self, action: str, host: Any) -> None:
        """Refuse a host that is not this machine."""
        if _is_local(host) or _text(host).lower() in self.allow:
            return
        attempt = f"{action} {_text(host)!r}"
        self.attempts.append(attempt)
        raise NetworkBlocked(
            f"{attempt}: within no_network() only the loopback interface may be reached. "
            "Use a ScriptedModel or a ScriptedServer, or name the host in allow=."
        )

    def assert_unused(self) -> None:
        """Fail if something was stopped, also if the code under test caught the error."""
        if self.attempts:
            raise NetworkBlocked(f"The network was used: {'; '.join(self.attempts)}.")


def several(name: str, given: Collection[str]) -> Collection[str]:
    """Several texts. Raises ValueError for one, whose letters would be taken for them."""
    if isinstance(given, (str, bytes)):
        raise ValueError(f"{name}={given!r} is a single text; give a list, as in {name}=[{given!r}].")
    return given


def _text(host: Any) -> str:
    return host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else str(host)


def _is_local(host: Any) -> bool:
    if host is None or isinstance(host, int):
        return True
    name = _text(host).lower().rstrip(".")
    if name in ("", "localhost", "ip6-localhost") or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)  # connecting to 0.0.0.0 reaches this machine


# Python's sockets report what they do; the report comes from C, so no subclass, alias or open socket gets past it.
# Libraries that open connections in C themselves (libpq, gRPC, uvloop) report nothing and are not seen here.
_ADDRESSED = {"socket.connect": "connect to", "socket.sendto": "send to", "socket.sendmsg": "send to"}
_NAMED = {
    "socket.getaddrinfo": "look up",
    "socket.gethostbyname": "look up",
    "socket.gethostbyaddr": "look up",
}
_active: list[NetworkGuard] = []
_installed = False
_lock = threading.Lock()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    for guard in _active[-1:]:  # the innermost; another thread may leave its block now
        if event in _ADDRESSED:
            address = arguments[1]
            if isinstance(address, tuple):  # anything else is a Unix socket, or already connected
                guard.check(_ADDRESSED[event], address[0])
        elif event in _NAMED:
            guard.check(_NAMED[event], arguments[0])


def _install() -> None:
    global _installed
    with _lock:
        if not _installed:
            sys.addaudithook(_audit)  # cannot be taken away again; it does nothing outside a block
            _installed = True


@contextmanager
def no_network(allow: Collection[str] = ()) -> Iterator[NetworkGuard]:
    """Within this block, in all threads and tasks, reaching any host but this machine raises NetworkBlocked.

    An attempt whose error was caught fails at the end of the block; `guard.attempts.clear()` forgives it. Hosts in
    `allow` may be reached.
    """
    _install()
    guard = NetworkGuard(allow)
    with _lock:
        _active.append(guard)
    try:
        yield guard
    finally:
        with _lock:
            _active.remove(guard)
    guard.assert_unused()


__all__ = ["NetworkBlocked", "NetworkGuard", "no_network"]
