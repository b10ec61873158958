"""Putting what a search found into a better order."""

from importlib import import_module
from typing import Any

from agno.knowledge.reranker.base import Reranker

_HOMES = {
    "AwsBedrockReranker": "agno.knowledge.reranker.aws_bedrock",
    "CohereReranker": "agno.knowledge.reranker.cohere",
    "InfinityReranker": "agno.knowledge.reranker.infinity",
    "SentenceTransformerReranker": "agno.knowledge.reranker.sentence_transformer",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Reranker"]
