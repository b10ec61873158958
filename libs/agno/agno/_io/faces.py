"""Two public methods from one, `search = sync(_search)` and `asearch = asynchronous(_search)`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, TypeVar

from typing_extensions import ParamSpec

from agno._io.aio import ASYNC
from agno._io.drivers import aiterate, drive, iterate
from agno._io.outlet import Give, Outlet
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
    method: Callable[Concatenate[S, IO, Give, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[S, P], Iterator[Any]]:
    """The synchronous face of `async def _x(self, io, give, ...)`: an iterator over what it gives."""

    @_face(method, hidden=2)
    def face(self: S, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Any]:
        outlet = Outlet()
        return iterate(lambda: method(self, SYNC, outlet.give, *args, **kwargs), outlet)

    return face  # type: ignore[no-any-return]  # _face gives the face, as soon as the class has named it


def asynchronous_stream(
    method: Callable[Concatenate[S, IO, Give, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[S, P], AsyncGenerator[Any, None]]:
    """The asynchronous face of `async def _x(self, io, give, ...)`: an async iterator over what it gives."""

    @_face(method, hidden=2)
    def face(self: S, /, *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[Any, None]:
        outlet = Outlet()
        return aiterate(lambda: method(self, ASYNC, outlet.give, *args, **kwargs), outlet)

    return face  # type: ignore[no-any-return]  # _face gives the face, as soon as the class has named it


def _face(method: Callable[..., Any], hidden: int = 1) -> Callable[[Callable[..., Any]], Any]:
    """Docstring and signature of the method, without its first `hidden` parameters after `self`."""

    def dress(face: Callable[..., Any]) -> Any:
        functools.update_wrapper(face, method)
        del face.__wrapped__  # type: ignore[attr-defined]  # inspect must read the signature below instead
        signature = inspect.signature(method)
        parameters = [p for i, p in enumerate(signature.parameters.values()) if not 0 < i <= hidden]
        face.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return _Unnamed(face)

    return dress


class _Unnamed:
    """A face until a class gives it its name; then the plain function takes its place."""

    def __init__(self, face: Callable[..., Any]) -> None:
        self._face = face

    def __set_name__(self, owner: type, name: str) -> None:
        self._face.__name__ = name
        self._face.__qualname__ = f"{owner.__qualname__}.{name}"
        setattr(owner, name, self._face)

    # for a face outside of a class body

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._face(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self._face.__get__(instance, owner)
