"""Objects of S3 buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno._io import IO, asynchronous, sync
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.reader.reader_factory import ReaderFactory
from agno.knowledge.remote_content.remote_content import RemoteObject, S3Content
from agno.knowledge.types import ContentType


class S3Reader(Reader):
    """An object of S3, by the reader for the suffix of its name. The fact `url` says where it is.

    An object is an S3Object (anything with bucket_name and name), "s3://bucket/key", or a RemoteObject of an S3Content.
    """

    content_types = (ContentType.FILE, ContentType.URL, ContentType.TEXT)
    needs = {"boto3": "boto3"}

    def __init__(self, *args: Any, client: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.client = client

    async def _read_object(
        self, io: IO, name: str | None, s3_object: Any, password: str | None = None
    ) -> list[Document]:
        """The chunks of an object. Raises ReaderError if it is not there or cannot be read."""
        return await self._collected(io, s3_object, name, password=password)

    # not the signature of the base: it has always been another
    read = sync(_read_object)  # type: ignore[arg-type]
    async_read = asynchronous(_read_object)  # type: ignore[arg-type]

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The documents of the object."""
        found = source if isinstance(source, RemoteObject) else self._found(source)
        reader = ReaderFactory.get_reader_for_extension(found.suffix)
        with found.open(self.max_bytes) as file:
            for document in reader.documents(file, name or found.name, password):
                document.meta_data = {**document.meta_data, "url": found.place}
                yield document

    def _found(self, source: Any) -> RemoteObject:
        if isinstance(source, str):
            bucket, _, key = source.removeprefix("s3://").partition("/")
        else:
            bucket, key = source.bucket_name, source.name
        return next(S3Content(bucket_name=bucket, key=key, client=self.client).objects())


__all__ = ["S3Reader"]
