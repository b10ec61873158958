"""Two public methods from one, in a class body: `search = sync(_search)` and `asearch = asynchronous(_search)`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, TypeVar

from typing_extensions import ParamSpec

from agno._io.aio import ASYNC
from agno._io.drivers import drive, iterate
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

    return face  # type: ignore[no-any-return]  # _face gives the face, as soon as the class has named it


def asynchronous(
    method: Callable[Concatenate[S, IO, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """The asynchronous face of `async def _x(self, io, ...)`."""

    @_face(method)
    async def face(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await method(self, ASYNC, *args, **kwargs)

    return face  # type: ignore[no-any-return]  # _face gives the face, as soon as the class has named it


def sync_stream(
    method: Callable[Concatenate[S, IO, P], AsyncGenerator[T, None]],
) -> Callable[Concatenate[S, P], Iterator[T]]:
    """The synchronous face of an async generator method."""

    @_face(method)
    def face(self: S, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return iterate(method(self, SYNC, *args, **kwargs))

    return face  # type: ignore[no-any-return]  # _face gives the face, as soon as the class has named it


def asynchronous_stream(
    method: Callable[Concatenate[S, IO, P], AsyncGenerator[T, None]],
) -> Callable[Concatenate[S, P], AsyncGenerator[T, None]]:
    """The asynchronous face of an async generator method."""

    @_face(method)
    def face(self: S, /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
        return method(self, ASYNC, *args, **kwargs)

    return face  # type: ignore[no-any-return]  # _face gives the face, as soon as the class has named it


def _face(method: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Docstring and signature of the method, without its `io` parameter."""

    def dress(face: Callable[..., Any]) -> Any:
        functools.update_wrapper(face, method)
        del face.__wrapped__  # type: ignore[attr-defined]  # inspect must read the signature below instead
        signature = inspect.signature(method)
        parameters = [p for i, p in enumerate(signature.parameters.values()) if i != 1]
        face.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return _Unnamed(face)

    return dress


class _Unnamed:
    """A face until the class gives it its name; then the plain function takes its place."""

    def __init__(self, face: Callable[..., Any]) -> None:
        self._face = face

    def __set_name__(self, owner: type, name: str) -> None:
        self._face.__name__ = name
        self._face.__qualname__ = f"{owner.__qualname__}.{name}"
        setattr(owner, name, self._face)
