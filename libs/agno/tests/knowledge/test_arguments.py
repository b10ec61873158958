"""Numbers that mean nothing are refused when an object is made, in one sentence that names them."""

from __future__ import annotations

from typing import Any

import pytest

from agno.knowledge.chunking.document import DocumentChunking
from agno.knowledge.chunking.fixed import FixedSizeChunking
from agno.knowledge.chunking.semantic import SemanticChunking
from agno.knowledge.embedder.cohere import CohereEmbedder
from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.knowledge.embedder.openai import OpenAIEmbedder
from agno.knowledge.knowledge import Knowledge
from agno.knowledge.reader.llms_txt_reader import LLMsTxtReader
from agno.knowledge.reader.text_reader import TextReader
from agno.knowledge.reader.url_reader import URLReader
from agno.knowledge.reader.website_reader import WebsiteReader
from agno.knowledge.reranker.infinity import InfinityReranker
from agno.vectordb.in_memory import InMemoryVectorDb
from agno.vectordb.lightrag import LightRag
from agno.vectordb.pgvector import HNSW, Ivfflat

WRONG: list[tuple[Any, str, Any]] = [
    (FixedSizeChunking, "chunk_size", "x"),
    (DocumentChunking, "chunk_size", None),
    (FixedSizeChunking, "overlap", "x"),
    (SemanticChunking, "similarity_threshold", 5),
    (HashingEmbedder, "dimensions", 0),
    (OpenAIEmbedder, "batch_size", "x"),
    (CohereEmbedder, "dimensions", -1),
    (TextReader, "chunk_size", 0),
    (TextReader, "chunking_strategy", "x"),
    (WebsiteReader, "max_links", -1),
    (InfinityReranker, "top_n", 0),
    (Knowledge, "max_results", 0),
    (Knowledge, "max_results", True),
    (HashingEmbedder, "retries", -1),
    (HashingEmbedder, "delay_between_retries", "x"),
    (WebsiteReader, "timeout", "x"),
    (URLReader, "timeout", -1),
    (LLMsTxtReader, "max_urls", 0),
    (InMemoryVectorDb, "similarity_threshold", "x"),
    (LightRag, "wait_seconds", "x"),
    (HNSW, "m", 0),
    (Ivfflat, "lists", "x"),
]


@pytest.mark.parametrize(("kind", "name", "value"), WRONG, ids=lambda one: getattr(one, "__name__", str(one)))
def test_what_means_nothing_is_refused_by_name(kind: Any, name: str, value: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=f"{name}={value!r}"):
        kind(**{name: value})
