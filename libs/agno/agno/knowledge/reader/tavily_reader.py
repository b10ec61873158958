"""Pages as Tavily extracts them."""

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


class TavilyReader(Reader):
    """A page, or a list of pages, by Tavily's extraction. The fact `url` says where.

    `api_key` is TAVILY_API_KEY by default, `api_base_url` the address of another server. `params` are keyword arguments of the
    client's `extract`.
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
    needs = {"tavily": "tavily-python"}

    def __init__(
        self,
        api_key: str | None = None,
        params: dict[str, Any] | None = None,
        extract_format: Literal["markdown", "text"] = "markdown",
        extract_depth: Literal["basic", "advanced"] = "basic",
        api_base_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.api_key = api_key
        self.params = params
        self.extract_format = extract_format
        self.extract_depth = extract_depth
        self.api_base_url = api_base_url

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The pages that could be extracted; ReaderError if there is none."""
        urls = [source] if isinstance(source, str) else [str(url) for url in source]
        for url in urls:
            check_url(url)
        key = self.api_key or os.environ.get("TAVILY_API_KEY")
        if not key:
            raise ReaderError(
                "TavilyReader has no API key: set TAVILY_API_KEY in the environment or give api_key=.", 401
            )
        tavily = need("tavily", "tavily-python", type(self).__name__)
        asked = {"format": self.extract_format, "extract_depth": self.extract_depth, **(self.params or {})}
        with told_by("Tavily", what=", ".join(urls)):
            found = tavily.TavilyClient(api_key=key, api_base_url=self.api_base_url).extract(urls, **asked)
        if not found["results"]:
            why = "; ".join(str(failed.get("error")) for failed in found["failed_results"]) or "no page came back"
            raise ReaderError(f"Tavily gave nothing for {', '.join(urls)}: {why}.", 502)
        for page in found["results"]:
            yield Document(
                page.get("raw_content") or "", id=page["url"], name=name or page["url"], meta_data={"url": page["url"]}
            )


__all__ = ["TavilyReader"]
