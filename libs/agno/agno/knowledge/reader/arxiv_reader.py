"""Papers on arXiv."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agno.knowledge._need import need
from agno.knowledge._remote import told_by
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType


class ArxivReader(Reader):
    """Titles and abstracts of `max_results` papers on a topic, with the facts pdf_url, article_links, authors and published.

    `sort_by` is one of arxiv.SortCriterion or its value ("relevance", "submittedDate", "lastUpdatedDate"); `client` is an
    arxiv.Client of your own.
    """

    wants = "topic"
    content_types = (ContentType.TOPIC,)
    needs = {"arxiv": "arxiv"}

    def __init__(self, *args: Any, sort_by: Any = "relevance", client: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sort_by = sort_by
        self.client = client

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The papers, best first."""
        arxiv = need("arxiv", "arxiv", type(self).__name__)
        client = self.client or arxiv.Client(page_size=min(100, max(1, self.max_results)))
        order = arxiv.SortCriterion(getattr(self.sort_by, "value", self.sort_by))
        search = arxiv.Search(query=str(source), max_results=self.max_results, sort_by=order)
        with told_by("arXiv"):
            papers = list(client.results(search))
        for paper in papers:
            facts = {
                "pdf_url": str(paper.pdf_url),
                "article_links": ", ".join(link.href for link in paper.links),
                "authors": ", ".join(author.name for author in paper.authors),
                "published": paper.published.isoformat(),
            }
            text = f"{paper.title}\n\n{paper.summary}"
            yield Document(text, id=paper.get_short_id(), name=name or paper.title, meta_data=facts)


__all__ = ["ArxivReader"]
