"""The port of embedders: batches, retries and usage, in both colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from agno._io import IO, asynchronous, sync
from agno.exceptions import ModelProviderError
from agno.knowledge._arguments import number, whole
from agno.models._wait import as_asked

Vector = list[float]
Usage = dict[str, Any]

_AT_ONCE = 4  # batches that an asynchronous caller has under way


class Embedded(NamedTuple):
    """The vector of a text, and what it cost."""

    embedding: Vector
    usage: Usage | None = None


@dataclass
class Embedder:
    """Makes vectors of texts. An embedder of your own overrides `embed_batch`, or else `get_embedding`.

    `dimensions` is how many numbers a vector has. Texts go out in batches of `batch_size`, or one by one with
    `enable_batch=False`. A failure that may pass (the network, a rate limit) is tried again `retries` times, after
    `delay_between_retries` seconds, twice as long each time.
    """

    dimensions: int | None = 1536
    enable_batch: bool = True
    batch_size: int = 100
    retries: int = 2
    delay_between_retries: float = 1.0

    def __post_init__(self) -> None:
        for name in ("dimensions", "batch_size"):
            if (value := getattr(self, name)) is not None:
                whole(self, name, value)
        for name in ("retries", "max_retries"):
            if (value := getattr(self, name, None)) is not None:
                whole(self, name, value, least=0)
        for name in ("delay_between_retries", "timeout"):
            if (value := getattr(self, name, None)) is not None:
                number(self, name, value)

    # What an embedder overrides --------------------------------------------------------------------------------------

    async def embed_batch(self, io: IO, texts: list[str]) -> tuple[list[Vector], Usage | None]:
        """The vectors of some texts, in their order, and what they cost together. One request, without retries."""
        raise NotImplementedError(
            f"{type(self).__name__} has neither `embed_batch` nor `get_embedding`: an embedder overrides one of them."
        )

    # What it inherits ------------------------------------------------------------------------------------------------

    async def _one(self, io: IO, text: str) -> Vector:
        """The vector of a text."""
        return (await self._one_with_usage(io, text))[0]

    async def _one_with_usage(self, io: IO, text: str) -> tuple[Vector, Usage | None]:
        """The vector of a text, and what it cost."""
        (made,) = await embed_texts(io, self, [text])
        return made.embedding, made.usage

    async def _many_with_usage(self, io: IO, texts: Sequence[str]) -> tuple[list[Vector], list[Usage | None]]:
        """The vectors of texts in their order, and for each text its share of what its batch cost."""
        made = await embed_texts(io, self, texts)
        return [one.embedding for one in made], [one.usage for one in made]

    get_embedding, async_get_embedding = sync(_one), asynchronous(_one)
    get_embedding_and_usage = sync(_one_with_usage)
    async_get_embedding_and_usage = asynchronous(_one_with_usage)
    get_embeddings_batch_and_usage = sync(_many_with_usage)
    async_get_embeddings_batch_and_usage = asynchronous(_many_with_usage)

    def is_retryable(self, error: Exception) -> bool:
        """Whether the same request may succeed in a while."""
        if isinstance(error, ModelProviderError):
            return error.status_code in (408, 409, 425, 429) or error.status_code >= 500
        return isinstance(error, (ConnectionError, TimeoutError))


async def embed_texts(io: IO, embedder: Any, texts: Sequence[str], batch_size: int | None = None) -> list[Embedded]:
    """The vectors of texts, in their order. Equal texts are embedded once.

    Takes any object with the methods of an embedder. `batch_size` counts in the place of the embedder's own.
    """
    each = list(dict.fromkeys(texts))
    if not _has_batches(embedder):
        made = await _one_by_one(io, embedder, each)
    else:
        size = batch_size or (max(1, embedder.batch_size) if embedder.enable_batch else 1)
        batches = [each[start : start + size] for start in range(0, len(each), size)]
        made = []
        for start in range(0, len(batches), _AT_ONCE):
            group = batches[start : start + _AT_ONCE]
            for answer in await io.gather(*[_batch(io, embedder, batch) for batch in group]):
                made += answer
    known = dict(zip(each, made, strict=True))
    return [known[text] for text in texts]


def _has_batches(embedder: Any) -> bool:
    """False for a class of a user's own that embeds one text at a time."""
    if not isinstance(embedder, Embedder):
        return False
    kind = type(embedder)
    return kind.embed_batch is not Embedder.embed_batch or not any(
        _own(kind, name) for name in ("get_embedding", "get_embedding_and_usage")
    )


async def _batch(io: IO, embedder: Embedder, texts: list[str]) -> list[Embedded]:
    vectors, usage = await _tried(embedder, io, texts)
    return [Embedded(vector, share) for vector, share in zip(vectors, _shares(usage, texts), strict=True)]


async def _one_by_one(io: IO, embedder: Any, texts: list[str]) -> list[Embedded]:
    made: list[Embedded] = []
    for start in range(0, len(texts), _AT_ONCE):
        group = texts[start : start + _AT_ONCE]
        made += await io.gather(*[_single(io, embedder, text) for text in group])
    return made


async def _single(io: IO, embedder: Any, text: str) -> Embedded:
    """By whichever methods a class of a user's own has."""
    own = type(embedder)
    if _own(own, "get_embedding_and_usage"):
        return Embedded(
            *await io.pick(embedder.get_embedding_and_usage, _async_of(io, embedder, "get_embedding_and_usage"), text)
        )
    if not _own(own, "get_embedding"):
        raise TypeError(f"{embedder!r} is no embedder: it has no `get_embedding`.")
    return Embedded(await io.pick(embedder.get_embedding, _async_of(io, embedder, "get_embedding"), text))


def _own(kind: type, name: str) -> bool:
    return getattr(kind, name, None) is not getattr(Embedder, name) and hasattr(kind, name)


def _async_of(io: IO, embedder: Any, name: str) -> Any:
    """The method that is awaited, of a class that may have the other one only."""
    if _own(type(embedder), f"async_{name}"):
        return getattr(embedder, f"async_{name}")

    async def called(text: str) -> Any:
        return await io.call(getattr(embedder, name), text)

    return called


async def _tried(embedder: Embedder, io: IO, texts: list[str]) -> tuple[list[Vector], Usage | None]:
    """One batch, with retries; each text has a vector, or this raises."""
    for attempt in range(embedder.retries + 1):
        try:
            vectors, usage = await embedder.embed_batch(io, texts)
            break
        except Exception as error:
            if attempt == embedder.retries or not embedder.is_retryable(error):
                raise
            pause = as_asked(error, embedder.delay_between_retries * 2**attempt)
        await io.sleep(pause)
    if len(vectors) != len(texts) or not all(vectors):
        raise ModelProviderError(
            f"{type(embedder).__name__} was asked for {len(texts)} vectors and got {sum(map(bool, vectors))}.", 502
        )
    return vectors, usage


def _shares(usage: Usage | None, texts: list[str]) -> list[Usage | None]:
    """What each text cost, as it is counted for a batch only: in proportion to its length, in whole numbers that add up."""
    if usage is None or len(texts) == 1:
        return [usage] * len(texts)
    total = sum(map(len, texts)) or 1
    ends = [0]
    for text in texts:
        ends.append(ends[-1] + len(text))
    return [
        {
            name: count * ends[i + 1] // total - count * ends[i] // total if type(count) is int else count
            for name, count in usage.items()
        }
        for i in range(len(texts))
    ]


__all__ = ["Embedded", "Embedder", "embed_texts"]
