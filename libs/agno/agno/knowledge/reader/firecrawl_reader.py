"""Pages and sites as Firecrawl reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Literal

from agno.knowledge._addresses import check_url
from agno.knowledge._errors import ReaderError
from agno.knowledge._need import need
from agno.knowledge._remote import told_by
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType


class FirecrawlReader(Reader):
    """A page (`mode="scrape"`), or a page and those it leads to (`mode="crawl"`), as Markdown. Facts: `url` and `title`.

    `api_key` is FIRECRAWL_API_KEY by default, `api_url` the address of a server of your own. `params` are keyword arguments
    of the client's `scrape` or `crawl`, such as {"limit": 5}.
    """

    wants = "url"
    default_strategy = Strategy.SEMANTIC_CHUNKER
    strategies = (
        Strategy.SEMANTIC_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
        Strategy.AGENTIC_CHUNKER,
        Strategy.DOCUMENT_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
    )
    content_types = (ContentType.URL,)
    needs = {"firecrawl": "firecrawl-py"}

    def __init__(
        self,
        api_key: str | None = None,
        params: dict[str, Any] | None = None,
        mode: Literal["scrape", "crawl"] = "scrape",
        api_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if mode not in ("scrape", "crawl"):
            raise ValueError(f"FirecrawlReader(mode={mode!r}): use 'scrape' or 'crawl'.")
        self.api_key = api_key
        self.params = params
        self.mode = mode
        self.api_url = api_url

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The pages as Markdown."""
        url = str(source)
        check_url(url)
        client = self._client()
        with told_by("Firecrawl", what=url):
            if self.mode == "scrape":
                pages = [client.scrape(url, **{"formats": ["markdown"], **(self.params or {})})]
            else:
                pages = client.crawl(url, **(self.params or {})).data
        for page in pages:
            place = getattr(page.metadata, "source_url", None) or getattr(page.metadata, "url", None) or url
            title = getattr(page.metadata, "title", None)
            facts = {"url": place, **({"title": title} if title else {})}
            yield Document(page.markdown or "", id=place, name=name or title or place, meta_data=facts)

    def _client(self) -> Any:
        key = self.api_key or os.environ.get("FIRECRAWL_API_KEY")
        if not key and not self.api_url:
            raise ReaderError(
                "FirecrawlReader has no API key: set FIRECRAWL_API_KEY in the environment or give api_key=.", 401
            )
        firecrawl = need("firecrawl", "firecrawl-py", type(self).__name__)
        server = {"api_url": self.api_url} if self.api_url else {}
        return firecrawl.Firecrawl(api_key=key, **server)


__all__ = ["FirecrawlReader"]
