"""No accidental network: a connection to anything but this machine is an error."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


class NetworkBlocked(AssertionError):
    """A test tried to reach another machine."""


def _is_local(host: Any) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.split("%")[0]).is_loopback
    except ValueError:
        return False


def _guarded(name: str, real: Any, host_of: Any) -> Any:
    def guard(*arguments: Any, **keywords: Any) -> Any:
        host = host_of(arguments)
        if not _is_local(host):
            raise NetworkBlocked(f"{name}({host!r}): this test may only reach the loopback interface.")
        return real(*arguments, **keywords)

    return guard


def _address_host(arguments: tuple[Any, ...]) -> Any:
    address = arguments[1]
    return address[0] if isinstance(address, tuple) else "localhost"  # a path is a Unix socket


@contextmanager
def no_network() -> Iterator[None]:
    """Within this block, connecting to or looking up any host but the loopback raises NetworkBlocked."""

    class GuardedSocket(socket.socket):
        connect = _guarded("connect", socket.socket.connect, _address_host)
        connect_ex = _guarded("connect_ex", socket.socket.connect_ex, _address_host)

    lookup = _guarded("getaddrinfo", socket.getaddrinfo, lambda arguments: arguments[0])
    with patch.object(socket, "socket", GuardedSocket), patch.object(socket, "getaddrinfo", lookup):
        yield


__all__ = ["NetworkBlocked", "no_network"]
