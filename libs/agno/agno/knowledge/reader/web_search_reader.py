"""What the web says about a topic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from agno._io import IO, Give
from agno.knowledge._arguments import number, whole
from agno.knowledge._html import HTML_PACKAGES, page_of
from agno.knowledge._need import is_installed, missing, need
from agno.knowledge._remote import told_by
from agno.knowledge._web import AGENT, Web, WebLimits
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader, ReaderError
from agno.knowledge.types import ContentType
from agno.utils.log import log_warning

_ENGINES = {"duckduckgo": ("ddgs", "ddgs"), "google": ("googlesearch", "googlesearch-python")}
_LONGEST_DELAY = 60.0  # seconds

Hit = dict[str, str]


class WebSearchReader(Reader):
    """The pages that a search engine finds for a topic, `max_results` of them. Facts: url, title, search_query, description.

    Pages that cannot be read are left out with a warning. Delays are seconds: `delay_between_requests` before each page but the
    first, `search_delay` before a search is repeated, `rate_limit_delay` where the engine says that there were too many; they
    double with each attempt if `exponential_backoff`. Links of the engine never lead into a private network.
    """

    wants = "topic"
    default_strategy = Strategy.SEMANTIC_CHUNKER
    strategies = (
        Strategy.AGENTIC_CHUNKER,
        Strategy.DOCUMENT_CHUNKER,
        Strategy.RECURSIVE_CHUNKER,
        Strategy.SEMANTIC_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
    )
    content_types = (ContentType.TOPIC,)
    needs = HTML_PACKAGES
    max_bytes = 20_000_000

    def __init__(
        self,
        search_timeout: int = 10,
        request_timeout: int = 30,
        delay_between_requests: float = 2.0,
        max_retries: int = 3,
        user_agent: str | None = None,
        search_engine: Literal["duckduckgo", "google"] = "duckduckgo",
        search_delay: float = 3.0,
        max_search_retries: int = 2,
        rate_limit_delay: float = 5.0,
        exponential_backoff: bool = True,
        allow_private: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if search_engine not in _ENGINES:
            raise ValueError(
                f"WebSearchReader(search_engine={search_engine!r}): use {' or '.join(map(repr, _ENGINES))}."
            )
        module, package = _ENGINES[search_engine]
        if not is_installed(module):
            raise missing(package, type(self).__name__)
        seconds = {
            "search_timeout": search_timeout,
            "request_timeout": request_timeout,
            "delay_between_requests": delay_between_requests,
            "search_delay": search_delay,
            "rate_limit_delay": rate_limit_delay,
        }
        for name, value in seconds.items():
            number(self, name, value)
        whole(self, "max_retries", max_retries, least=0)
        whole(self, "max_search_retries", max_search_retries, least=0)
        self.search_timeout = search_timeout
        self.delay_between_requests = delay_between_requests
        self.search_engine = search_engine
        self.search_delay = search_delay
        self.max_search_retries = max_search_retries
        self.rate_limit_delay = rate_limit_delay
        self.exponential_backoff = exponential_backoff
        self.limits = WebLimits(
            timeout=request_timeout, retries=max_retries, user_agent=user_agent or AGENT, allow_private=allow_private
        )

    async def _produce(
        self, io: IO, give: Give, source: Any, name: str | None = None, password: str | None = None, **options: Any
    ) -> None:
        topic = str(source)
        hits = await self._search(io, topic)
        async with Web(io, replace(self.limits, max_bytes=self.max_bytes)) as web:
            for number, hit in enumerate(hits):
                if number:
                    await io.sleep(self.delay_between_requests)
                document = await self._document(web, hit, topic, name)
                if document is not None:
                    await give(document)

    async def _document(self, web: Web, hit: Hit, topic: str, name: str | None) -> Document | None:
        try:
            page = await web.get(hit["url"], is_named=False)
            found = page_of(page.body, page.url, page.charset, label=page.url)
        except ReaderError as error:
            log_warning(f"WebSearchReader leaves out a page: {error}")
            return None
        facts = {
            "url": page.url,
            "title": hit["title"] or found.title,
            "search_query": topic,
            "description": hit["description"],
            "source": "web_search",
            "search_engine": self.search_engine,
        }
        return Document(found.text, id=page.url, name=name or facts["title"] or page.url, meta_data=facts)

    async def _search(self, io: IO, topic: str) -> list[Hit]:
        """The hits, each URL once; ReaderError if there is none after all attempts."""
        error: ReaderError | None = None
        for attempt in range(self.max_search_retries + 1):
            if attempt:
                await io.sleep(self._delay(attempt, error))
            try:
                hits = await io.call(self._google if self.search_engine == "google" else self._duckduckgo, topic)
                if hits:
                    return list({hit["url"]: hit for hit in hits if hit["url"]}.values())[: self.max_results]
                error = ReaderError(f"The search for {topic!r} found nothing.", 404)
            except ReaderError as failed:
                error = failed
        assert error is not None
        raise error

    def _delay(self, attempt: int, error: ReaderError | None) -> float:
        is_limited = any(sign in str(error).lower() for sign in ("ratelimit", "rate limit", "429", "202"))
        delay = self.rate_limit_delay if is_limited else self.search_delay
        return min(_LONGEST_DELAY, delay * 2 ** (attempt - 1) if self.exponential_backoff else delay)

    def _duckduckgo(self, topic: str) -> list[Hit]:
        ddgs = need("ddgs", "ddgs", type(self).__name__)
        with told_by("DuckDuckGo", what=topic):
            client = ddgs.DDGS(timeout=self.search_timeout)
            found = client.text(topic, max_results=self.max_results, backend="duckduckgo")
        return [
            {"url": hit.get("href", ""), "title": hit.get("title", ""), "description": hit.get("body", "")}
            for hit in found
        ]

    def _google(self, topic: str) -> list[Hit]:
        google = need("googlesearch", "googlesearch-python", type(self).__name__)
        with told_by("Google", what=topic):
            found = google.search(topic, num_results=self.max_results, timeout=self.search_timeout, advanced=True)
            return [{"url": hit.url, "title": hit.title, "description": hit.description} for hit in found]


__all__ = ["WebSearchReader"]
