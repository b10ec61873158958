"""What embedders over a provider's SDK share: clients, keys, errors."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

from agno._io import IO
from agno._io.loops import PerLoop
from agno.exceptions import ModelAuthenticationError, ModelProviderError, ModelRateLimitError
from agno.knowledge.embedder.base import Embedder, Usage, Vector
from agno.models._wait import retry_after


@dataclass
class SdkEmbedder(Embedder):
    """An embedder behind an SDK. It states how a request looks, how it is sent, and what the answer means."""

    package: ClassVar[str] = ""  # on the package index
    provider: ClassVar[str] = ""
    key_variables: ClassVar[tuple[str, ...]] = ()

    # What an adapter states ------------------------------------------------------------------------------------------

    def make_client(self) -> Any:
        """A new synchronous client."""
        raise NotImplementedError

    def make_async_client(self) -> Any:
        """A new asynchronous client."""
        raise NotImplementedError

    def request(self, texts: list[str]) -> dict[str, Any]:
        """The arguments of the SDK's method."""
        raise NotImplementedError

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        """Call the SDK's method. With an asynchronous client this gives something to await."""
        raise NotImplementedError

    def parse(self, response: Any) -> tuple[list[Vector], Usage | None]:
        """The vectors, in the order of the texts, and what they cost."""
        raise NotImplementedError

    # What it inherits ------------------------------------------------------------------------------------------------

    async def embed_batch(self, io: IO, texts: list[str]) -> tuple[list[Vector], Usage | None]:
        request = self.request(texts)
        try:
            response = await io.pick(self._ask, self._aask, request)
        except Exception as error:
            raise self.translate_error(error) from error
        return self.parse(response)

    def _ask(self, request: dict[str, Any]) -> Any:
        return self.send(self.get_client(), request)

    async def _aask(self, request: dict[str, Any]) -> Any:
        return await self.send(self.get_async_client(), request)

    def get_client(self) -> Any:
        """The synchronous client: the given one, or our own, made at its first use."""
        given = self._given(asynchronous=False)
        if given is not None:
            return given
        kept = self.__dict__.get("_client_kept")
        return kept if kept is not None else self.__dict__.setdefault("_client_kept", self._loaded(self.make_client))

    def get_async_client(self) -> Any:
        """The asynchronous client: the given one, or our own for the running event loop."""
        given = self._given(asynchronous=True)
        if given is not None:
            return given
        clients: PerLoop[Any] = self.__dict__.setdefault("_clients_async", PerLoop())
        return clients.get(lambda: self._loaded(self.make_async_client))

    def close(self) -> None:
        """Close our own synchronous client; the next request opens a new one."""
        client = self.__dict__.pop("_client_kept", None)
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close our own asynchronous client of the running event loop."""
        clients: PerLoop[Any] | None = self.__dict__.get("_clients_async")
        client = clients.pop() if clients is not None else None
        if client is not None:
            await client.close()

    def translate_error(self, error: Exception) -> Exception:
        """Our error for one of the SDK's: by its HTTP status, else by whether it is about the connection."""
        status = getattr(error, "status_code", None)
        if isinstance(error, (ModelProviderError, ModelAuthenticationError, ImportError)):
            return error
        if isinstance(status, int):
            return self._stated(error, status)
        names = {kind.__name__ for kind in type(error).__mro__}
        text = str(error.__cause__ or "") or str(error) or type(error).__name__
        if isinstance(error, TimeoutError) or any(name.endswith(("Timeout", "TimeoutError")) for name in names):
            return self._failed(f"{self.provider} did not answer in time: {text}", 504)
        if isinstance(error, OSError) or any(name.endswith(("ConnectionError", "ConnectError")) for name in names):
            return self._failed(f"The connection to {self.provider} failed: {text}", 502)
        return error

    def require_key(self, given: str | None) -> str:
        """The API key: as given, else from the environment."""
        for key in (given, *map(os.environ.get, self.key_variables)):
            if key:
                return key
        raise ModelAuthenticationError(
            f"{type(self).__name__} has no API key: set {' or '.join(self.key_variables)} in the environment or give api_key=."
        )

    def connection_info(self) -> dict[str, Any] | None:
        """Where requests go, without secrets."""
        return {"type": self.provider}

    def _given(self, *, asynchronous: bool) -> Any:
        return None

    def _loaded(self, make: Any) -> Any:
        try:
            return make()
        except ImportError as error:
            raise ImportError(
                f"{type(self).__name__} needs the package {self.package!r}: pip install {self.package}"
            ) from error

    def _stated(self, error: Exception, status: int) -> Exception:
        message = str(getattr(error, "message", None) or error)
        if status in (401, 403):
            return ModelAuthenticationError(message, status, type(self).__name__)
        kind = ModelRateLimitError if status in (429, 529) else ModelProviderError
        made = kind(message, status, type(self).__name__, getattr(self, "id", None))
        made.retry_after = retry_after(error)
        return made

    def _failed(self, message: str, status: int) -> Exception:
        return ModelProviderError(message, status, type(self).__name__, getattr(self, "id", None))


__all__ = ["SdkEmbedder"]
