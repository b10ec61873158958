"""Which addresses a reader may connect to: a page must not lead it into the network that it runs in."""

from __future__ import annotations

import ipaddress
import socket
from contextvars import ContextVar
from urllib.parse import urlsplit

from agno.knowledge._errors import ReaderError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_CREDENTIALS = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200")))  # others are link-local
_UNICAST = ipaddress.ip_network("2000::/3")  # the part of IPv6 that is given out
_DOCUMENTATION = ipaddress.ip_network("3fff::/20")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

PUBLIC_ONLY: ContextVar[bool] = ContextVar("agno.knowledge.public_only", default=False)
"""True while the URLs are those of a service's callers: who wrote the program did not name them."""


def check_url(url: str) -> tuple[str, int]:
    """Host and port of an http(s) URL. ReaderError for anything else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise ReaderError(f"Invalid URL format: {shown(url)}", 400)
    return host, port or (443 if parts.scheme == "https" else 80)


def shown(url: str) -> str:
    """A URL as messages show it: without a password, and without the values of its query."""
    head, mark, _ = url.partition("?")
    scheme, slashes, rest = head.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{authority.rpartition('@')[2]}{slash}{path}{'?…' if mark else ''}"[:300]


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, in the order to try them. May block."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ReaderError(f"There is no host {host!r}: {getattr(error, 'strerror', None) or error}.", 502) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_addresses(addresses: list[str], host: str, is_named: bool, allow_private: bool | None) -> None:
    """ReaderError if one of the addresses is not for a reader. `is_named`: the caller gave this host, no page did.

    `allow_private`: True allows all, False only public ones. None allows private ones of a host that the caller named, but
    never those behind which clouds keep their credentials; while `PUBLIC_ONLY` is set, it is like False.
    """
    if allow_private:
        return
    may_be_named = allow_private is None and is_named and not PUBLIC_ONLY.get()
    for text in addresses:
        address = _real(ipaddress.ip_address(text.partition("%")[0]))
        if _is_public(address):
            continue
        if may_be_named and not _is_never_meant(address):
            continue
        how = "" if is_named else ", and it was a page that led there"
        raise ReaderError(
            f"{host} is not read: {address} is no public address{how}. Give allow_private=True if that is meant.", 403
        )


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and (address not in _UNICAST or address in _DOCUMENTATION):
        return False  # what is not given out; forms in which an IPv4 address can lie are among it
    return address.is_global and not address.is_multicast


def _is_never_meant(address: Address) -> bool:
    return address.is_link_local or address.is_unspecified or address.is_multicast or address in _CREDENTIALS


def _real(address: Address) -> Address:
    """The IPv4 address that is written as an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


def is_address(host: str) -> bool:
    """True for an address in place of a name."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


__all__ = ["PUBLIC_ONLY", "check_addresses", "check_url", "is_address", "resolve", "shown"]
