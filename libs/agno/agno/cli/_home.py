"""Where the command keeps what is the user's own."""

from __future__ import annotations

from pathlib import Path


def home() -> Path:
    """The user's home folder; the folder they are in where the system knows none, as in some containers."""
    try:
        return Path.home()
    except RuntimeError:
        return Path()


__all__ = ["home"]
