"""Embedders of services, over SDKs that the test environment has anyway."""

from __future__ import annotations

from typing import Any

import pytest

from agno.exceptions import ModelAuthenticationError, ModelProviderError
from agno.knowledge.embedder.aws_bedrock import AwsBedrockEmbedder
from agno.knowledge.embedder.azure_openai import AzureOpenAIEmbedder
from agno.knowledge.embedder.google import GeminiEmbedder
from agno.knowledge.embedder.jina import JinaEmbedder
from agno.knowledge.embedder.ollama import OllamaEmbedder
from agno.knowledge.embedder.openai import OpenAIEmbedder
from agno.testing import ScriptedServer, fails

from embedder_contract import COLOURS, EmbedderContract, ask


class TestOpenAI(EmbedderContract):
    module, package, variables = "openai", "openai", ("OPENAI_API_KEY",)
    given = ("openai_client", "async_client")

    def make(self, server: Any, timeout: float | None = None, **settings: Any) -> Any:
        params = {} if timeout is None else {"timeout": timeout}
        return OpenAIEmbedder(**{"api_key": "k", "base_url": server.openai_url, "client_params": params, **settings})


class TestAzure(EmbedderContract):
    module, package, variables = "openai", "openai", ("AZURE_EMBEDDER_OPENAI_API_KEY",)
    given = ("openai_client", "async_client")

    def make(self, server: Any, timeout: float | None = None, **settings: Any) -> Any:
        params = {} if timeout is None else {"timeout": timeout}
        return AzureOpenAIEmbedder(
            **{"api_key": "k", "azure_endpoint": server.url, "client_params": params, **settings}
        )


class TestOllama(EmbedderContract):
    module, package = "ollama", "ollama"
    given = ("ollama_client", "async_client")

    def make(self, server: Any, **settings: Any) -> Any:
        return OllamaEmbedder(**{"host": server.ollama_url, "dimensions": 1536, **settings})


class TestGemini(EmbedderContract):
    module, package, variables = "google.genai", "google-genai", ("GOOGLE_API_KEY",)
    given = ("gemini_client", "gemini_client")
    counts = None  # the Gemini API does not say

    def make(self, server: Any, timeout: float | None = None, **settings: Any) -> Any:
        options: dict[str, Any] = {"base_url": server.gemini_url}
        if timeout is not None:
            options["timeout"] = int(timeout * 1000)
        return GeminiEmbedder(**{"api_key": "k", "client_params": {"http_options": options}, **settings})

    def prebuilt(self, embedder: Any, colour: str) -> Any:
        return embedder.get_client()


class TestJina(EmbedderContract):
    module, package, variables = "httpx", "httpx", ("JINA_API_KEY",)
    given = ("client", "async_client")

    def make(self, server: Any, **settings: Any) -> Any:
        return JinaEmbedder(**{"api_key": "k", "base_url": f"{server.openai_url}/embeddings", **settings})


class TestBedrock(EmbedderContract):
    module, package = "boto3", "boto3"
    given = ("client", "client")
    counts, most = "input_tokens", 96
    says_when = False

    def make(self, server: Any, timeout: float | None = None, **settings: Any) -> Any:
        from botocore.config import Config

        config = Config(retries={"total_max_attempts": 1}, read_timeout=timeout or 60)
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "aws_region": "us-east-1"}
        params = {"endpoint_url": server.url, "config": config}
        return AwsBedrockEmbedder(**{**keys, "client_params": params, **settings})

    def prebuilt(self, embedder: Any, colour: str) -> Any:
        return embedder.get_client()


# What is particular --------------------------------------------------------------------------------------------------


def test_azure_asks_the_deployment_and_takes_everything_from_the_environment(monkeypatch):
    with ScriptedServer() as server:
        for name, value in {
            "OPENAI_API_KEY": "k", "OPENAI_ENDPOINT": server.url, "OPENAI_API_VERSION": "2025-01-01", "DEPLOYMENT": "mine",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"AZURE_EMBEDDER_{name}", value)
        assert AzureOpenAIEmbedder().get_embedding("x")
        assert AzureOpenAIEmbedder(azure_ad_token="t").get_embedding("x")
        assert AzureOpenAIEmbedder().connection_info() == {"type": "openai", "base": server.url}
    first, second = server.requests
    assert first.path == "/openai/deployments/mine/embeddings" and first.query == {"api-version": "2025-01-01"}
    assert first.headers["api-key"] == "k" and second.headers["authorization"] == "Bearer t"


