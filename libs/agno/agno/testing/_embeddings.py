"""Embedding and reranking, as the providers speak them: every text has a vector, and no script is needed."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Union

from agno.knowledge.embedder.hashing import HashingEmbedder
from agno.testing import _gemini, _ollama, _openai_chat
from agno.testing.script import Fault, Turn

Vectors = Sequence[Sequence[float]]
Embed = Callable[[list[str]], Union[Vectors, Turn]]
Rerank = Callable[[str, list[str]], Union[Sequence[float], Turn]]

_COUNTED = "x-amzn-bedrock-input-token-count"


class Answer(NamedTuple):
    """What goes back: a body, or a fault in the provider's words."""

    protocol: str
    body: Any
    headers: Mapping[str, str] = {}
    fault: Fault | None = None


class _Asked(NamedTuple):
    texts: list[str]
    dimensions: int | None


class _Wire(NamedTuple):
    """How one provider asks for vectors, and is answered."""

    name: str
    path: re.Pattern[str]
    read: Callable[[Any], _Asked]
    write: Callable[[Any, Vectors, int], Any]  # the request, vectors, tokens
    failure: Callable[[Fault], Any]
    counted: str | None = None  # a header that tells the tokens


def answer(path: str, body: Any, embed: Embed | None, rerank: Rerank | None) -> Answer | None:
    """The answer to a request for vectors or scores; None if it is none."""
    if path.endswith("/rerank"):
        return _scored(path, body, rerank or _by_words)
    wire = next((wire for wire in _WIRES if wire.path.search(path)), None)
    if wire is None:
        return None
    asked = wire.read(body)
    vectors = (embed or _hashed(asked.dimensions))(asked.texts)
    if isinstance(vectors, Turn):
        return _failed(wire.name, vectors, wire.failure)
    tokens = sum(len(text) // 4 + 1 for text in asked.texts)
    headers = {wire.counted: str(tokens)} if wire.counted else {}
    return Answer(wire.name, wire.write(body, vectors, tokens), headers)


def _failed(protocol: str, turn: Turn, failure: Callable[[Fault], Any]) -> Answer:
    assert turn.fault is not None, f"embed and rerank give numbers or fails(...), not {turn!r}."
    return Answer(protocol, failure(turn.fault), fault=turn.fault)


def _hashed(dimensions: int | None) -> Embed:
    embedder = HashingEmbedder(dimensions or 1536)
    return lambda texts: embedder.get_embeddings_batch_and_usage(texts)[0]


# Embedding -----------------------------------------------------------------------------------------------------------


def _listed(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())


def _openai(body: Any, vectors: Vectors, tokens: int) -> Any:
    packed = body.get("encoding_format") == "base64"
    listed = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else list(vector)}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"id": "emb", "object": "list", "model": body.get("model", "scripted"), "data": listed, "usage": usage}


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _cohere(body: Any, vectors: Vectors, tokens: int) -> Any:
    return {
        "id": "emb",
        "texts": body["texts"],
        "embeddings": {"float": vectors},
        "response_type": "embeddings_by_type",
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": tokens}},
    }


def _bedrock_asked(body: Any) -> _Asked:
    if "inputText" in body:
        return _Asked([body["inputText"]], body.get("dimensions"))
    return _Asked(body["texts"], body.get("output_dimension") or 1024)


def _bedrock(body: Any, vectors: Vectors, tokens: int) -> Any:
    if "inputText" in body:
        return {"embedding": vectors[0] if vectors else [], "inputTextTokenCount": tokens}
    types = body.get("embedding_types")
    return {"id": "emb", "texts": body["texts"], "embeddings": {types[0]: vectors} if types else vectors}


def _gemini_asked(body: Any) -> _Asked:
    requests = body["requests"]
    texts = ["".join(part.get("text", "") for part in one["content"]["parts"]) for one in requests]
    return _Asked(texts, requests[0].get("outputDimensionality"))


def _vertex_asked(body: Any) -> _Asked:
    dimensions = (body.get("parameters") or {}).get("outputDimensionality")
    return _Asked([one["content"] for one in body["instances"]], dimensions)


def _vertex(body: Any, vectors: Vectors, tokens: int) -> Any:
    counts = [len(one["content"]) // 4 + 1 for one in body["instances"]]
    each = [
        {"values": vector, "statistics": {"token_count": count, "truncated": False}}
        for vector, count in zip(vectors, counts, strict=False)
    ]
    return {"predictions": [{"embeddings": one} for one in each]}


def _message(fault: Fault) -> Any:
    return {"message": fault.message}


_WIRES = (
    _Wire(
        "openai_embeddings",
        re.compile("/embeddings$"),
        lambda body: _Asked(_listed(body.get("input")), body.get("dimensions")),
        _openai,
        # Jina and Voyage have another word for it
        lambda fault: {**_openai_chat.failure(fault), "detail": fault.message},
    ),
    _Wire(
        "gemini_embeddings",
        re.compile(":batchEmbedContents$"),
        _gemini_asked,
        lambda body, vectors, tokens: {"embeddings": [{"values": vector} for vector in vectors]},
        _gemini.failure,
    ),
    _Wire("vertex_embeddings", re.compile(":predict$"), _vertex_asked, _vertex, _gemini.failure),
    _Wire(
        "ollama_embeddings",
        re.compile("/api/embed$"),
        lambda body: _Asked(_listed(body.get("input")), body.get("dimensions")),
        lambda body, vectors, tokens: {"model": body["model"], "embeddings": vectors, "prompt_eval_count": tokens},
        _ollama.failure,
    ),
    _Wire(
        "cohere_embeddings",
        re.compile("/v2/embed$"),
        lambda body: _Asked(body["texts"], body.get("output_dimension") or 1024),
        _cohere,
        _message,
    ),
    _Wire(
        "huggingface_embeddings",
        re.compile("/feature-extraction$"),
        lambda body: _Asked(_listed(body["inputs"]), 1024),
        lambda body, vectors, tokens: vectors,
        _ollama.failure,
    ),
    _Wire("bedrock_embeddings", re.compile("/model/[^/]+/invoke$"), _bedrock_asked, _bedrock, _message, _COUNTED),
)


# Reranking -----------------------------------------------------------------------------------------------------------


def _scored(path: str, body: Any, rerank: Rerank) -> Answer:
    """Cohere and those that ask like it (Infinity, Jina, vLLM, llama.cpp), and Bedrock."""
    bedrock = "sources" in body
    query = body["queries"][0]["textQuery"]["text"] if bedrock else body["query"]
    sources = [one["inlineDocumentSource"]["textDocument"] for one in body["sources"]] if bedrock else body["documents"]
    texts = [source if isinstance(source, str) else source["text"] for source in sources]
    name = "bedrock_rerank" if bedrock else "rerank"
    scores = rerank(query, texts)
    if isinstance(scores, Turn):
        return _failed(name, scores, _message)
    word = "relevanceScore" if bedrock else "relevance_score"
    best_first = sorted(enumerate(scores), key=lambda one: one[1], reverse=True)
    return Answer(name, {"id": "rerank", "results": [{"index": index, word: score} for index, score in best_first]})


def _by_words(query: str, texts: list[str]) -> list[float]:
    """The more words a text shares with the query, the better."""
    asked, *others = HashingEmbedder(256).get_embeddings_batch_and_usage([query, *texts])[0]
    return [sum(a * b for a, b in zip(asked, other, strict=True)) for other in others]


__all__ = ["Answer", "Embed", "Rerank", "answer"]
