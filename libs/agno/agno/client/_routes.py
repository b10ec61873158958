"""Methods of the client that are one request each: declared by their route, made in both colours."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from agno._io import IO, asynchronous, sync
from agno.client._connection import Request, quoted
from agno.client._runs import fields_of, files_of

Pair = tuple[Callable[..., Any], Callable[..., Any]]
ROUTES: dict[tuple[str, str], str] = {}  # method and path, and the name of the face that asks it
_IN_PATH = re.compile(r"{(\w+)}")


def route(
    method: str, path: str, about: str, *, query: str = "", json: str = "", form: str = "", needed: str = ""
) -> Pair:
    """The two faces of a method that asks one route.

    Its parameters are those of the path, then those that must be given (`needed`), then those of the query and of the
    body, all of which may be left out. Each of `query`, `json`, `form` and `needed` lists names with blanks between.
    """
    in_path, must = _IN_PATH.findall(path), needed.split()
    asked, body = query.split(), (json or form).split()
    order = [*in_path, *must, *(name for name in (*body, *asked) if name not in must)]
    signature = _signature(order, len(in_path) + len(must))

    async def call(self: Any, io: IO, *args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        where = path.format_map({name: _quoted(name, given[name]) for name in in_path})
        fields = {name: given[name] for name in body if given.get(name) is not None}
        request = Request(
            method,
            where,
            {name: given[name] for name in asked if name in given},
            json=fields if json else None,
            form=_form(fields) if form else None,
            files=_files(fields) if form else (),
        )
        return await self.connection.send(io, request)

    call.__doc__ = f"{about} `{method} {path}`"
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)]
    parameters += [inspect.Parameter("io", inspect.Parameter.POSITIONAL_ONLY)]
    call.__signature__ = inspect.Signature([*parameters, *signature.parameters.values()])  # type: ignore[attr-defined]
    ROUTES[method, path] = about
    return sync(call), asynchronous(call)


def _signature(names: list[str], first_optional: int) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    needed = [inspect.Parameter(name, kind, annotation=Any) for name in names[:first_optional]]
    rest = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Any)
        for name in names[first_optional:]
    ]
    return inspect.Signature([*needed, *rest])


def _quoted(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # the number of a version
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name}={value!r} is no id.")
    return quoted(value)


def _form(fields: Mapping[str, Any]) -> dict[str, str]:
    from_fields: dict[str, str] = fields_of({name: value for name, value in fields.items() if name != "file"})
    return from_fields


def _files(fields: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, bytes, str]], ...]:
    return tuple(("file", upload) for _, upload in files_of({"files": [fields["file"]]})) if "file" in fields else ()


__all__ = ["ROUTES", "route"]
