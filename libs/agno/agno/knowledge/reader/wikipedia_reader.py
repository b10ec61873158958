"""Articles of Wikipedia."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from agno._io import IO, Give
from agno.knowledge._arguments import number
from agno.knowledge._web import Web, WebLimits
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader, ReaderError
from agno.knowledge.types import ContentType

_SUMMARY = {"action": "query", "prop": "extracts", "exintro": 1, "explaintext": 1, "redirects": 1, "format": "json", "formatversion": 2}  # fmt: skip
_SEARCH = {
    "action": "query",
    "list": "search",
    "srlimit": 1,
    "srinfo": "suggestion",
    "format": "json",
    "formatversion": 2,
}


class WikipediaReader(Reader):
    """The summary of the article on a topic, with the facts `topic` and `url`.

    `auto_suggest=True` takes the best match of Wikipedia's search where no article has that very title. `language` is the one
    before ".wikipedia.org"; `api_url` is that of any other wiki that runs MediaWiki.
    """

    wants = "topic"
    content_types = (ContentType.TOPIC,)

    def __init__(
        self,
        *args: Any,
        auto_suggest: bool = True,
        language: str = "en",
        api_url: str | None = None,
        timeout: float = 30.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.auto_suggest = auto_suggest
        self.api_url = api_url or f"https://{language}.wikipedia.org/w/api.php"
        number(self, "timeout", timeout)
        self.limits = WebLimits(timeout=timeout, user_agent="agno (a library for agents)")

    async def _produce(
        self, io: IO, give: Give, source: Any, name: str | None = None, password: str | None = None, **options: Any
    ) -> None:
        topic = str(source)
        async with Web(io, self.limits) as web:
            page = await self._summary(web, topic)
            if page is None and self.auto_suggest and (title := await self._best_match(web, topic)):
                page = await self._summary(web, title)
        if page is None:
            raise ReaderError(f"Wikipedia has no article {topic!r}.", 404)
        title = str(page["title"])
        url = f"{self.api_url.partition('/w/')[0]}/wiki/{title.replace(' ', '_')}"
        await give(Document(page["extract"], id=title, name=name or topic, meta_data={"topic": topic, "url": url}))

    async def _summary(self, web: Web, title: str) -> dict[str, Any] | None:
        found = await self._ask(web, {**_SUMMARY, "titles": title})
        pages: list[dict[str, Any]] = found.get("query", {}).get("pages", [])
        return next((page for page in pages if not page.get("missing") and page.get("extract", "").strip()), None)

    async def _best_match(self, web: Web, topic: str) -> str | None:
        found = (await self._ask(web, {**_SEARCH, "srsearch": topic})).get("query", {})
        hits = found.get("search") or []
        best: str | None = hits[0]["title"] if hits else found.get("searchinfo", {}).get("suggestion")
        return best

    async def _ask(self, web: Web, question: dict[str, Any]) -> dict[str, Any]:
        answer = await web.get(f"{self.api_url}?{urlencode(question)}")
        try:
            found = msgspec.json.decode(answer.body)
        except msgspec.DecodeError as error:
            raise ReaderError(f"{self.api_url} answered with something that is no JSON.", 502) from error
        if not isinstance(found, dict) or "error" in found:
            why = found.get("error", {}).get("info") if isinstance(found, dict) else "it is no object"
            raise ReaderError(f"{self.api_url} refused: {why}", 502)
        return found


__all__ = ["WikipediaReader"]
