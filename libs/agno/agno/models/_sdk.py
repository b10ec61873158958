"""What the adapters over a provider's own SDK share: finding the SDK, keeping clients, keys, errors, media."""

from __future__ import annotations

import base64
import importlib.util
import inspect
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, ClassVar
from urllib.parse import urlparse

from pydantic import BaseModel, ValidationError

from agno._io import ASYNC
from agno._io.loops import PerLoop
from agno.exceptions import (
    ContextWindowExceededError,
    ModelAuthenticationError,
    ModelProviderError,
    ModelRateLimitError,
)
from agno.models.base import Model
from agno.models.message import Message
from agno.utils.secrets import keep_secret, without_secrets

_RATE_LIMITS = frozenset({429, 529})
# how providers say that the messages are too long
_TOO_LONG = ("prompt is too long", "context window", "context length", "maximum context", "maximum number of tokens")


@dataclass
class SdkModel(Model):
    """A model behind a provider's SDK. An adapter adds `make_client` and `make_async_client` to `Model`'s port."""

    sdk: ClassVar[tuple[str, str]] = ("", "")  # module, name on the package index

    def __post_init__(self) -> None:
        super().__post_init__()
        module, package = self.sdk
        if not _installed(module):
            raise ImportError(f"{type(self).__name__} needs the package {package!r}: pip install {package}")

    # Clients ---------------------------------------------------------------------------------------------------------

    def make_client(self) -> Any:
        """A new synchronous client of the SDK."""
        self._refuse("make_client")

    def make_async_client(self) -> Any:
        """A new asynchronous client of the SDK."""
        self._refuse("make_async_client")

    def get_client(self) -> Any:
        """The synchronous client: the given one, else our own, made at its first use."""
        given = getattr(self, "client", None)
        if given is not None:
            return given
        kept = self.__dict__.get("_client_kept")
        return kept if kept is not None else self.__dict__.setdefault("_client_kept", self.make_client())

    def get_async_client(self) -> Any:
        """The asynchronous client: the given one, else our own for the running event loop."""
        given = self._given_async_client()
        return given if given is not None else self._async_clients().get(self.make_async_client)

    async def open_async_client(self) -> Any:
        """The same, made in a thread at its first use: an SDK takes up to a second to load, which would hold up the loop."""
        if type(self).get_async_client is not SdkModel.get_async_client:
            return self.get_async_client()  # a user's model has a way of its own
        given = self._given_async_client()
        return given if given is not None else await self._async_clients().opened(ASYNC, self._loaded_async_client)

    def _given_async_client(self) -> Any:
        return getattr(self, "async_client", None)

    def _loaded_async_client(self) -> Any:
        client = self.make_async_client()
        self.load_endpoint(client)
        return client

    def load_endpoint(self, client: Any) -> None:
        """Look up on a client what requests go to: some SDKs load it only then."""

    def _async_clients(self) -> PerLoop[Any]:
        kept: PerLoop[Any] = self.__dict__.get("_clients_async") or self.__dict__.setdefault(
            "_clients_async", PerLoop()
        )
        return kept

    def close(self) -> None:
        """Close our own synchronous client; the next request opens a new one. An `http_client` of the user stays open."""
        client = self.__dict__.pop("_client_kept", None)
        if client is not None and self.lent_http_client(asynchronous=False) is None:
            self.close_client(client)

    async def aclose(self) -> None:
        """Close our own asynchronous client of the running event loop; an `http_client` of the user stays open."""
        kept: PerLoop[Any] | None = self.__dict__.get("_clients_async")
        client = kept.pop() if kept is not None else None
        if client is not None and self.lent_http_client(asynchronous=True) is None:
            await self.aclose_client(client)

    def lent_http_client(self, *, asynchronous: bool) -> Any:
        """The user's own HTTP client of this colour, which is theirs to close; None if there is none."""
        given = getattr(self, "http_client", None)
        if given is not None and hasattr(given, "aclose") is asynchronous:
            return given
        return (getattr(self, "client_params", None) or {}).get("http_client")

    def close_client(self, client: Any) -> None:
        """Close one of our synchronous clients."""
        client.close()

    async def aclose_client(self, client: Any) -> None:
        """Close one of our asynchronous clients."""
        await client.close()

    def require_key(self, given: str | None, *variables: str) -> str:
        """The API key: as given, else from the environment."""
        for key in (given, *map(os.environ.get, variables)):
            if key:
                keep_secret(key)
                return key
        names = " or ".join(variables)
        raise ModelAuthenticationError(
            f"{type(self).__name__} has no API key: set {names} in the environment or give api_key=.",
            model_name=self.name,
        )

    # Errors ----------------------------------------------------------------------------------------------------------

    def unreadable(self, error: Exception) -> Exception:
        """The error for an answer that is not what the protocol promises."""
        return self.provider_error(f"{self.get_provider()} answered with something unreadable: {error}")

    def provider_error(self, message: str, status: int | None = None) -> Exception:
        """Our error for what a provider said; `status` is the HTTP status, None if there was none."""
        message = without_secrets(message)
        status = status if status is not None and status >= 400 else 502
        if status == 401:
            return ModelAuthenticationError(message, model_name=self.name)
        if status in _RATE_LIMITS:
            return ModelRateLimitError(message, status, self.name, self.id)
        text = message.lower()
        if status in (400, 413) and any(phrase in text for phrase in _TOO_LONG):
            return ContextWindowExceededError(message, status, self.name, self.id)
        return ModelProviderError(message, status, self.name, self.id)

    def network_error(self, error: Exception) -> Exception:
        """Our error for a broken connection or a timeout; the same error if it is something else."""
        kind = type(error)
        names = {base.__name__ for base in kind.__mro__}
        over_http = any(base.__module__.partition(".")[0] in _HTTP_LIBRARIES for base in kind.__mro__)
        # the SDKs' own text is no more than "Connection error."
        text = str(error.__cause__ or "") or str(error) or kind.__name__
        late = any(name.endswith(("TimeoutException", "TimeoutError")) for name in names)
        if late or isinstance(error, TimeoutError):
            return self.provider_error(f"{self.get_provider()} did not answer in time: {text}", 504)
        if over_http or isinstance(error, ConnectionError) or any(name.endswith("ConnectionError") for name in names):
            return self.provider_error(f"The connection to {self.get_provider()} failed: {text}")
        return error

    def unfinished(self) -> Exception:
        """The error for a stream that ended before the provider said that the answer is complete."""
        return self.provider_error(f"The stream of {self.get_provider()} broke off before the answer was complete.")


