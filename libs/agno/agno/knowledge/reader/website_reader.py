"""Web sites: a page, and the pages it leads to."""

from __future__ import annotations

import ipaddress
from collections import deque
from dataclasses import replace
from typing import Any
from urllib.parse import urldefrag, urlsplit

from agno._io import IO, Give, asynchronous, sync
from agno.knowledge._addresses import shown
from agno.knowledge._arguments import number, whole
from agno.knowledge._html import HTML_PACKAGES, HtmlPage, page_of
from agno.knowledge._web import Web, WebLimits
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader, ReaderError
from agno.knowledge.types import ContentType
from agno.utils.log import log_warning

_HTML = ("text/html", "application/xhtml+xml", "")
_NO_PAGES = [".pdf", ".jpg", ".jpeg", ".png", ".gif", ".svg", ".webp", ".ico", ".css", ".js", ".zip", ".gz", ".tar", ".mp3", ".mp4", ".avi", ".mov", ".exe", ".dmg", ".woff", ".woff2", ".ttf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx"]  # fmt: skip
_SECOND_LEVELS = frozenset(("co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "go"))


class WebsiteReader(Reader):
    """Up to `max_links` pages of one site, breadth first, at most `max_depth` steps from the first (which is step 1).

    Only pages of the same registrable domain are read. A page that cannot be read is left out with a warning, but the first
    one must be there. Facts: `url` and `title`. `allow_private`: see URLReader; a link of a page never leads into a private
    network.
    """

    wants = "url"
    default_strategy = Strategy.SEMANTIC_CHUNKER
    strategies = (
        Strategy.AGENTIC_CHUNKER,
        Strategy.DOCUMENT_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
        Strategy.SEMANTIC_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
    )
    content_types = (ContentType.URL,)
    needs = HTML_PACKAGES
    max_bytes = 20_000_000

    def __init__(
        self,
        max_depth: int = 3,
        max_links: int = 10,
        timeout: float = 10,
        proxy: str | None = None,
        allow_private: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        whole(self, "max_depth", max_depth)
        whole(self, "max_links", max_links)
        self.max_depth = max_depth
        self.max_links = max_links
        number(self, "timeout", timeout)
        self.limits = WebLimits(timeout=timeout, proxy=proxy, allow_private=allow_private)

    async def _produce(
        self, io: IO, give: Give, source: Any, name: str | None = None, password: str | None = None, **options: Any
    ) -> None:
        async def document(found: tuple[str, HtmlPage]) -> None:
            url, page = found
            facts = {"url": url, **({"title": page.title} if page.title else {})}
            await give(Document(page.text, id=url, name=name or url, meta_data=facts))

        await self._visit(io, document, str(source))

    async def _visit(self, io: IO, give: Give, url: str, starting_depth: int = 1) -> None:
        """Give the pages as (url, page)."""
        start = urldefrag(url).url
        site = registrable_domain(start)
        waiting, seen, count = deque([(start, starting_depth)]), {start}, 0
        async with Web(io, replace(self.limits, max_bytes=self.max_bytes)) as web:
            while waiting and count < self.max_links:
                link, depth = waiting.popleft()
                found = await self._page(web, link, is_first=link == start)
                if found is None or (found[0] != link and found[0] in seen):
                    continue
                place, page = found
                if count == 0:  # a first page that moves takes the site along
                    site = registrable_domain(place)
                elif registrable_domain(place) != site:
                    continue
                seen.add(place)
                count += 1
                await give((place, page))
                if depth < self.max_depth:
                    new = [
                        to for to in page.links if to not in seen and _is_page(to) and registrable_domain(to) == site
                    ]
                    seen.update(new)
                    waiting.extend((to, depth + 1) for to in new)

    async def _page(self, web: Web, url: str, is_first: bool) -> tuple[str, HtmlPage] | None:
        try:
            answer = await web.get(url, is_named=is_first)
            if answer.content_type not in _HTML:
                raise ReaderError(f"{shown(url)} is {answer.content_type}, no web page.", 415)
            return answer.url, page_of(answer.body, answer.url, answer.charset, label=shown(answer.url))
        except ReaderError as error:
            if is_first:
                raise
            log_warning(f"WebsiteReader leaves out a page: {error}")
            return None

    async def _crawl(self, io: IO, url: str, starting_depth: int = 1) -> dict[str, str]:
        """The texts of the pages by their URLs."""
        texts: dict[str, str] = {}

        async def keep(found: tuple[str, HtmlPage]) -> None:
            texts[found[0]] = found[1].text

        await self._visit(io, keep, url, starting_depth)
        return texts

    crawl = sync(_crawl)
    async_crawl = asynchronous(_crawl)


def registrable_domain(url: str) -> str:
    """The part of a host that somebody registered: "docs.shop.co.uk" gives "shop.co.uk". An address is its own."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass  # a name
    labels = host.split(".")
    of_country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    return ".".join(labels[-3:] if of_country else labels[-2:])


def _is_page(url: str) -> bool:
    return not urlsplit(url).path.lower().endswith(tuple(_NO_PAGES))


__all__ = ["WebsiteReader", "registrable_domain"]
