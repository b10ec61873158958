"""all-MiniLM-L6-v2 with numpy."""

from __future__ import annotations

import asyncio

import pytest

from agno.knowledge.embedder.minilm import MiniLMEmbedder

pytestmark = pytest.mark.knowledge


def test_it_gives_the_numbers_that_its_makers_publish():
    embedder = MiniLMEmbedder(batch_size=2)
    texts = [
        "A man is eating food.",
        "A man is eating a piece of bread.",
        "The girl is carrying a baby.",
        "",
        "x " * 900,
    ]
    vectors, usages = embedder.get_embeddings_batch_and_usage(texts)
    food, bread, girl, nothing, _ = vectors
    assert sum(a * b for a, b in zip(food, bread, strict=True)) == pytest.approx(0.7553, abs=1e-4)
    assert abs(sum(a * b for a, b in zip(food, girl, strict=True))) < 0.2
    assert [len(vector) for vector in vectors] == [384] * 5 and sum(x * x for x in nothing) == pytest.approx(1.0)
    assert usages[-1]["total_tokens"] == 256
    assert asyncio.run(embedder.async_get_embedding(texts[0])) == pytest.approx(food, abs=1e-5)


def test_a_model_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError):
        MiniLMEmbedder(path=tmp_path).get_embedding("x")
