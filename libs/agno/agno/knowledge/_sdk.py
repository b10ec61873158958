"""What embedders and rerankers over an SDK share: finding it, its clients, keys, and errors."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from agno._io import IO
from agno._io.loops import PerLoop
from agno.exceptions import ModelAuthenticationError, ModelProviderError, ModelRateLimitError
from agno.models._wait import retry_after
from agno.utils.secrets import keep_secret, without_secrets

_HTTP_LIBRARIES = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "requests", "urllib3"})
_TIMEOUTS = ("Timeout", "TimeoutError", "TimeoutException")
_BROKEN = ("ConnectionError", "ConnectError", "ConnectionClosedError")
_UNREADABLE = ("JSONDecodeError", "ResponseValidationError")
_LONGEST_MESSAGE = 500  # characters of an answer that is no message but, say, a page of a proxy


class Clients:
    """The clients of one object, each made at its first use: one for sync callers, one for each event loop."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self._of_loops: PerLoop[Any] = PerLoop()

    def get(self, make: Callable[[], Any]) -> Any:
        """The client of sync callers."""
        kept = self._kept.get("client")
        return kept if kept is not None else self._kept.setdefault("client", make())

    def get_async(self, make: Callable[[], Any]) -> Any:
        """The client of the running event loop."""
        return self._of_loops.get(make)

    async def open_async(self, io: IO, make: Callable[[], Any]) -> None:
        """Make the client of the running event loop in a thread, unless it is there: an SDK's import takes long."""
        await self._of_loops.opened(io, make)

    def close(self) -> None:
        """Close the client of sync callers; the next use makes a new one."""
        client = self._kept.pop("client", None)
        if hasattr(client, "close"):
            client.close()
        elif hasattr(client, "__exit__"):
            client.__exit__(None, None, None)

    async def aclose(self) -> None:
        """Close the client of the running event loop; the next use makes a new one."""
        client: Any = self._of_loops.pop()
        if hasattr(client, "aclose"):
            await client.aclose()
        elif hasattr(client, "close"):
            await client.close()
        elif hasattr(client, "__aexit__"):
            await client.__aexit__(None, None, None)

    def __deepcopy__(self, memo: dict[int, Any]) -> Clients:
        return Clients()  # a copy opens clients of its own


class LoadedOnce:
    """A model in this process: loaded at its first use, and working for one caller at a time.

    One computation has all cores already; two would only slow each other down.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def use(self, load: Callable[[], Any], work: Callable[[Any], Any]) -> Any:
        """What `work` makes with the model."""
        with self._lock:
            if self._model is None:
                self._model = load()
            return work(self._model)

    def __deepcopy__(self, memo: dict[int, Any]) -> LoadedOnce:
        return self  # the copy of an agent uses the same model


def with_sdk(owner: object, package: str, use: Callable[[], Any]) -> Any:
    """What `use` gives, or an ImportError that says what to install."""
    try:
        return use()
    except ImportError as error:
        name = type(owner).__name__
        raise ImportError(f"{name} needs the package {package!r}: pip install {package}") from error


def api_key(owner: object, given: str | None, variables: tuple[str, ...], default: str | None = None) -> str:
    """The API key: as given, else from the environment, else the default."""
    for key in (given, *map(os.environ.get, variables), default):
        if key:
            keep_secret(key if key != default else None)
            return key
    raise ModelAuthenticationError(
        f"{type(owner).__name__} has no API key: set {' or '.join(variables)} in the environment or give api_key=."
    )


# Errors --------------------------------------------------------------------------------------------------------------


def provider_error(error: Exception, provider: str, owner: object) -> Exception:
    """Our error for one of an SDK's: by its HTTP status, else by what it is about; the same if it is not the provider's."""
    if isinstance(error, (ModelProviderError, ModelAuthenticationError, ImportError)):
        return error
    status = next(_statuses(error), None)
    if status is not None:
        return _stated(error, status, owner)
    text = str(error.__cause__ or "") or str(error) or type(error).__name__
    names = [kind.__name__ for kind in type(error).__mro__]
    if isinstance(error, TimeoutError) or any(name.endswith(_TIMEOUTS) for name in names):
        return _failed(f"{provider} did not answer in time: {text}", 504, owner)
    if any(name.endswith(_UNREADABLE) for name in names):
        return _failed(f"{provider} answered with something unreadable: {text}", 502, owner)
    if isinstance(error, OSError) or any(name.endswith(_BROKEN) for name in names) or _over_http(error):
        return _failed(f"The connection to {provider} failed: {text}", 502, owner)
    return error


def _statuses(error: Exception) -> Iterator[int]:
    """The HTTP status, wherever an SDK keeps it."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        yield from _real(response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    for holder, name in ((error, "status_code"), (error, "http_status"), (response, "status_code"), (error, "code")):
        yield from _real(getattr(holder, name, None))


def _real(status: Any) -> Iterator[int]:
    if type(status) is int and status >= 400:
        yield status


def _over_http(error: Exception) -> bool:
    return any(kind.__module__.partition(".")[0] in _HTTP_LIBRARIES for kind in type(error).__mro__)


def _stated(error: Exception, status: int, owner: object) -> Exception:
    message = without_secrets(_message_of(error))
    if status in (401, 403):
        return ModelAuthenticationError(message, status, type(owner).__name__)
    kind = ModelRateLimitError if status in (429, 529) else ModelProviderError
    made = kind(message, status, type(owner).__name__, getattr(owner, "id", None))
    made.retry_after = retry_after(error)
    return made


def _message_of(error: Exception) -> str:
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Message") or error)
    said = (
        getattr(error, "message", None)
        or _said(getattr(error, "body", None))
        or _said(getattr(error, "json_body", None))
    )
    if not said and _over_http(error):
        said = getattr(response, "text", None)
    return str(said or error)[:_LONGEST_MESSAGE]


def _said(body: Any) -> Any:
    """The message in the body of an answer."""
    if not isinstance(body, dict):
        return body
    return body.get("message") or body.get("detail") or (_said(body["error"]) if "error" in body else None)


def _failed(message: str, status: int, owner: object) -> Exception:
    return ModelProviderError(without_secrets(message), status, type(owner).__name__, getattr(owner, "id", None))


__all__ = ["Clients", "LoadedOnce", "api_key", "provider_error", "with_sdk"]