_HTTP_LIBRARIES = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "aiohttp"})


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the parent package of a dotted name
        return False


# Arguments -----------------------------------------------------------------------------------------------------------


def fitting(method: Any, request: dict[str, Any]) -> dict[str, Any]:
    """The request as arguments of the SDK's method; what its version does not know is sent as `extra_body`.

    SDKs drop arguments that the newest models refuse, and servers that speak a protocol take more than it says.
    """
    known = _arguments_of(getattr(method, "__func__", method))
    unknown = request.keys() - known if known else ()
    if not unknown:
        return request
    rest = {name: value for name, value in request.items() if name in known}
    more = {name: value for name, value in request.items() if name in unknown}
    return {**rest, "extra_body": {**more, **(request.get("extra_body") or {})}}


@lru_cache(maxsize=32)
def _arguments_of(function: Any) -> frozenset[str]:
    """The names of the arguments; nothing if it takes any."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return frozenset()
    return frozenset(p.name for p in parameters)


# Conversation --------------------------------------------------------------------------------------------------------


def split_system(messages: list[Message]) -> tuple[str | None, list[Message]]:
    """The text of all system messages, and the other messages."""
    system: list[str] = []
    others: list[Message] = []
    for message in messages:
        if message.role in ("system", "developer"):
            if text := text_of(message):
                system.append(text)
        else:
            others.append(message)
    return ("\n\n".join(system) or None), others


def text_of(message: Message) -> str:
    """The content as text; the texts of a list of parts are joined."""
    content = message.content
    if content is None or isinstance(content, str):
        return content or ""
    texts = [part if isinstance(part, str) else part.get("text") for part in content if isinstance(part, (str, dict))]
    known = [text for text in texts if text is not None]
    return "\n".join(known) if known and len(known) == len(content) else message.get_content_string()


# Structured output ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def json_schema_of(schema: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a class. It is shared: do not change it."""
    return schema.model_json_schema()


