"""Two public methods from one: `search = sync(_search)` and `asearch = asynchronous(_search)`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, TypeVar

from typing_extensions import ParamSpec

from agno._io.aio import ASYNC
from agno._io.drivers import drive
from agno._io.port import IO
from agno._io.sync import SYNC

S = TypeVar("S")
P = ParamSpec("P")
T = TypeVar("T")


def sync(method: Callable[Concatenate[S, IO, P], Coroutine[Any, Any, T]]) -> Callable[Concatenate[S, P], T]:
    """The synchronous face of `async def _x(self, io, ...)`."""

    @_face(method)
    def face(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return drive(method(self, SYNC, *args, **kwargs))

    return face  # type: ignore[no-any-return]  # _face gives its argument back


def asynchronous(
    method: Callable[Concatenate[S, IO, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """The asynchronous face of `async def _x(self, io, ...)`."""

    @_face(method)
    async def face(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await method(self, ASYNC, *args, **kwargs)

    return face  # type: ignore[no-any-return]  # _face gives its argument back


def _face(method: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Name, docstring and signature of the method, without its `io` parameter; the public name comes from the class."""

    def dress(face: Callable[..., Any]) -> Callable[..., Any]:
        functools.update_wrapper(face, method)
        del face.__wrapped__  # type: ignore[attr-defined]  # inspect must read the signature below instead
        signature = inspect.signature(method)
        parameters = [p for i, p in enumerate(signature.parameters.values()) if i != 1]
        face.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return face

    return dress
