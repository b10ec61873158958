"""Text files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.knowledge._files import OpenFile, opened
from agno.knowledge._text import blocks_of, text_of
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType
from agno.utils.ids import new_id

_PART = 4_000_000  # characters of one document while a large file is cut into chunks


class TextReader(Reader):
    """Plain text. `encoding=None` knows UTF-8, UTF-16 and UTF-32, and takes everything else for Windows-1252.

    A file of more than four million characters is given in several documents with the fact `part`, so that it need not be in
    memory at once; with `chunk=False` it is one document.
    """

    content_types = (ContentType.TXT,)
    max_bytes = 2_000_000_000

    def __init__(self, *args: Any, encoding: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.encoding = encoding

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The text, decoded."""
        with opened(source, name, self.max_bytes) as file:
            identity = new_id()
            if not self.chunk:
                yield Document(text_of(file, self.encoding), id=identity, name=file.name)
                return
            for number, (text, is_last) in enumerate(_parts(file, self.encoding), 1):
                if number == 1 and is_last:
                    yield Document(text, id=identity, name=file.name)
                else:
                    yield Document(text, id=f"{identity}_part_{number}", name=file.name, meta_data={"part": number})


def _parts(file: OpenFile, encoding: str | None) -> Iterator[tuple[str, bool]]:
    """Parts of the text that end with a line, or at least a word; and whether it is the last one."""
    held = ""
    for block in blocks_of(file, encoding):
        held += block
        while len(held) > _PART:
            end = (held.rfind("\n", _PART // 2, _PART) + 1) or (held.rfind(" ", _PART // 2, _PART) + 1) or _PART
            yield held[:end], False
            held = held[end:]
    yield held, True


__all__ = ["TextReader"]
