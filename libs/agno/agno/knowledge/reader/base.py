"""The port of readers: a source becomes documents, and these become chunks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing
from typing import Any, ClassVar, Literal

from agno._io import IO, Give, asynchronous, asynchronous_stream, sync, sync_stream
from agno.knowledge._arguments import whole
from agno.knowledge._errors import ReaderError
from agno.knowledge._need import is_installed, missing
from agno.knowledge.chunking.strategy import ChunkingStrategy, ChunkingStrategyFactory, ChunkingStrategyType
from agno.knowledge.document import Document
from agno.knowledge.types import ContentType
from agno.utils.log import log_warning

_SEPARATORS = ("\n", "\n\n", "\r", "\r\n", "\n\r", "\t", " ", "  ")


class Reader:
    """Reads one kind of source. A reader of your own overrides `documents`, and has sync and async methods by that.

    `chunk=False` gives whole documents. Otherwise they are cut by `chunking_strategy`, or by the reader's default
    strategy with chunks of `chunk_size` characters.
    """

    # What a reader states about its class.
    wants: ClassVar[Literal["file", "url", "topic"]] = "file"  # what `read` is given
    default_strategy: ClassVar[ChunkingStrategyType] = ChunkingStrategyType.FIXED_SIZE_CHUNKER
    strategies: ClassVar[tuple[ChunkingStrategyType, ...]] = (
        ChunkingStrategyType.FIXED_SIZE_CHUNKER,
        ChunkingStrategyType.AGENTIC_CHUNKER,
        ChunkingStrategyType.DOCUMENT_CHUNKER,
        ChunkingStrategyType.RECURSIVE_CHUNKER,
        ChunkingStrategyType.SEMANTIC_CHUNKER,
    )
    content_types: ClassVar[tuple[ContentType, ...]] = ()
    needs: ClassVar[dict[str, str]] = {}  # modules it imports -> packages that bring them
    max_bytes: int = 200_000_000  # of a file or page; set it on an object to have another limit

    def __init__(
        self,
        chunk: bool = True,
        chunk_size: int = 5000,
        separators: list[str] | None = None,
        chunking_strategy: ChunkingStrategy | None = None,
        name: str | None = None,
        description: str | None = None,
        max_results: int = 5,
        **kwargs: Any,
    ) -> None:
        for module, package in self.needs.items():
            if not is_installed(module):
                raise missing(package, type(self).__name__)
        if kwargs:
            log_warning(f"{type(self).__name__} has no setting {', '.join(map(repr, sorted(kwargs)))}: it is ignored.")
        whole(self, "chunk_size", chunk_size)
        whole(self, "max_results", max_results)
        if chunking_strategy is not None and not hasattr(chunking_strategy, "chunk"):
            raise TypeError(
                f"{type(self).__name__}(chunking_strategy={chunking_strategy!r}) must be a chunker, such as FixedSizeChunking()."
            )
        self.chunk = chunk
        self.chunk_size = chunk_size
        self.separators = list(_SEPARATORS) if separators is None else separators
        self.name = name
        self.description = description
        self.max_results = max_results
        self._strategy = chunking_strategy

    # What a reader overrides -----------------------------------------------------------------------------------------

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """Yield the whole documents of a source, one by one where it is large. May block: it runs in a worker thread."""
        raise NotImplementedError(
            f"{type(self).__name__} has no `documents`: a reader overrides it to yield documents."
        )

    async def _produce(
        self, io: IO, give: Give, source: Any, name: str | None = None, password: str | None = None, **options: Any
    ) -> None:
        """The same for a reader that waits for a network: give the whole documents of a source."""
        read: Any = self.documents  # of the other colour than `stream` expects, which it accepts
        async with aclosing(io.stream(read, read, source, name, password, **options)) as found:
            async for document in found:
                await give(document)

    # What it inherits ------------------------------------------------------------------------------------------------

    async def _iterate(self, io: IO, give: Give, /, source: Any, name: str | None = None, **options: Any) -> None:
        """Yield chunks (or documents, with `chunk=False`) while the source is read.

        Takes what `read` takes. Raises ReaderError if the source cannot be read, or holds nothing.
        """
        empty = True

        async def cut(document: Document) -> None:
            nonlocal empty
            for piece in await self._pieces(io, document):
                empty = False
                await give(piece)

        await self._produce(io, cut, source, name, **options)
        if empty:
            raise ReaderError(f"{self._called(source, name)} holds no text.")

    iterate = sync_stream(_iterate)
    async_iterate = asynchronous_stream(_iterate)

    async def _read(self, io: IO, obj: Any, name: str | None = None, password: str | None = None) -> list[Document]:
        """The chunks of a source, or its documents with `chunk=False`.

        `name` is the name of the documents, if not the source's own. Raises ReaderError if the source cannot be read,
        or holds nothing.
        """
        if io.is_async and type(self).read is not Reader.read:  # a reader that overrides `read` alone
            own: list[Document] = await io.call(self.read, obj, name)
            return own
        return await self._collected(io, obj, name, password=password)

    read = sync(_read)
    async_read = asynchronous(_read)

    async def _collected(self, io: IO, source: Any, name: str | None, **options: Any) -> list[Document]:
        found: list[Document] = []

        async def keep(document: Document) -> None:
            found.append(document)

        await self._iterate(io, keep, source, name, **options)
        return found

    # Chunking --------------------------------------------------------------------------------------------------------

    @property
    def chunking_strategy(self) -> ChunkingStrategy:
        """The chunker: the given one, else the default strategy with this reader's `chunk_size`, made at its first use."""
        if self._strategy is None:
            self._strategy = ChunkingStrategyFactory.create_strategy(self.default_strategy, chunk_size=self.chunk_size)
        return self._strategy

    @chunking_strategy.setter
    def chunking_strategy(self, strategy: ChunkingStrategy | None) -> None:
        self._strategy = strategy

    def set_chunking_strategy_from_string(self, strategy_name: str, **kwargs: Any) -> None:
        """Use the chunker of this name ("RecursiveChunker"). `chunk_size` is the reader's, if not given. ValueError if unknown."""
        kind = ChunkingStrategyType.from_string(strategy_name)
        self._strategy = ChunkingStrategyFactory.create_strategy(kind, **{"chunk_size": self.chunk_size, **kwargs})

    def chunk_document(self, document: Document) -> list[Document]:
        """The chunks of a document."""
        return self.chunking_strategy.chunk(document)

    async def _chunk_documents(self, io: IO, documents: list[Document]) -> list[Document]:
        """The chunks of documents, in order."""
        strategy = self.chunking_strategy
        return [chunk for one in documents for chunk in await io.pick(strategy.chunk, strategy.achunk, one)]

    chunk_documents = sync(_chunk_documents)
    chunk_documents_async = asynchronous(_chunk_documents)

    async def _pieces(self, io: IO, document: Document) -> list[Document]:
        if not document.content.strip():
            return []
        return await self._chunk_documents(io, [document]) if self.chunk else [document]

    # About the class -------------------------------------------------------------------------------------------------

    @classmethod
    def get_supported_chunking_strategies(cls) -> list[ChunkingStrategyType]:
        """The chunkers that make sense here, the default one first."""
        return list(cls.strategies)

    @classmethod
    def get_supported_content_types(cls) -> list[ContentType]:
        """What it reads."""
        return list(cls.content_types)

    def _called(self, source: Any, name: str | None) -> str:
        """The source as an error message names it."""
        own = source if isinstance(source, str) else getattr(source, "name", None)
        return str(name or own or "The content")


__all__ = ["Reader", "ReaderError"]
