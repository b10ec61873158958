"""Documentation that lists itself in an llms.txt."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from agno._io import IO, Give
from agno.knowledge._addresses import shown
from agno.knowledge._arguments import number, whole
from agno.knowledge._html import HTML_PACKAGES, page_of
from agno.knowledge._web import Page, Web, WebLimits
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader, ReaderError
from agno.knowledge.types import ContentType
from agno.utils.log import log_warning

_LINK = re.compile(r"\[(?P<title>[^\]]+)\]\((?P<url>[^)\s]+)\)")


class LLMsTxtReader(Reader):
    """An llms.txt and up to `max_urls` of the pages that it lists. `skip_optional` leaves out those under "Optional".

    Facts: `url` and `title`. Pages that cannot be read are left out with a warning.
    """

    wants = "url"
    default_strategy = Strategy.MARKDOWN_CHUNKER
    strategies = (Strategy.MARKDOWN_CHUNKER, *Reader.strategies)
    content_types = (ContentType.URL,)
    needs = HTML_PACKAGES
    max_bytes = 20_000_000

    def __init__(
        self,
        max_urls: int = 20,
        skip_optional: bool = False,
        timeout: float = 30.0,
        proxy: str | None = None,
        allow_private: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        whole(self, "max_urls", max_urls)
        self.max_urls = max_urls
        self.skip_optional = skip_optional
        number(self, "timeout", timeout)
        self.limits = WebLimits(timeout=timeout, proxy=proxy, allow_private=allow_private)

    async def _produce(
        self, io: IO, give: Give, source: Any, name: str | None = None, password: str | None = None, **options: Any
    ) -> None:
        async with Web(io, replace(self.limits, max_bytes=self.max_bytes)) as web:
            index = await web.get(str(source))
            text = index.text
            await give(Document(text, id=index.url, name=name or index.url, meta_data={"url": index.url}))
            for title, url in self._listed(text, index.url):
                try:
                    page = await web.get(url, is_named=False)
                    content = _text_of(page)
                except ReaderError as error:
                    log_warning(f"LLMsTxtReader leaves out a page: {error}")
                    continue
                await give(Document(content, id=url, name=title, meta_data={"url": url, "title": title}))

    def _listed(self, text: str, base: str) -> list[tuple[str, str]]:
        listed: dict[str, str] = {}
        for line in text.splitlines():
            if self.skip_optional and line.strip().lower() == "## optional":
                break
            for link in _LINK.finditer(line):
                listed.setdefault(urljoin(base, link["url"]), link["title"])
        return [(title, url) for url, title in listed.items()][: self.max_urls]


def _text_of(page: Page) -> str:
    if page.content_type in ("text/html", "application/xhtml+xml"):
        return page_of(page.body, page.url, page.charset, label=shown(page.url)).text
    if not page.content_type.startswith("text/"):
        raise ReaderError(f"{shown(page.url)} is {page.content_type or 'of no stated type'}, not text.", 415)
    return page.text


__all__ = ["LLMsTxtReader"]
