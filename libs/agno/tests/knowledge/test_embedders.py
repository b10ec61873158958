"""Texts become vectors: in batches, with retries, and with what they cost, in both colours."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from agno.exceptions import ModelAuthenticationError, ModelProviderError, ModelRateLimitError
from agno.knowledge.document import Document
from agno.knowledge.embedder import Embedder
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.embedder.openai import OpenAIEmbedder
from agno.testing import ScriptedServer, fails
from knowledge.watching import Watched

both_colours = pytest.mark.parametrize("colour", ["sync", "async"])


def ask(embedder, colour, method, *args):
    if colour == "sync":
        return getattr(embedder, method)(*args)

    async def asked():
        try:
            return await getattr(embedder, f"async_{method}")(*args)
        finally:
            if hasattr(embedder, "aclose"):
                await embedder.aclose()

    return asyncio.run(asked())


def an_embedder(server: ScriptedServer, **options) -> OpenAIEmbedder:
    return OpenAIEmbedder(api_key="k", base_url=server.openai_url, **{"delay_between_retries": 0, **options})


@both_colours
def test_two_thousand_texts_are_twenty_requests_in_order(colour):
    texts = [f"text number {n}" for n in range(2_000)]
    with ScriptedServer() as server:
        vectors, usages = ask(an_embedder(server, dimensions=8), colour, "get_embeddings_batch_and_usage", texts)
    assert [len(request.json["input"]) for request in server.requests] == [100] * 20
    assert {request.json["dimensions"] for request in server.requests} == {8}
    assert vectors == HashingEmbedder(8).get_embeddings_batch_and_usage(texts)[0]
    assert sum(usage["total_tokens"] for usage in usages) == sum(len(text) // 4 + 1 for text in texts)


@both_colours
def test_one_text_is_one_request_with_what_it_cost(colour):
    with ScriptedServer() as server:
        embedder = an_embedder(server, user="ann", request_params={"extra_headers": {"x-team": "a"}})
        vector, usage = ask(embedder, colour, "get_embedding_and_usage", "green tea")
        assert len(vector) == 1536 == len(ask(embedder, colour, "get_embedding", "green tea"))
        batches = ask(embedder, colour, "get_embeddings_batch", ["a", "b", "a"], 1)
    request = server.requests[0]
    assert usage == {"prompt_tokens": 3, "total_tokens": 3} and batches[0] == batches[2] != batches[1]
    assert request.json == {
        "input": ["green tea"], "model": "text-embedding-3-small", "encoding_format": "float", "dimensions": 1536,
        "user": "ann",
    }  # fmt: skip
    assert request.headers["authorization"] == "Bearer k" and request.headers["x-team"] == "a"
    assert len(server.requests) == 4  # equal texts are sent once


def test_vectors_may_come_packed():
    with ScriptedServer() as server:
        packed = an_embedder(server, encoding_format="base64", dimensions=8).get_embedding("green tea")
    assert packed == pytest.approx(HashingEmbedder(8).get_embedding("green tea"), abs=1e-6)


def test_dimensions_follow_the_model():
    assert OpenAIEmbedder().dimensions == 1536 and OpenAIEmbedder(id="text-embedding-3-large").dimensions == 3072
    assert OpenAIEmbedder(id="text-embedding-3-large", dimensions=256).dimensions == 256
    assert "dimensions" not in OpenAIEmbedder(id="text-embedding-ada-002").request(["x"])


@both_colours
def test_a_failure_that_passes_is_tried_again(colour):
    answers = [fails(429), fails(503), fails("cut"), [[1.0, 0.0]]]
    with ScriptedServer(embed=lambda texts: answers.pop(0)) as server:
        assert ask(an_embedder(server, retries=3), colour, "get_embedding", "x") == [1.0, 0.0]
    assert len(server.requests) == 4


@both_colours
@pytest.mark.parametrize(
    ("fault", "error", "tries"),
    [
        (fails(401, "bad key"), ModelAuthenticationError, 1),
        (fails(400, "too long"), ModelProviderError, 1),
        (fails(429, "slow down"), ModelRateLimitError, 3),
        (fails("cut"), ModelProviderError, 3),
        ([[1.0], [2.0]], ModelProviderError, 1),
        ([], ModelProviderError, 3),
    ],
)
def test_a_failure_that_stays_is_an_error(colour, fault, error, tries):
    with ScriptedServer(embed=lambda texts: fault) as server:
        with pytest.raises(error):
            ask(an_embedder(server), colour, "get_embedding", "x")
    assert len(server.requests) == tries


def test_a_missing_key_says_what_to_set(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelAuthenticationError, match="OPENAI_API_KEY"):
        OpenAIEmbedder().get_embedding("x")


def test_addresses_are_told_without_secrets():
    told = OpenAIEmbedder(base_url="https://user:pw@host/v1?key=1").connection_info()
    assert told == {"type": "openai", "base": "https://host/v1"}


# Embedders of a user's own -------------------------------------------------------------------------------------------


@dataclass
class Plain(Embedder):
    dimensions: int | None = 1

    def get_embedding(self, text):
        return [float(len(text))]


class WithUsage:
    dimensions = 1

    def get_embedding_and_usage(self, text):
        return [float(len(text))], {"n": 1}

    async def async_get_embedding_and_usage(self, text):
        return [float(len(text))], {"n": 2}


@both_colours
def test_an_embedder_may_have_one_method_only(colour):
    from agno.vectordb.in_memory import InMemoryVectorDb

    db = InMemoryVectorDb(embedder=Plain(), distance="l2")
    assert ask(Plain(), colour, "get_embedding_and_usage", "abc") == ([3.0], None)
    documents = [Document("a"), Document("bbb")]
    if colour == "sync":
        db.insert("h", documents)
    else:
        asyncio.run(db.async_insert("h", documents))
    found = db.search("cc") if colour == "sync" else asyncio.run(db.async_search("cc"))
    assert sorted(document.embedding[0] for document in found) == [1.0, 3.0]
    with pytest.raises(NotImplementedError, match="embed_batch"):
        Embedder().get_embedding("x")


def test_usage_of_any_embedder_is_kept():
    from agno.vectordb.in_memory import InMemoryVectorDb

    db = InMemoryVectorDb(embedder=WithUsage())
    db.insert("h", [Document("a")])
    asyncio.run(db.async_insert("g", [Document("b")]))
    assert sorted(record.usage["n"] for record in db._records.values()) == [1, 2]


def test_hashed_words_are_near_if_they_are_shared():
    embedder = HashingEmbedder()
    tea, more, milk = (embedder.get_embedding(text) for text in ("green tea", "Green tea, please", "cold milk"))
    near, far = (sum(a * b for a, b in zip(tea, other, strict=True)) for other in (more, milk))
    assert near > 0.7 > 0.2 > far and len(tea) == 256
    assert sum(abs(x) for x in embedder.get_embedding("")) == 1.0


def test_the_asynchronous_client_is_not_made_by_the_event_loop():
    async def asked(embedder):
        with Watched() as seen:
            await embedder.async_get_embedding("tea")
        await embedder.aclose()
        return seen

    with ScriptedServer() as server:
        asyncio.run(asked(an_embedder(server)))  # packages are loaded at their first use
        seen = asyncio.run(asked(an_embedder(server)))
    # to look for an idle thread, as OpenAI's package does, is no waiting
    assert not [call for call in seen.blocking if "_thread.acquire" not in call]
