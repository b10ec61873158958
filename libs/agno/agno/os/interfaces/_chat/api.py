"""The web API of a chat over httpx: JSON in and out, waits when it is told to, and keeps the token out of errors and logs."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Any

import httpx

from agno.os.interfaces._chat.media import LARGEST, download

_TRIES = 4
_LONGEST_WAIT = 30.0  # seconds


class ChatError(Exception):
    """The server of a chat refused a request, or could not be reached."""


class Api:
    """Requests to one server; `async with`. `secret` is a part of the addresses that nobody may read."""

    def __init__(self, base_url: str, headers: dict[str, str] | None = None, secret: str | None = None) -> None:
        self.base_url, self.headers = base_url.rstrip("/"), headers or {}
        if secret:
            _hide(secret)
        self._client = httpx.AsyncClient(timeout=60)

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def call(self, path: str, body: Any = None, *, method: str = "POST", **options: Any) -> dict[str, Any]:
        """The JSON object that is answered. Raises `ChatError`."""
        name = path.rsplit("/", 1)[-1]
        for attempt in range(1, _TRIES + 1):
            try:
                response = await self._client.request(
                    method, f"{self.base_url}/{path}", json=body, headers=self.headers, **options
                )
            except httpx.HTTPError as error:
                raise ChatError(f"{name} could not be reached: {type(error).__name__}") from None
            found = _object(response)
            if response.status_code != 429 or attempt == _TRIES:
                break
            await asyncio.sleep(_wait(response, found))
        if response.is_error:
            raise ChatError(f"{name} answered {response.status_code}: {_why(found)}")
        return found

    async def read(self, url: str, headers: dict[str, str] | None = None, largest: int = LARGEST) -> bytes:
        """The bytes at an address. Raises `ChatError`, `TooLarge`."""
        try:
            return await download(self._client, url, headers=headers, largest=largest)
        except httpx.HTTPError as error:
            raise ChatError(f"A file could not be read: {type(error).__name__}") from None


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _wait(response: httpx.Response, found: dict[str, Any]) -> float:
    given = (found.get("parameters") or {}).get("retry_after") or response.headers.get("Retry-After") or 1
    try:
        return min(float(given), _LONGEST_WAIT)
    except (TypeError, ValueError):
        return 1.0


def _why(found: dict[str, Any]) -> str:
    error = found.get("error")
    return str(found.get("description") or (error.get("message") if isinstance(error, dict) else error) or "no reason")


class _Hidden(logging.Filter):
    """Takes secrets out of the addresses that httpx logs."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        for secret in self.secrets:
            text = text.replace(secret, "***")
        record.msg, record.args = text, ()
        return True


_hidden = _Hidden()


def _hide(secret: str) -> None:
    _hidden.secrets.add(secret)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).addFilter(_hidden)  # a second time changes nothing


__all__ = ["Api", "ChatError"]
