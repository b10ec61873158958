"""What the clients of services raise, as our errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from agno.knowledge._errors import ReaderError


@contextmanager
def told_by(service: str, what: str = "") -> Iterator[None]:
    """Turns what the client of a service raises in the block into a ReaderError with one sentence."""
    try:
        yield
    except (ReaderError, ImportError, MemoryError):
        raise
    except Exception as error:  # clients raise their own kinds, those of their HTTP library, and plain ones
        why = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        about = f" for {what}" if what else ""
        raise ReaderError(f"{service} gave nothing{about}: {why[:300]}.", 502) from error


__all__ = ["told_by"]