def test_azure_without_an_endpoint_says_what_to_set(monkeypatch):
    monkeypatch.delenv("AZURE_EMBEDDER_OPENAI_ENDPOINT", raising=False)
    with pytest.raises(ValueError, match="AZURE_EMBEDDER_OPENAI_ENDPOINT"):
        AzureOpenAIEmbedder(api_key="k").get_embedding("x")


@COLOURS
def test_gemini_is_told_what_the_vectors_are_for(colour):
    with ScriptedServer() as server:
        embedder = TestGemini().make(
            server,
            dimensions=8,
            task_type="RETRIEVAL_DOCUMENT",
            title="Tea",
            request_params={"task_type": "CLUSTERING"},
        )
        ask(embedder, colour, "get_embedding", "x")
    (asked,) = server.requests[0].json["requests"]
    assert (asked["taskType"], asked["title"], asked["outputDimensionality"]) == ("CLUSTERING", "Tea", 8)
    assert server.requests[0].path.endswith("/models/gemini-embedding-exp-03-07:batchEmbedContents")


@COLOURS
def test_vertex_counts_tokens(colour, monkeypatch):
    from google.oauth2.credentials import Credentials

    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    with ScriptedServer() as server:
        embedder = TestGemini().make(
            server, id="text-embedding-005", dimensions=8, vertexai=True, location="eu", api_key=None,
            client_params={"http_options": {"base_url": server.url}, "credentials": Credentials("token")},
        )  # fmt: skip
        vectors, usages = ask(embedder, colour, "get_embeddings_batch_and_usage", ["green tea", "tea"])
    assert [len(vector) for vector in vectors] == [8, 8] and sum(usage["total_tokens"] for usage in usages) == 4
    assert server.requests[0].path.endswith(
        "/projects/p/locations/eu/publishers/google/models/text-embedding-005:predict"
    )


def test_jina_is_told_everything():
    with ScriptedServer() as server:
        embedder = TestJina().make(
            server, dimensions=8, late_chunking=True, user="ann", headers={"x-team": "a"},
            request_params={"task": "retrieval.query"},
        )  # fmt: skip
        embedder.get_embedding("x")
    assert server.requests[0].json == {
        "model": "jina-embeddings-v3", "input": ["x"], "dimensions": 8, "embedding_type": "float", "late_chunking": True,
        "user": "ann", "task": "retrieval.query",
    }  # fmt: skip
    assert server.requests[0].headers["authorization"] == "Bearer k" and server.requests[0].headers["x-team"] == "a"


def test_a_page_of_a_proxy_is_no_answer():
    with ScriptedServer(embed=lambda texts: fails("short")) as server:
        with pytest.raises(ModelProviderError, match="unreadable"):
            TestJina().make(server, retries=0).get_embedding("x")


def test_ollama_is_told_everything():
    with ScriptedServer() as server:
        TestOllama().make(server, options={"num_ctx": 9}, request_params={"truncate": False}).get_embedding("x")
    assert server.requests[0].json == {
        "model": "openhermes", "input": ["x"], "options": {"num_ctx": 9}, "truncate": False,
    }  # fmt: skip


def test_bedrock_is_told_what_cohere_wants_to_know():
    with ScriptedServer() as server:
        embedder = TestBedrock().make(
            server, input_type="search_document", truncate="END", embedding_types=["float"], request_params={"x": 1}
        )
        assert len(embedder.get_embedding("x")) == 1024
    request = server.requests[0]
    assert request.json == {
        "texts": ["x"], "input_type": "search_document", "truncate": "END", "embedding_types": ["float"], "x": 1,
    }  # fmt: skip
    assert "cohere.embed-multilingual-v3" in request.path and "us-east-1/bedrock" in request.headers["authorization"]


@COLOURS
def test_titan_takes_one_text_at_a_time(colour):
    with ScriptedServer() as server:
        embedder = TestBedrock().make(server, id="amazon.titan-embed-text-v2:0", dimensions=256)
        vectors, usages = ask(embedder, colour, "get_embeddings_batch_and_usage", ["green tea", "tea"])
    assert [len(vector) for vector in vectors] == [256, 256] and sum(usage["input_tokens"] for usage in usages) == 4
    assert sorted(request.json["inputText"] for request in server.requests) == ["green tea", "tea"]


def test_bedrock_without_keys_says_what_to_set(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(ModelAuthenticationError, match="AWS_REGION"):
        AwsBedrockEmbedder().get_embedding("x")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with pytest.raises(ModelAuthenticationError, match="AWS_ACCESS_KEY_ID"):
        AwsBedrockEmbedder().get_embedding("x")
