"""Serving an AgentOS with uvicorn."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from agno.os.app import AgentOS

CONTROL_PLANE = "https://os.agno.com"
_GRACE = 10  # seconds beyond the time that runs have to end
_SIGN_OF_LIFE = (
    60  # seconds after which a worker is replaced; a busy machine may need 5, uvicorn's default, to start one
)


def serve(
    os: AgentOS,
    app: Any = None,
    *,
    host: str,
    port: int,
    reload: bool,
    workers: int | None,
    access_log: bool,
    insecure: bool,
    **options: Any,
) -> None:
    """See `AgentOS.serve`."""
    app = os.get_app() if app is None else app
    if not isinstance(app, str) and (reload or (workers or 1) > 1):
        wanted = "reload=True" if reload else f"workers={workers}"
        raise ValueError(
            f"{wanted} needs the app as a text, such as 'my_module:app', so that each process can import it."
        )
    if not insecure and not os.guard.is_closed and not is_this_machine(host):
        raise ValueError(
            f"host={host!r} can be reached from other machines, and there is no key: whoever finds the port could use the "
            "service. Set OS_SECURITY_KEY (or authorization=True), or say insecure=True if something in front of it asks."
        )
    print(banner(os, host, port))
    # httptools, which uvicorn prefers, keeps headers without an end, however long they get
    options.setdefault("http", "h11")
    options.setdefault("timeout_graceful_shutdown", int(os.runs.limits.drain) + _GRACE)
    options.setdefault("timeout_worker_healthcheck", _SIGN_OF_LIFE)
    uvicorn.run(app, host=host, port=port, reload=reload, workers=workers, access_log=access_log, **options)


def is_this_machine(host: str) -> bool:
    """True for an address that only this machine reaches."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def banner(os: AgentOS, host: str, port: int) -> str:
    """What is printed when the service starts."""
    served = os.components
    counts = ", ".join(
        f"{len(found)} {kind}{'' if len(found) == 1 else 's'}" for kind, found in served.of_kind.items() if found
    )
    shown = f"[{host}]" if ":" in host else host
    lines = [
        f"{os.title}: {counts}",
        f"  Serving at      http://{shown}:{port}",
        f"  Access          {_ACCESS[os.authentication]}",
        f"  Control plane   {CONTROL_PLANE}",
    ]
    return "\n".join(lines)


_ACCESS = {
    "none": "open to whoever reaches it; set OS_SECURITY_KEY to ask for a key",
    "key": "with the key in OS_SECURITY_KEY",
    "jwt": "with a JSON web token",
}

__all__ = ["banner", "is_this_machine", "serve"]
