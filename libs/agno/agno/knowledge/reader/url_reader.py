"""Single pages of the web."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from agno._io import IO, Give
from agno.knowledge._addresses import shown
from agno.knowledge._arguments import number
from agno.knowledge._html import HTML_PACKAGES, page_of
from agno.knowledge._web import Page, Web, WebLimits
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader, ReaderError
from agno.knowledge.reader.reader_factory import ReaderFactory
from agno.knowledge.types import ContentType

_HTML = ("text/html", "application/xhtml+xml")
_UNSAID = ("", "application/octet-stream", "binary/octet-stream", "text/plain")  # then the suffix may say more


class URLReader(Reader):
    """What is found at a URL: the main text of a web page, or a file, read by the reader of its type. The fact `url` says where.

    `allow_private=False` reads public addresses only, True all. The default reads private ones only where you name them
    yourself, and never follows a redirect from a public page into them.
    """

    wants = "url"
    content_types = (ContentType.URL,)
    needs = HTML_PACKAGES
    max_bytes = 50_000_000

    def __init__(
        self,
        *args: Any,
        proxy: str | None = None,
        timeout: float = 30.0,
        allow_private: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        number(self, "timeout", timeout)
        self.limits = WebLimits(timeout=timeout, proxy=proxy, allow_private=allow_private)

    async def _produce(
        self, io: IO, give: Give, source: Any, name: str | None = None, password: str | None = None, **options: Any
    ) -> None:
        async with Web(io, replace(self.limits, max_bytes=self.max_bytes)) as web:
            page = await web.get(str(source))
        if page.content_type in _HTML or (page.content_type in _UNSAID and _looks_like_html(page)):
            found = page_of(page.body, page.url, page.charset, label=shown(page.url))
            facts = {"url": page.url, **({"title": found.title} if found.title else {})}
            await give(Document(found.text, id=page.url, name=name or found.title or page.url, meta_data=facts))
            return
        reader = self._reader_of(page)

        async def placed(document: Document) -> None:
            document.meta_data = {**document.meta_data, "url": page.url}
            document.name = name or document.name
            await give(document)

        await reader._produce(io, placed, page.body, name or _file_name(page.url), password)

    def _reader_of(self, page: Page) -> Reader:
        suffix = PurePosixPath(unquote(urlsplit(page.url).path)).suffix.lower()
        kind = suffix if page.content_type in _UNSAID and suffix else page.content_type
        if not ReaderFactory.knows(kind) and not kind.startswith("text/") and kind not in _UNSAID:
            raise ReaderError(f"{shown(page.url)} is {kind}, for which there is no reader.", 415)
        return ReaderFactory.get_reader_for_extension(kind)


def _looks_like_html(page: Page) -> bool:
    return page.body[:1024].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _file_name(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).stem or url


__all__ = ["URLReader"]
