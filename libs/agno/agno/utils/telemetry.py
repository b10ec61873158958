"""Telemetry: a switch, and a place to listen. Agno sends nothing anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

Listener = Callable[[dict[str, Any]], Any]
_listener: Listener | None = None


def listen(listener: Listener | None) -> None:
    """Call `listener` for every run that ends, with one small record without contents. None: no longer."""
    global _listener
    _listener = listener


def is_listened_to() -> bool:
    """True if there is a listener."""
    return _listener is not None


def listener_for(enabled: bool) -> Listener | None:
    """The listener for the runs of a component with `telemetry=enabled`, or None. AGNO_TELEMETRY=true or false overrules it."""
    said = os.environ.get("AGNO_TELEMETRY", "").strip().lower()
    wanted = said in ("true", "1", "yes", "on") if said else enabled
    return _listener if wanted else None


__all__ = ["is_listened_to", "listen", "listener_for"]
