"""Async generators by means of `iterate` and `aiterate`, and a merge of them."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing
from typing import Any

from agno._io import IO, Give, Outlet, aiterate, iterate


async def forward(generator: AsyncGenerator[Any, None], give: Give) -> None:
    """Give what a generator gives."""
    async with aclosing(generator) as items:
        async for item in items:
            await give(item)


def items_of(generator: AsyncGenerator[Any, None]) -> Generator[Any, None, None]:
    """The items of an async generator, stepped in this thread."""
    outlet = Outlet()
    return iterate(functools.partial(forward, generator, outlet.give), outlet)  # type: ignore[return-value]


async def merged(io: IO, *generators: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
    """What `io.merge` makes of generators."""
    outlet = Outlet()
    works = [functools.partial(forward, generator) for generator in generators]
    begin = functools.partial(io.merge, works, outlet.give)
    if io.is_async:
        async with aclosing(aiterate(begin, outlet)) as items:
            async for item in items:
                yield item
    else:
        with closing(iterate(begin, outlet)) as steps:  # type: ignore[type-var]
            for item in steps:
                yield item
