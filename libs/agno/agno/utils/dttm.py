"""Times."""

from __future__ import annotations

import time
from datetime import datetime, timezone


def now_epoch() -> int:
    """The time now, in whole seconds since 1970 (UTC)."""
    return int(time.time())


def current_datetime() -> datetime:
    """The local time now, without a time zone."""
    return datetime.now()


def current_datetime_utc() -> datetime:
    """The UTC time now, with its time zone."""
    return datetime.now(timezone.utc)
