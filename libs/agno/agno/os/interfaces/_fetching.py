"""Files that callers name by their URLs: read here, from public addresses only.

A model's adapter may download such a file itself, or send the URL to a provider that does. Who sends a URL must not see what
only this service can reach, so the run gets what was found there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from agno._io import ASYNC
from agno.knowledge._errors import ReaderError
from agno.knowledge._web import Web, WebLimits
from agno.os._bodies import Limits
from agno.utils.log import log_warning

MEDIA = ("images", "audio", "videos", "files")


@dataclass(frozen=True)
class Fetching:
    """How the files of one service are read. `allow_private`: from any address."""

    limits: Limits
    allow_private: bool = False

    async def page(self, url: str) -> Any:
        """What is at a URL. Raises ValueError, which the caller may read, if it is not to be had."""
        visit = WebLimits(
            longest=self.limits.seconds, max_bytes=self.limits.file, retries=0, allow_private=self.allow_private
        )
        try:
            async with Web(ASYNC, visit) as web:
                return await web.get(url)
        except ReaderError as error:  # it may say more of the network than a caller may know
            log_warning(f"A file of a message was not read: {error}")
            large = f"it is larger than {self.limits.file} bytes"
            why = large if error.status_code == 413 else "nothing public was found there"
            raise ValueError(f"The file at {url[:300]!r} cannot be read: {why}.") from None

    async def hold(self, media: Iterable[Any]) -> None:
        """Put what the URLs lead to into images, sounds, videos and files."""
        wanted = [medium for medium in media if medium.url is not None]
        if len(wanted) > self.limits.files:
            raise ValueError(f"The message has more than the {self.limits.files} files that are taken.")
        for medium in wanted:
            page = await self.page(medium.url)
            medium.content, medium.url = page.body, None
            medium.mime_type = medium.mime_type or page.content_type

    async def hold_all(self, messages: Iterable[Any]) -> None:
        """The same for the media of messages."""
        lists = [getattr(message, name) or () for message in messages for name in MEDIA]
        await self.hold([medium for several in lists for medium in several])


__all__ = ["Fetching"]
