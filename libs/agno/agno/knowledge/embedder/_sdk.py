"""What embedders over a provider's SDK share: one request for a batch, clients, keys, errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from agno._io import IO
from agno.knowledge._sdk import Clients, api_key, provider_error, with_sdk
from agno.knowledge.embedder.base import Embedder, Usage, Vector
from agno.utils.string import whole


@dataclass
class SdkEmbedder(Embedder):
    """An embedder behind an SDK. It states how a request looks, how it is sent, and what the answer means."""

    package: ClassVar[str] = ""  # on the package index
    provider: ClassVar[str] = ""
    key_variables: ClassVar[tuple[str, ...]] = ()
    default_key: ClassVar[str | None] = None  # what a server gets that asks for no key
    given_clients: ClassVar[tuple[str, str]] = ("client", "async_client")  # the fields of clients made elsewhere
    awaits: ClassVar[bool] = True  # False: the SDK has no asynchronous client, its calls run in worker threads

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
        # half of a surrogate pair, which broken documents may hold, cannot be sent
        request = self.request([whole(text) for text in texts])
        try:
            if self.awaits:
                if io.is_async:
                    await self._open(io)
                response = await io.pick(self._ask, self._aask, request)
            else:
                response = await io.call(self._ask, request)
            return self.parse(response)
        except Exception as error:
            translated = self.translate_error(error)
            if translated is error:
                raise
            raise translated from error

    def _ask(self, request: dict[str, Any]) -> Any:
        return self.send(self.get_client(), request)

    async def _aask(self, request: dict[str, Any]) -> Any:
        return await self.send(self.get_async_client(), request)

    async def _open(self, io: IO) -> None:
        if getattr(self, self.given_clients[1], None) is None:
            await self._clients.open_async(io, lambda: self._loaded(self.make_async_client))

    def get_client(self) -> Any:
        """The synchronous client: the given one, or our own, made at its first use."""
        given = getattr(self, self.given_clients[0], None)
        return given if given is not None else self._clients.get(lambda: self._loaded(self.make_client))

    def get_async_client(self) -> Any:
        """The asynchronous client: the given one, or our own for the running event loop."""
        given = getattr(self, self.given_clients[1], None)
        return given if given is not None else self._clients.get_async(lambda: self._loaded(self.make_async_client))

    def close(self) -> None:
        """Close our own synchronous client; the next request opens a new one."""
        self._clients.close()

    async def aclose(self) -> None:
        """Close our own asynchronous client of the running event loop."""
        await self._clients.aclose()

    def translate_error(self, error: Exception) -> Exception:
        """Our error for one of the SDK's."""
        return provider_error(error, self.provider, self)

    def require_key(self, given: str | None) -> str:
        """The API key: as given, else from the environment."""
        return api_key(self, given, self.key_variables, self.default_key)

    def connection_info(self) -> dict[str, Any] | None:
        """Where requests go, without secrets."""
        return {"type": self.provider}

    @property
    def _clients(self) -> Clients:
        kept: Clients = self.__dict__.setdefault("_clients_kept", Clients())
        return kept

    def _loaded(self, make: Any) -> Any:
        return with_sdk(self, self.package, make)


__all__ = ["SdkEmbedder"]
