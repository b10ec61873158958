"""What a search found gets a better order."""

from __future__ import annotations

import asyncio

import pytest

from agno.knowledge.document import Document
from agno.knowledge.reranker import Reranker

both_colours = pytest.mark.parametrize("colour", ["sync", "async"])


def reranked(reranker, colour, *texts):
    documents = [Document(text) for text in texts]
    if colour == "sync":
        return reranker.rerank("q", documents)
    return asyncio.run(reranker.arerank("q", documents))


class Length(Reranker):
    async def scores(self, io, query, texts):
        return [float(len(text)) for text in texts]


@both_colours
def test_the_best_score_comes_first_and_so_many_are_kept(colour):
    found = reranked(Length(top_n=2), colour, "a", "ccc", "bb")
    assert [(one.content, one.reranking_score) for one in found] == [("ccc", 3.0), ("bb", 2.0)]
    assert [one.content for one in reranked(Length(), colour, "a", "bb")] == ["bb", "a"]
    assert reranked(Length(), colour) == []


@both_colours
def test_a_failure_leaves_the_order(colour):
    class Broken(Reranker):
        async def scores(self, io, query, texts):
            raise ConnectionError("down")

    class Short(Reranker):
        async def scores(self, io, query, texts):
            return [1.0]

    for kind in (Broken, Short):
        assert [one.content for one in reranked(kind(), colour, "a", "bb")] == ["a", "bb"]
    with pytest.raises(NotImplementedError, match="scores"):
        reranked(Reranker(), colour, "a")


@both_colours
def test_one_method_is_enough(colour):
    class Own(Reranker):
        def rerank(self, query, documents):
            return documents[::-1]

    assert [one.content for one in reranked(Own(), colour, "a", "bb")] == ["bb", "a"]