def wanted_schema(response_format: Any) -> dict[str, Any] | None:
    """The JSON schema that an answer must follow, or None."""
    if isinstance(response_format, type):
        return json_schema_of(response_format)
    if isinstance(response_format, dict) and response_format.get("type") == "json_schema":
        described = response_format.get("json_schema") or response_format
        schema: dict[str, Any] | None = described.get("schema")
        return schema
    return None


def parsed(text: Any, response_format: Any) -> Any:
    """An instance of the asked class if the text is one, else None: the engine then reads the text more patiently."""
    if not isinstance(response_format, type) or not issubclass(response_format, BaseModel) or not text:
        return None
    try:
        return response_format.model_validate_json(text)
    except ValidationError:
        return None


# Media ---------------------------------------------------------------------------------------------------------------

_MAGIC = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"%PDF", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mp3"),
    (b"\xff\xfb", "audio/mp3"),
)
_BY_SUFFIX = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "heic": "image/heic", "wav": "audio/wav", "mp3": "audio/mp3", "ogg": "audio/ogg", "flac": "audio/flac",
    "aac": "audio/aac", "mp4": "video/mp4", "mov": "video/mov", "webm": "video/webm", "mpeg": "video/mpeg",
    "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv", "html": "text/html",
    "json": "application/json", "xml": "text/xml", "py": "text/x-python",
}  # fmt: skip


def mime_type_of(medium: Any, content: bytes | None, default: str) -> str:
    """The MIME type: as stated, else from the first bytes, the format, the name; else `default`."""
    if medium.mime_type:
        return str(medium.mime_type)
    if content:
        for magic, kind in _MAGIC:
            if content.startswith(magic):
                return kind
        if content[:4] == b"RIFF":
            return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(content[8:12], default)
        if content[4:8] == b"ftyp":
            return "video/mp4"
    path = urlparse(medium.url).path if medium.url else str(medium.filepath or "")
    suffix = (medium.format or path.rpartition(".")[2]).lower()
    return _BY_SUFFIX.get(suffix, default)


def is_text(mime_type: str) -> bool:
    """True if the bytes of such a file are text."""
    return mime_type.startswith("text/") or mime_type in ("application/json", "application/x-javascript")


@dataclass
class Link:
    """A medium that a provider does not load itself: `fill` puts the bytes into the request before it is sent."""

    url: str
    fill: Callable[[bytes], None]


def load(links: Sequence[Link]) -> None:
    """Download what the request refers to."""
    if not links:
        return
    httpx = import_module("httpx")  # its import costs more than the rest of this module
    for link in links:
        try:
            link.fill(httpx.get(link.url, follow_redirects=True).raise_for_status().content)
        except httpx.HTTPError as error:
            raise _no_download(link, error) from error


async def aload(links: Sequence[Link]) -> None:
    """Download what the request refers to."""
    if not links:
        return
    httpx = import_module("httpx")
    async with httpx.AsyncClient(follow_redirects=True) as client:
        for link in links:
            try:
                link.fill((await client.get(link.url)).raise_for_status().content)
            except httpx.HTTPError as error:
                raise _no_download(link, error) from error


def _no_download(link: Link, error: Exception) -> ModelProviderError:
    return ModelProviderError(f"{link.url} is input of the model and could not be downloaded: {error}", 400)


def base64_text(content: bytes) -> str:
    """The bytes as base64 text."""
    return base64.b64encode(content).decode()


def call_arguments(arguments: Any) -> dict[str, Any]:
    """The arguments of a tool call, given as JSON text or as a dict, for APIs that take an object."""
    if isinstance(arguments, dict):
        return arguments
    try:
        value = json.loads(arguments or "{}", strict=False)
    except ValueError:  # an answer that was cut off; its tool message says so
        return {"unreadable": arguments}
    return value if isinstance(value, dict) else {}


def function_specs(tools: list[dict[str, Any]] | None) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any]]]:
    """Every tool as (its function or None if it is one of the provider's own, the tool)."""
    for tool in tools or ():
        yield (tool["function"] if tool.get("type") == "function" and "function" in tool else None), tool


__all__ = [
    "Link",
    "SdkModel",
    "aload",
    "base64_text",
    "fitting",
    "function_specs",
    "is_text",
    "json_schema_of",
    "load",
    "mime_type_of",
    "parsed",
    "split_system",
    "text_of",
    "wanted_schema",
]
