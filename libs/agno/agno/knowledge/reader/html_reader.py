"""HTML files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.knowledge._files import opened
from agno.knowledge._html import HTML_PACKAGES, page_of
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType
from agno.utils.ids import new_id


class HTMLReader(Reader):
    """A saved web page: its main text without menus, scripts and forms, headings as in Markdown. The fact `title` is its title."""

    content_types = (ContentType.HTML,)
    needs = HTML_PACKAGES
    max_bytes = 50_000_000

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The text of the page."""
        with opened(source, name, self.max_bytes) as file:
            page = page_of(file.file.read(), label=file.label)
            facts = {"title": page.title} if page.title else {}
            yield Document(page.text, id=new_id(), name=file.name, meta_data=facts)


__all__ = ["HTMLReader"]
