"""What every embedder of a provider must do, in both colours, over its own SDK. Subclass it and state `make`."""

from __future__ import annotations

import asyncio
import copy
import sys
from typing import Any, ClassVar

import pytest

from agno.exceptions import ModelAuthenticationError, ModelProviderError, ModelRateLimitError
from agno.testing import ScriptedServer, fails

COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])
HOSTILE = ["Grüße 日本語 👩‍👩‍👧", '"quoted" \\ \n\ttab', "x\u0000y", "k" * 3000]


def ask(embedder: Any, colour: str, method: str, *args: Any) -> Any:
    """What a method gives, by its name without `async_`."""
    if colour == "sync":
        return getattr(embedder, method)(*args)

    async def asked() -> Any:
        try:
            return await getattr(embedder, f"async_{method}")(*args)
        finally:
            await embedder.aclose()

    return asyncio.run(asked())


FAILURES = [  # what the server does, the error, its status, and how often is asked with one retry
    (fails(401, "bad key"), ModelAuthenticationError, 401, 1),
    (fails(400, "too long"), ModelProviderError, 400, 1),
    (fails(429, "slow down"), ModelRateLimitError, 429, 2),
    (fails(500, "oh no"), ModelProviderError, 500, 2),
    (fails("cut", message=""), ModelProviderError, 502, 2),
    ([[1.0], [2.0]], ModelProviderError, 502, 1),
    ([], ModelProviderError, 502, 1),  # some SDKs refuse such an answer, which may pass
]


