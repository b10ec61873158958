"""JSON files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from agno.knowledge._errors import ReaderError
from agno.knowledge._files import opened
from agno.knowledge._text import text_of
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType
from agno.utils.ids import new_id


class JSONReader(Reader):
    """JSON: a document for each item of a list, or for the whole of anything else, with its number as the fact `page`.

    JSON Lines are read too, a document for each line. Nothing is cut unless `chunk=True`.
    """

    content_types = (ContentType.JSON,)

    def __init__(self, chunk: bool = False, *args: Any, **kwargs: Any) -> None:
        super().__init__(chunk, *args, **kwargs)

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The items as JSON text."""
        with opened(source, name, self.max_bytes) as file:
            items = _items(text_of(file), file.label)
            identity = new_id()
            for number, item in enumerate(items, 1):
                text = msgspec.json.encode(item).decode()
                yield Document(text, id=f"{identity}_{number}", name=file.name, meta_data={"page": number})


def _items(text: str, label: str) -> list[Any]:
    try:
        decoded = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        lines = _lines(text)
        if lines is None:
            raise ReaderError(f"{label} is no JSON: {str(error).rstrip('.') or 'it is nested too deeply'}.") from error
        return lines
    return decoded if isinstance(decoded, list) else [decoded]


def _lines(text: str) -> list[Any] | None:
    """The values of JSON Lines; None if it is something else."""
    filled = [line for line in text.split("\n") if line.strip()]
    try:
        return [msgspec.json.decode(line) for line in filled] if len(filled) > 1 else None
    except (msgspec.DecodeError, RecursionError):
        return None


__all__ = ["JSONReader"]
