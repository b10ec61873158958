"""Times."""

from __future__ import annotations

import time
from datetime import datetime, timezone


def now_epoch() -> int:
    """Seconds since 1970."""
    return int(time.time())


def current_datetime() -> datetime:
    """Local time."""
    return datetime.now()


def current_datetime_utc() -> datetime:
    """UTC time, with its zone."""
    return datetime.now(timezone.utc)