class Numbered:
    """A server's vectors that tell the texts apart, and what it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, texts: list[str]) -> list[list[float]]:
        self.batches.append(texts)
        return [self.vector(text) for text in texts]

    @staticmethod
    def vector(text: str) -> list[float]:
        return [float(len(text)), float(sum(map(ord, text)) % 1009 + 1)]


class EmbedderContract:
    """Every embedder behind an API."""

    module: ClassVar[str]  # of the SDK
    package: ClassVar[str]
    variables: ClassVar[tuple[str, ...]] = ()  # of the key
    counts: ClassVar[str | None] = "total_tokens"  # what usage says
    most: ClassVar[int] = 100  # texts in one request
    explains_500: ClassVar[bool] = True  # the SDK gives on what the service said
    says_when: ClassVar[bool] = True  # the SDK gives on how long to wait after a rate limit
    given: ClassVar[tuple[str, str]]  # fields of clients that were made elsewhere

    def make(self, server: Any, **settings: Any) -> Any:
        """An embedder that asks the server, with `key` as its API key and a timeout of `timeout` seconds if there is one."""
        raise NotImplementedError

    def embedder(self, server: Any, **settings: Any) -> Any:
        return self.make(server, **{"delay_between_retries": 0, **settings})

    @COLOURS
    def test_one_text_is_one_request_with_what_it_cost(self, colour: str) -> None:
        with ScriptedServer() as server:
            embedder = self.embedder(server)
            vector, usage = ask(embedder, colour, "get_embedding_and_usage", "green tea")
        assert len(vector) == embedder.dimensions and all(type(number) is float for number in vector)
        assert len(server.requests) == 1
        assert usage is None if self.counts is None else usage[self.counts] == 3

    @COLOURS
    def test_two_thousand_texts_go_out_in_batches_and_come_back_in_order(self, colour: str) -> None:
        texts = [f"text number {n}" for n in range(2_000)]
        numbered = Numbered()
        with ScriptedServer(embed=numbered) as server:
            vectors, usages = ask(self.embedder(server), colour, "get_embeddings_batch_and_usage", texts)
        assert vectors == [Numbered.vector(text) for text in texts]
        assert len(numbered.batches) == -(-2_000 // self.most) and max(map(len, numbered.batches)) == self.most
        if self.counts is not None:
            assert sum(usage[self.counts] for usage in usages) == sum(len(text) // 4 + 1 for text in texts)

    @COLOURS
    def test_no_texts_are_no_request(self, colour: str) -> None:
        with ScriptedServer() as server:
            assert ask(self.embedder(server), colour, "get_embeddings_batch_and_usage", []) == ([], [])
        assert server.requests == []

    def test_texts_arrive_as_they_are(self) -> None:
        numbered = Numbered()
        with ScriptedServer(embed=numbered) as server:
            ask(self.embedder(server), "sync", "get_embeddings_batch_and_usage", [*HOSTILE, "\ud83d half"])
        assert sorted(text for batch in numbered.batches for text in batch) == sorted([*HOSTILE, "\ufffd half"])

    @COLOURS
    def test_a_failure_that_passes_is_tried_again(self, colour: str) -> None:
        answers: list[Any] = [fails(429), fails(503), [[1.0, 0.0]]]
        with ScriptedServer(embed=lambda texts: answers.pop(0)) as server:
            assert ask(self.embedder(server), colour, "get_embedding", "x") == [1.0, 0.0]
        assert len(server.requests) == 3

    @COLOURS
    def test_a_failure_that_stays_is_an_error(self, colour: str) -> None:
        now: list[Any] = []
        with ScriptedServer(embed=lambda texts: now[0]) as server:
            embedder = self.embedder(server, retries=1)
            for fault, error, status, tries in FAILURES:
                now[:], before = [fault], len(server.requests)
                with pytest.raises(error) as raised:
                    ask(embedder, colour, "get_embedding", "x")
                found = (raised.value.status_code, len(server.requests) - before)  # type: ignore[attr-defined]
                assert found == (status, tries) or (fault == [] and found[0] == status), (fault, raised.value)
                said = getattr(getattr(fault, "fault", None), "message", "")
                assert said in str(raised.value) or (status == 500 and not self.explains_500)
                assert "header" not in str(raised.value)

    @COLOURS
    def test_a_pause_that_the_provider_asks_for_is_known(self, colour: str) -> None:
        with ScriptedServer(embed=lambda texts: fails(429, headers={"retry-after": "7"})) as server:
            with pytest.raises(ModelRateLimitError) as raised:
                ask(self.embedder(server, retries=0), colour, "get_embedding", "x")
        assert raised.value.retry_after == (7.0 if self.says_when else None)

    @COLOURS
    def test_a_provider_that_does_not_answer_is_an_error(self, colour: str) -> None:
        with ScriptedServer(embed=lambda texts: fails("timeout")) as server:
            with pytest.raises(ModelProviderError, match="did not answer in time") as raised:
                ask(self.embedder(server, retries=0, timeout=0.1), colour, "get_embedding", "x")
        assert raised.value.status_code == 504

    @COLOURS
    def test_a_client_that_was_made_elsewhere_is_used(self, colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable in self.variables:
            monkeypatch.delenv(variable, raising=False)
        with ScriptedServer() as server:
            first = self.embedder(server)

            async def asked() -> Any:
                embedder = self.without_key(server, **{self.given[1]: self.prebuilt(first, "async")})
                try:
                    return await embedder.async_get_embedding("x")
                finally:
                    await first.aclose()

            if colour == "async":
                vector = asyncio.run(asked())
            else:
                vector = self.without_key(server, **{self.given[0]: self.prebuilt(first, "sync")}).get_embedding("x")
        assert vector and len(server.requests) == 1

    def without_key(self, server: Any, **settings: Any) -> Any:
        """An embedder that could not make a client by itself."""
        return self.embedder(server, **settings)

    def prebuilt(self, embedder: Any, colour: str) -> Any:
        return embedder.get_client() if colour == "sync" else embedder.get_async_client()

    def test_a_copy_has_clients_of_its_own(self) -> None:
        with ScriptedServer() as server:
            embedder = self.embedder(server)
            assert embedder.get_embedding("x") == copy.deepcopy(embedder).get_embedding("x")
            assert embedder.get_embedding("x") == ask(embedder, "async", "get_embedding", "x")
            embedder.close()
            embedder.get_embedding("x")

    @COLOURS
    def test_a_missing_package_is_named(self, colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
        with ScriptedServer() as server:
            embedder = self.embedder(server)
            monkeypatch.setitem(sys.modules, self.module, None)
            with pytest.raises(ImportError, match=f"pip install {self.package}"):
                ask(embedder, colour, "get_embedding", "x")

    @COLOURS
    def test_a_missing_key_is_one_sentence(self, colour: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for variable in self.variables:
            monkeypatch.delenv(variable, raising=False)
        if not self.variables:
            return
        with ScriptedServer() as server:
            embedder = self.embedder(server)
            embedder.api_key = None
            with pytest.raises(ModelAuthenticationError, match=self.variables[0]):
                ask(embedder, colour, "get_embedding", "x")
            monkeypatch.setenv(self.variables[0], "key of the environment")
            assert ask(embedder, colour, "get_embedding", "x")
        assert "key of the environment" in str(server.requests[-1].headers)


__all__ = ["COLOURS", "HOSTILE", "EmbedderContract", "Numbered", "ask"]
