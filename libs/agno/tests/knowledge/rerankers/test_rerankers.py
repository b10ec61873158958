"""Rerankers of services, over their own SDKs, and of this machine."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

import agno.knowledge.reranker
from agno.knowledge.document import Document
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.reranker import (
    AwsBedrockReranker,
    CohereReranker,
    InfinityReranker,
    SentenceTransformerReranker,
)
from agno.testing import ScriptedServer
from agno.vectordb.in_memory import InMemoryVectorDb

from reranker_contract import COLOURS, RerankerContract, documents, known, rerank


class TestInfinity(RerankerContract):
    module, package = "httpx", "httpx"
    given = ("client", "async_client")

    def make(self, server: Any, **settings: Any) -> Any:
        return InfinityReranker(url=server.url, **settings)


class TestBedrock(RerankerContract):
    module, package = "boto3", "boto3"
    given = ("client", "client")

    def make(self, server: Any, **settings: Any) -> Any:
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_region": "us-east-1"}
        return AwsBedrockReranker(**{**keys, "client_params": {"endpoint_url": server.url}, **settings})

    def client(self, server: Any, colour: str) -> Any:
        return self.make(server).make_client()


@pytest.mark.knowledge
class TestCohere(RerankerContract):
    module, package = "cohere", "cohere"
    given = ("cohere_client", "async_client")

    def make(self, server: Any, **settings: Any) -> Any:
        return CohereReranker(api_key="k", client_params={"base_url": server.url}, **settings)


# What is particular --------------------------------------------------------------------------------------------------


def test_defaults_are_those_that_users_know(monkeypatch):
    monkeypatch.setattr("agno.knowledge.reranker._sdk.is_installed", lambda module: True)
    monkeypatch.setattr("agno.knowledge.reranker.sentence_transformer.is_installed", lambda module: True)
    infinity = InfinityReranker()
    assert (infinity.model, infinity.host, infinity.port, infinity.top_n) == (
        "BAAI/bge-reranker-base",
        "localhost",
        7997,
        None,
    )
    assert CohereReranker().model == "rerank-multilingual-v3.0"
    assert SentenceTransformerReranker().model == "BAAI/bge-reranker-v2-m3"
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = agno.knowledge.reranker.Nonsense


def test_infinity_is_asked_at_a_host_and_a_port_with_a_key():
    with ScriptedServer(rerank=known) as server:
        port = int(server.url.rpartition(":")[2])
        InfinityReranker(host="127.0.0.1", port=port, api_key="k", model="m").rerank("tea", documents(["cold milk"]))
    (request,) = server.requests
    assert request.path == "/rerank" and request.headers["authorization"] == "Bearer k"
    assert request.json == {"model": "m", "query": "tea", "documents": ["cold milk"], "return_documents": False}


@pytest.mark.parametrize(
    ("model", "region", "arn"),
    [
        ("cohere.rerank-v3-5:0", "us-east-1", "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"),
        ("amazon.rerank-v1:0", "us-gov-west-1", "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.rerank-v1:0"),
        ("arn:aws:bedrock:eu-west-1::foundation-model/x", "eu-west-1", "arn:aws:bedrock:eu-west-1::foundation-model/x"),
    ],
)  # fmt: skip
def test_bedrock_finds_a_model_by_its_name(model, region, arn):
    with ScriptedServer(rerank=known) as server:
        TestBedrock().make(server, model=model, aws_region=region).rerank("tea", documents(["cold milk"]))
    chosen = server.requests[0].json["rerankingConfiguration"]["bedrockRerankingConfiguration"]
    assert chosen["modelConfiguration"]["modelArn"] == arn and chosen["numberOfResults"] == 1


@pytest.mark.knowledge
@COLOURS
def test_a_missing_key_of_cohere_is_a_warning(colour, monkeypatch, caplog):
    for name in ("CO_API_KEY", "COHERE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    given = documents()
    assert rerank(CohereReranker(), colour, "tea", given) == given
    assert "CO_API_KEY" in caplog.text


def test_a_cross_encoder_is_loaded_once(monkeypatch):
    made: list[Any] = []

    class CrossEncoder:  # torch is several gigabytes, which the test environment has not
        def __init__(self, model_name_or_path=None, *, device=None, model_kwargs=None):
            made.append((model_name_or_path, device, model_kwargs))

        def predict(self, inputs, batch_size=32, show_progress_bar=None):
            return [len(set(query.split()) & set(text.split())) for query, text in inputs]

    module = ModuleType("sentence_transformers")
    module.CrossEncoder = CrossEncoder
    module.__spec__ = sys.__spec__
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    reranker = SentenceTransformerReranker(
        model="folder", model_kwargs={"a": 1}, client_params={"device": "cpu"}, top_n=2
    )
    assert not made
    for _ in range(2):
        assert [document.name for document in reranker.rerank("green tea", documents())] == ["1", "3"]
    assert made == [("folder", "cpu", {"a": 1})]


def test_a_cross_encoder_without_its_package_says_so():
    if "sentence_transformers" in sys.modules:
        pytest.fail("Sentence Transformers is there: this test and the one above should use it.")
    with pytest.raises(ImportError, match="pip install sentence-transformers"):
        SentenceTransformerReranker()


def test_a_vector_database_gives_what_it_found_in_the_better_order():
    with ScriptedServer(rerank=lambda query, texts: [float("milk" in text) for text in texts]) as server:
        db = InMemoryVectorDb(embedder=HashingEmbedder(), reranker=InfinityReranker(url=server.url, top_n=1))
        db.insert("h", [Document("green tea"), Document("tea with milk")])
        (found,) = db.search("green tea")
    assert found.content == "tea with milk" and found.reranking_score == 1.0
