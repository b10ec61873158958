"""Transcripts of videos on YouTube."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agno.knowledge._errors import ReaderError
from agno.knowledge._need import need
from agno.knowledge._remote import told_by
from agno.knowledge.chunking.strategy import ChunkingStrategyType as Strategy
from agno.knowledge.document import Document
from agno.knowledge.reader.base import Reader
from agno.knowledge.types import ContentType

_ID = re.compile(r"[\w-]{11}")
_BEFORE_ID = ("embed", "shorts", "live", "v")


class YouTubeReader(Reader):
    """The transcript of a video, in the first of `languages` that there is. Facts: video_url, video_id and language.

    `proxy_config` and `http_client` (a requests.Session) are given to youtube-transcript-api.
    """

    wants = "url"
    default_strategy = Strategy.RECURSIVE_CHUNKER
    strategies = (
        Strategy.RECURSIVE_CHUNKER,
        Strategy.AGENTIC_CHUNKER,
        Strategy.DOCUMENT_CHUNKER,
        Strategy.SEMANTIC_CHUNKER,
        Strategy.FIXED_SIZE_CHUNKER,
    )
    content_types = (ContentType.YOUTUBE,)
    needs = {"youtube_transcript_api": "youtube-transcript-api"}

    def __init__(
        self,
        *args: Any,
        languages: Sequence[str] = ("en",),
        proxy_config: Any = None,
        http_client: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.languages = tuple(languages)
        self.proxy_config = proxy_config
        self.http_client = http_client

    def documents(self, source: Any, name: str | None = None, password: str | None = None) -> Iterator[Document]:
        """The transcript as running text."""
        video = video_id_of(str(source))
        api = need("youtube_transcript_api", "youtube-transcript-api", type(self).__name__)
        client = api.YouTubeTranscriptApi(proxy_config=self.proxy_config, http_client=self.http_client)
        try:
            with told_by("YouTube", what=video):
                transcript = client.fetch(video, languages=self.languages)
        except ReaderError as error:  # the client explains itself on a page of text
            known = getattr(error.__cause__, "cause", None)
            if known:
                sentence = " ".join(str(known).split()).rstrip(".")
                raise ReaderError(f"There is no transcript of {source}: {sentence[:300]}.", 502) from error.__cause__
            raise
        text = " ".join(" ".join(snippet.text.split()) for snippet in transcript)
        facts = {"video_url": str(source), "video_id": video, "language": transcript.language_code}
        yield Document(text, id=f"youtube_{video}", name=name or f"youtube_{video}", meta_data=facts)


def video_id_of(url: str) -> str:
    """The id of a video from any form of its URL, or the id itself. ReaderError if there is none."""
    if _ID.fullmatch(url):
        return url
    parts = urlsplit(url if "://" in url else f"https://{url}")
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("music.")
    steps = [step for step in parts.path.split("/") if step]
    found = None
    if host == "youtu.be" and steps:
        found = steps[0]
    elif host in ("youtube.com", "youtube-nocookie.com"):
        found = steps[1] if len(steps) > 1 and steps[0] in _BEFORE_ID else parse_qs(parts.query).get("v", [None])[0]
    if found is None or not _ID.fullmatch(found):
        raise ReaderError(
            f"{url} is no URL of a YouTube video, such as https://www.youtube.com/watch?v=<11 characters>.", 400
        )
    return found


__all__ = ["YouTubeReader", "video_id_of"]
