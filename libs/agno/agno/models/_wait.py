"""How long to wait before a failed request is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from agno.utils.dttm import now_epoch

# a provider that wants a longer pause is not waited for: the planned pause counts, and the error travels soon
LONGEST_PAUSE = 60.0


def retry_after(error: Exception | None) -> float | None:
    """Seconds that the provider asked to wait in the response behind an SDK's error; None if it did not."""
    for headers in _headers_of(error):
        try:
            if text := headers.get("retry-after-ms"):
                return float(text) / 1000
            if text := headers.get("retry-after"):
                return float(text) if text[0].isdigit() else _until(text)
        except ValueError:  # neither seconds nor a date: as good as nothing
            continue
    return None


def _headers_of(error: BaseException | None) -> Iterator[Any]:
    """Of the error, and of the HTTP library's own error that it stands for."""
    for behind in (error, error and error.__context__):
        for holder in (getattr(behind, "response", None), behind):  # some SDKs keep the headers in the error itself
            headers = getattr(holder, "headers", None)
            if headers is not None:
                yield headers


def _until(date: str) -> float:
    return max(0.0, parsedate_to_datetime(date).timestamp() - now_epoch())


def as_asked(error: Exception, planned: float) -> float:
    """Seconds to wait before the next attempt: as planned, or longer if the provider asked for it."""
    asked = getattr(error, "retry_after", None)
    return max(planned, asked) if asked is not None and asked <= LONGEST_PAUSE else planned


__all__ = ["as_asked", "retry_after"]
