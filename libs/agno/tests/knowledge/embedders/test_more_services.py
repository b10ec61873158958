"""Embedders of services over their own SDKs, which are in the list of knowledge packages."""

from __future__ import annotations

from typing import Any

import pytest

from agno.knowledge.embedder.cohere import CohereEmbedder
from agno.knowledge.embedder.huggingface import HuggingfaceCustomEmbedder
from agno.knowledge.embedder.mistral import MistralEmbedder
from agno.knowledge.embedder.voyageai import VoyageAIEmbedder
from agno.testing import ScriptedServer

from embedder_contract import COLOURS, EmbedderContract, ask

pytestmark = pytest.mark.knowledge


class TestCohere(EmbedderContract):
    module, package, variables = "cohere", "cohere", ("CO_API_KEY", "COHERE_API_KEY")
    given = ("cohere_client", "async_client")
    counts, most = "input_tokens", 96

    def make(self, server: Any, timeout: float | None = None, **settings: Any) -> Any:
        params = {"base_url": server.url, **({} if timeout is None else {"timeout": timeout})}
        return CohereEmbedder(**{"api_key": "k", "client_params": params, **settings})


class TestMistral(EmbedderContract):
    module, package, variables = "mistralai", "mistralai", ("MISTRAL_API_KEY",)
    given = ("mistral_client", "mistral_client")

    def make(self, server: Any, **settings: Any) -> Any:
        # the scripted server cannot know how long this model's vectors are
        return MistralEmbedder(**{"api_key": "k", "endpoint": server.url, "dimensions": 1536, **settings})

    def prebuilt(self, embedder: Any, colour: str) -> Any:
        return embedder.get_client()


class TestVoyage(EmbedderContract):
    module, package, variables = "voyageai", "voyageai", ("VOYAGE_API_KEY",)
    given = ("voyage_client", "async_client")
    explains_500 = False

    def make(self, server: Any, **settings: Any) -> Any:
        return VoyageAIEmbedder(**{"api_key": "k", "base_url": server.openai_url, "dimensions": 1536, **settings})


class TestHuggingface(EmbedderContract):
    module, package, variables = "huggingface_hub", "huggingface-hub", ("HUGGINGFACE_API_KEY", "HF_TOKEN")
    given = ("huggingface_client", "async_client")
    counts = None

    def make(self, server: Any, timeout: float | None = None, **settings: Any) -> Any:
        endpoint = f"{server.url}/pipeline/feature-extraction"
        return HuggingfaceCustomEmbedder(
            **{"api_key": "k", "id": endpoint, "client_params": {"timeout": timeout}, **settings}
        )


# What is particular --------------------------------------------------------------------------------------------------


def test_dimensions_follow_the_model_of_cohere():
    assert CohereEmbedder().dimensions == 1024 and CohereEmbedder(id="embed-english-light-v3.0").dimensions == 384
    assert CohereEmbedder(id="embed-v4.0").dimensions == 1536


@COLOURS
def test_cohere_is_told_everything(colour):
    with ScriptedServer() as server:
        embedder = TestCohere().make(
            server, id="embed-v4.0", dimensions=256, input_type="search_document", request_params={"truncate": "END"}
        )
        assert len(ask(embedder, colour, "get_embedding", "x")) == 256
    assert server.requests[0].json == {
        "model": "embed-v4.0", "texts": ["x"], "input_type": "search_document", "embedding_types": ["float"],
        "output_dimension": 256, "truncate": "END",
    }  # fmt: skip


def test_voyage_is_told_what_it_is_for():
    with ScriptedServer() as server:
        embedder = TestVoyage().make(server, max_retries=0, request_params={"input_type": "document"})
        embedder.get_embedding("x")
    assert embedder.retries == 0
    assert server.requests[0].json["input_type"] == "document" and server.requests[0].json["model"] == "voyage-2"
