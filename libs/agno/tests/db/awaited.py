"""An async database as a sync one, so that the contract runs on it: each call is awaited on a loop in another thread."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from agno._io import Portal
from agno.db._async import AsyncBaseDb


class Awaited:
    """What looks like a `BaseDb`."""

    def __init__(self, db: AsyncBaseDb) -> None:
        self._db, self._portal = db, Portal()

    def __getattr__(self, name: str) -> Any:
        if not hasattr(self._db, name):
            return getattr(self._db._db, name)
        found = getattr(self._db, name)
        if inspect.isasyncgenfunction(found):
            return lambda *args, **kwargs: self._walked(found(*args, **kwargs))
        if not inspect.iscoroutinefunction(found):
            return found
        return lambda *args, **kwargs: self._portal.run(found(*args, **kwargs))

    def _walked(self, items: Any) -> Iterator[Any]:
        end = object()

        async def step() -> Any:
            return await anext(items, end)

        while (item := self._portal.run(step())) is not end:
            yield item
