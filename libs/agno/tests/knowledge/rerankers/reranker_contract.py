"""What every reranker of a service must do, in both colours, over its own SDK. Subclass it and state `make`."""

from __future__ import annotations

import asyncio
import copy
import logging
from typing import Any, ClassVar

import pytest

from agno._io import SYNC, drive
from agno.exceptions import ModelAuthenticationError, ModelProviderError, ModelRateLimitError
from agno.knowledge.document import Document
from agno.testing import ScriptedServer, fails

COLOURS = pytest.mark.parametrize("colour", ["sync", "async"])
TEXTS = ["cold milk", "a cup of green tea", "Grüße \ud83d 日本語", "green paint", "black tea"]
SCORES = {
    "cold milk": 0.1,
    "a cup of green tea": 0.9,
    "Grüße \ufffd 日本語": -0.5,
    "green paint": 0.4,
    "black tea": 0.4,
}


def documents(texts: list[str] = TEXTS) -> list[Document]:
    return [Document(text, name=str(number)) for number, text in enumerate(texts)]


def rerank(reranker: Any, colour: str, query: str, given: list[Document]) -> list[Document]:
    if colour == "sync":
        found: list[Document] = reranker.rerank(query, given)
        return found

    async def asked() -> Any:
        try:
            return await reranker.arerank(query, given)
        finally:
            await reranker.aclose()

    return asyncio.run(asked())


def known(query: str, texts: list[str]) -> list[float]:
    return [SCORES[text] for text in texts]


class RerankerContract:
    """Every reranker behind an API."""

    module: ClassVar[str]  # of the SDK
    package: ClassVar[str]
    given: ClassVar[tuple[str, str]]  # fields of clients that were made elsewhere

    def make(self, server: Any, **settings: Any) -> Any:
        raise NotImplementedError

    @COLOURS
    def test_the_best_come_first_with_their_scores(self, colour: str) -> None:
        with ScriptedServer(rerank=known) as server:
            found = rerank(self.make(server), colour, "green tea", documents())
        assert [document.name for document in found] == ["1", "3", "4", "0", "2"]  # equal ones keep their order
        assert [document.reranking_score for document in found] == pytest.approx([0.9, 0.4, 0.4, 0.1, -0.5])
        assert len(server.requests) == 1

    @COLOURS
    def test_top_n_is_how_many_are_kept(self, colour: str) -> None:
        with ScriptedServer(rerank=known) as server:
            found = rerank(self.make(server, top_n=2), colour, "green tea", documents())
            assert [document.name for document in found] == ["1", "3"]
            assert len(rerank(self.make(server, top_n=9), colour, "green tea", documents())) == 5

    @COLOURS
    def test_no_documents_are_no_request(self, colour: str) -> None:
        with ScriptedServer() as server:
            assert rerank(self.make(server), colour, "green tea", []) == []
        assert server.requests == []

    @COLOURS
    def test_a_failure_leaves_the_documents_as_they_are_and_is_told(self, colour: str, caplog: Any) -> None:
        now: list[Any] = []
        with ScriptedServer(rerank=lambda query, texts: now[0]) as server, _heard(caplog):
            reranker = self.make(server, top_n=2)
            for fault in (fails(401, "bad key"), fails(429), fails(500, "oh no"), fails("cut"), [0.5], []):
                now[:], given = [fault], documents()
                caplog.clear()
                assert rerank(reranker, colour, "green tea", given) == given
                (record,) = caplog.records
                assert record.levelno == logging.WARNING and "stay" in record.getMessage()
                assert "header" not in record.getMessage()
            assert len(server.requests) == 6

    def test_scores_fail_with_typed_errors(self) -> None:
        now: list[Any] = []
        with ScriptedServer(rerank=lambda query, texts: now[0]) as server:
            reranker = self.make(server)
            for fault, kind in ((401, ModelAuthenticationError), (429, ModelRateLimitError), (500, ModelProviderError)):
                now[:] = [fails(fault, "said so")]
                with pytest.raises(kind, match="said so"):
                    drive(reranker.scores(SYNC, "green tea", ["x"]))

    @COLOURS
    def test_a_client_that_was_made_elsewhere_is_used(self, colour: str) -> None:
        with ScriptedServer(rerank=known) as server:

            async def asked() -> list[Document]:
                client = self.client(server, "async")
                found: list[Document] = await self.make(server, **{self.given[1]: client}).arerank("tea", documents())
                if hasattr(client, "aclose"):
                    await client.aclose()
                return found

            if colour == "async":
                found = asyncio.run(asked())
            else:
                given = {self.given[0]: self.client(server, "sync")}
                found = self.make(server, **given).rerank("tea", documents())
        assert found[0].name == "1" and server.requests

    def client(self, server: Any, colour: str) -> Any:
        made = self.make(server)
        return made.make_client() if colour == "sync" else made.make_async_client()

    def test_a_copy_has_clients_of_its_own(self) -> None:
        with ScriptedServer(rerank=known) as server:
            reranker = self.make(server)
            first = reranker.rerank("tea", documents())
            assert copy.deepcopy(reranker).rerank("tea", documents()) == first
            reranker.close()
            assert reranker.rerank("tea", documents()) == first

    def test_a_missing_package_is_named_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("agno.knowledge.reranker._sdk.is_installed", lambda module: module != self.module)
        with ScriptedServer() as server, pytest.raises(ImportError, match=f"pip install {self.package}"):
            self.make(server)


def _heard(caplog: Any) -> Any:
    return caplog.at_level(logging.WARNING, logger="agno")


__all__ = ["COLOURS", "RerankerContract", "documents", "known", "rerank"]
