"""What rerankers over a service share: clients in both colours, and typed errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from pydantic import ConfigDict, PrivateAttr

from agno._io import IO
from agno.knowledge._need import is_installed
from agno.knowledge._sdk import Clients, api_key, provider_error, with_sdk
from agno.knowledge.reranker.base import Reranker
from agno.utils.string import whole


class SdkReranker(Reranker):
    """A reranker behind an SDK. It states how a request looks, how it is sent, and what the answer means."""

    model_config = ConfigDict(arbitrary_types_allowed=True, populate_by_name=True, protected_namespaces=())

    package: ClassVar[str] = ""  # on the package index
    module: ClassVar[str] = ""
    provider: ClassVar[str] = ""
    key_variables: ClassVar[tuple[str, ...]] = ()
    given_clients: ClassVar[tuple[str, str]] = ("client", "async_client")  # the fields of clients made elsewhere
    awaits: ClassVar[bool] = True  # False: the SDK has no asynchronous client, its calls run in worker threads

    _clients: Clients = PrivateAttr(default_factory=Clients)

    def model_post_init(self, context: Any) -> None:
        # at once, because later on errors of a reranker are warnings
        super().model_post_init(context)
        if not is_installed(self.module):
            raise ImportError(f"{type(self).__name__} needs the package {self.package!r}: pip install {self.package}")

    # What an adapter states ------------------------------------------------------------------------------------------

    def make_client(self) -> Any:
        """A new synchronous client."""
        raise NotImplementedError

    def make_async_client(self) -> Any:
        """A new asynchronous client."""
        raise NotImplementedError

    def request(self, query: str, texts: list[str]) -> dict[str, Any]:
        """The arguments of the SDK's method."""
        raise NotImplementedError

    def send(self, client: Any, request: dict[str, Any]) -> Any:
        """Call the SDK's method. With an asynchronous client this gives something to await."""
        raise NotImplementedError

    def parse(self, response: Any) -> Iterable[tuple[int, float]]:
        """Which text has which score."""
        raise NotImplementedError

    # What it inherits ------------------------------------------------------------------------------------------------

    async def scores(self, io: IO, query: str, texts: list[str]) -> list[float]:
        request = self.request(whole(query), [whole(text) for text in texts])
        try:
            if self.awaits:
                if io.is_async and getattr(self, self.given_clients[1], None) is None:
                    await self._clients.open_async(io, self._new_async)
                response = await io.pick(self._ask, self._aask, request)
            else:
                response = await io.call(self._ask, request)
            known = dict(self.parse(response))
        except Exception as error:
            translated = self.translate_error(error)
            if translated is error:
                raise
            raise translated from error
        return [known[index] for index in range(len(texts)) if index in known]

    def _ask(self, request: dict[str, Any]) -> Any:
        given = getattr(self, self.given_clients[0], None)
        return self.send(
            given if given is not None else self._clients.get(lambda: self._loaded(self.make_client)), request
        )

    async def _aask(self, request: dict[str, Any]) -> Any:
        given = getattr(self, self.given_clients[1], None)
        client = given if given is not None else self._clients.get_async(self._new_async)
        return await self.send(client, request)

    def _new_async(self) -> Any:
        return self._loaded(self.make_async_client)

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
        return api_key(self, given, self.key_variables)

    def _loaded(self, make: Any) -> Any:
        return with_sdk(self, self.package, make)


__all__ = ["SdkReranker"]
