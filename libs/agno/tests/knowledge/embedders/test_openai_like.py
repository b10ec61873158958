"""Services and servers that speak OpenAI's protocol: what is particular to each is an address, a key and a model."""

from __future__ import annotations

import asyncio

import pytest

from agno.exceptions import ModelAuthenticationError
from agno.knowledge.embedder.fireworks import FireworksEmbedder
from agno.knowledge.embedder.langdb import LangDBEmbedder
from agno.knowledge.embedder.llamacpp import LlamaCppEmbedder
from agno.knowledge.embedder.nebius import NebiusEmbedder
from agno.knowledge.embedder.openai_like import OpenAILikeEmbedder
from agno.knowledge.embedder.together import TogetherEmbedder
from agno.knowledge.embedder.vllm import VLLMEmbedder
from agno.testing import ScriptedServer

SERVICES = [
    (FireworksEmbedder, "nomic-ai/nomic-embed-text-v1.5", 768, "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    (LangDBEmbedder, "text-embedding-ada-002", 1536, "https://api.us-east-1.langdb.ai/p/v1", "LANGDB_API_KEY"),
    (NebiusEmbedder, "BAAI/bge-en-icl", 1024, "https://api.studio.nebius.com/v1", "NEBIUS_API_KEY"),
    (TogetherEmbedder, "togethercomputer/m2-bert-80M-32k-retrieval", 768, "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    (LlamaCppEmbedder, "default", 1536, "http://127.0.0.1:8080/v1", None),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _of_langdb(monkeypatch):
    monkeypatch.setenv("LANGDB_PROJECT_ID", "p")


@pytest.mark.parametrize(("kind", "id", "dimensions", "address", "variable"), SERVICES, ids=lambda value: str(value))
def test_an_address_a_key_and_a_model(kind, id, dimensions, address, variable, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "of somebody else")
    embedder = kind()
    assert (embedder.id, embedder.dimensions) == (id, dimensions)
    assert embedder.connection_info() == {"type": "openai", "base": address}
    if variable is not None:
        monkeypatch.delenv(variable, raising=False)
        with pytest.raises(ModelAuthenticationError, match=variable):
            embedder.get_embedding("x")
        monkeypatch.setenv(variable, "mine")
    with ScriptedServer() as server:
        usage = kind(base_url=server.openai_url).get_embedding_and_usage("green tea")[1]
        asyncio.run(_asked(kind(base_url=server.openai_url)))
    assert usage == {"prompt_tokens": 3, "total_tokens": 3}
    for request in server.requests:
        assert request.json["model"] == id and "dimensions" not in request.json
        assert request.headers["authorization"] == f"Bearer {'mine' if variable else 'not-provided'}"


async def _asked(embedder):
    await embedder.async_get_embedding("x")
    await embedder.aclose()


def test_langdb_marks_requests_and_needs_a_project(monkeypatch):
    with ScriptedServer() as server:
        LangDBEmbedder(api_key="k", base_url=server.openai_url, label="shop").get_embedding("x")
    assert server.requests[0].headers["x-label"] == "shop"
    monkeypatch.delenv("LANGDB_PROJECT_ID")
    with pytest.raises(ModelAuthenticationError, match="LANGDB_PROJECT_ID"):
        LangDBEmbedder(api_key="k").get_embedding("x")


def test_a_server_of_ones_own_needs_an_address_but_no_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "of somebody else")
    with pytest.raises(ValueError, match="give base_url="):
        OpenAILikeEmbedder(id="m").get_embedding("x")
    with ScriptedServer() as server:
        OpenAILikeEmbedder(id="m", dimensions=8, base_url=server.openai_url).get_embedding("x")
        wished = {"dimensions": 8}
        assert len(OpenAILikeEmbedder(base_url=server.openai_url, request_params=wished).get_embedding("x")) == 8
    assert server.requests[0].headers["authorization"] == "Bearer not-provided"


def test_a_server_of_vllm_is_asked_if_there_is_one(monkeypatch):
    monkeypatch.setenv("VLLM_API_KEY", "k")
    with ScriptedServer() as server:
        VLLMEmbedder(base_url=server.openai_url).get_embedding("x")
        asyncio.run(_asked(VLLMEmbedder(client_params={"base_url": server.openai_url})))
    assert {request.json["model"] for request in server.requests} == {"intfloat/e5-mistral-7b-instruct"}
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer k"}
