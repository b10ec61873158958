"""What was asked for, as single items: one for each file, URL, text, topic and object."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Any, Literal

from agno._io import IO
from agno.knowledge._errors import ReaderError
from agno.knowledge.content import Content, FileData
from agno.utils.log import log_warning
from agno.utils.string import whole

Kind = Literal["path", "url", "text", "file", "topic", "remote"]


@dataclass
class Item:
    """One thing to read. `source` is a Path, URL, bytes, topic or RemoteObject; `format` a suffix or a MIME type."""

    content: Content
    kind: Kind
    source: Any
    format: str = ""
    name: str | None = None  # of its documents, if the user gave one
    error: str | None = None  # why it cannot be read, if that is known already


async def items_of(io: IO, wanted: Content, include: list[str] | None, exclude: list[str] | None) -> list[Item]:
    """Everything that a content stands for, in the order path, URL, text, topics, remote."""
    found: list[Item] = []
    if wanted.path is not None:
        found += await io.call(_files, wanted, include, exclude)
    if wanted.url is not None:
        content = _part(wanted, name=wanted.name or wanted.url, url=wanted.url, file_type="url")
        found.append(Item(content, "url", wanted.url, name=wanted.name))
    if wanted.file_data is not None:
        found.append(_data(wanted, wanted.file_data))
    for topic in wanted.topics or ():
        content = _part(wanted, name=wanted.name or topic, topics=[topic], file_type="Topic")
        found.append(Item(content, "topic", topic, name=wanted.name))
    if wanted.remote_content is not None:
        found += await _objects(io, wanted)
    return found


def _part(wanted: Content, **fields: Any) -> Content:
    """A content of its own, with what all share."""
    alone = {"id": None, "path": None, "url": None, "file_data": None, "topics": None, "remote_content": None}
    return replace(wanted, **{**alone, "metadata": dict(wanted.metadata or {}), **fields})


# Files ---------------------------------------------------------------------------------------------------------------


def _files(wanted: Content, include: list[str] | None, exclude: list[str] | None) -> list[Item]:
    root = _root(str(wanted.path))
    if not root.exists():
        log_warning(f"There is no {wanted.path}: nothing was added of it.")
        return []
    paths = [root] if not root.is_dir() else _below(root)
    chosen = [path for path in paths if _chosen(path, root, include, exclude)]
    if not chosen:
        log_warning(f"{wanted.path} has no files{' that fit' if paths else ''}: nothing was added of it.")
    return [_file(wanted, path) for path in chosen]


def missing_of(folder: str, paths: set[str]) -> set[str]:
    """Which of these were below this folder, and are no longer there; none, if the folder is not there."""
    root = _root(folder)
    if not root.is_dir():
        return set()
    return {path for path in paths if Path(path).is_relative_to(root) and not os.path.lexists(path)}


def _root(path: str) -> Path:
    return Path(os.path.abspath(Path(path).expanduser()))


def _below(root: Path) -> list[Path]:
    found = []
    for folder, folders, names in os.walk(root, onerror=_not_listed):
        folders.sort()
        found += [Path(folder, name) for name in sorted(names)]
    return [path for path in found if path.is_file()]


def _not_listed(error: OSError) -> None:
    log_warning(f"The folder {error.filename} cannot be listed and was left out: {error.strerror}.")


def _chosen(path: Path, root: Path, include: list[str] | None, exclude: list[str] | None) -> bool:
    """By patterns against the path, the path below the folder, and the name of the file; `exclude` wins."""
    include, exclude = ([one] if isinstance(one, str) else one for one in (include, exclude))
    forms = {str(path), path.name, path.relative_to(root).as_posix() if path != root else path.name}

    def fits(patterns: list[str]) -> bool:
        return any(fnmatchcase(form, pattern) for form in forms for pattern in patterns)

    return (not include or fits(include)) and not (exclude and fits(exclude))


def _file(wanted: Content, path: Path) -> Item:
    suffix = path.suffix.lower()
    content = _part(wanted, name=wanted.name or path.name, path=str(path), file_type=suffix or None)
    try:
        content.size = path.stat().st_size
    except OSError as error:
        return Item(content, "path", path, suffix, wanted.name, f"{path} cannot be read: {error.strerror}.")
    return Item(content, "path", path, suffix, wanted.name)


# Uploads and texts ---------------------------------------------------------------------------------------------------


def _data(wanted: Content, data: FileData) -> Item:
    given = data.content if data.content is not None else b""
    source = whole(given).encode() if isinstance(given, str) else bytes(given)
    suffix = PurePath(data.filename or "").suffix.lower()
    content = _part(wanted, name=wanted.name or data.filename, file_data=data, file_type=data.type, size=len(source))
    if data.type == "Text":
        return Item(content, "text", source, ".txt", wanted.name)
    name = wanted.name or (PurePath(data.filename).stem if data.filename else None)
    error = None if source else f"{content.name or 'The file'} is empty."
    return Item(content, "file", source, data.type or suffix, name, error)


# Remote --------------------------------------------------------------------------------------------------------------


async def _objects(io: IO, wanted: Content) -> list[Item]:
    place = wanted.remote_content
    kind = getattr(place, "kind", type(place).__name__)
    try:
        objects: list[Any] = await io.call(lambda: list(place.objects()))
        if not objects:
            told = ", ".join(f"{name}={value!r}" for name, value in place.get_config().items() if value is not None)
            raise ReaderError(f"{type(place).__name__}({told}) has no objects: nothing was added.", 404)
    except ReaderError as error:
        content = _part(wanted, name=wanted.name or kind, file_type=kind)
        return [Item(content, "remote", None, error=error.message)]
    named: Callable[[Any], str] = lambda one: f"{wanted.name}_{one.name}" if wanted.name else one.name  # noqa: E731
    return [
        Item(
            _part(wanted, name=named(one), file_type=kind, size=one.size, remote_content=place),
            "remote",
            one,
            one.suffix,
            named(one),
        )
        for one in objects
    ]


__all__ = ["Item", "Kind", "items_of", "missing_of"]
