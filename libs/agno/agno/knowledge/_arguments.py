"""Wrong arguments, told before anything is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from agno.knowledge.content import Content, ContentAuth, FileData


def whole(owner: Any, name: str, value: Any, least: int = 1) -> None:
    """ValueError unless the argument is a whole number that is large enough."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{_kind(owner)}({name}={value!r}) must be a whole number, at least {least}.")


def number(owner: Any, name: str, value: Any, least: float = 0, most: float = math.inf) -> None:
    """ValueError unless the argument is a number within these bounds."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not least <= value <= most:
        low = "" if least == -math.inf else f", at least {least}"
        high = "" if most == math.inf else f"{' and' if low else ','} at most {most}"
        raise ValueError(f"{_kind(owner)}({name}={value!r}) must be a number{low}{high}.")


def _kind(owner: Any) -> str:
    return owner if isinstance(owner, str) else type(owner).__name__


def check(content: Content) -> None:
    """TypeError that says what was given and what was meant."""
    metadata, file_data, auth, reader = content.metadata, content.file_data, content.auth, content.reader
    if metadata is not None and not isinstance(metadata, Mapping):
        raise TypeError(f"metadata is {metadata!r}; it must be a dict, such as {{'tenant': 'a'}}.")
    for key in metadata or ():
        if not isinstance(key, str):
            raise TypeError(f"metadata has the key {key!r}; keys must be texts, such as 'tenant'.")
    for name in ("name", "description", "url"):
        if (text := getattr(content, name)) is not None and not isinstance(text, str):
            raise TypeError(f"{name} is {text!r}; it must be a text.")
    if content.path is not None and not str(content.path):
        raise ValueError("path is empty; give path='.' for the folder that the program runs in.")
    remote = content.remote_content
    if remote is not None and (isinstance(remote, type) or not hasattr(remote, "objects")):
        raise TypeError(f"remote_content is {remote!r}; give S3Content(...), GCSContent(...) or another one.")
    if file_data is not None and not isinstance(file_data, FileData):
        raise TypeError(f"file_data is a {type(file_data).__name__}; give FileData(content=..., filename='a.pdf').")
    if auth is not None and not isinstance(auth, ContentAuth):
        raise TypeError(f"auth is a {type(auth).__name__}; give ContentAuth(password=...).")
    if reader is not None and (isinstance(reader, type) or not hasattr(reader, "read")):
        raise TypeError(f"reader is {reader!r}; give a reader, such as PDFReader().")
    if isinstance(content.topics, str):
        raise TypeError(f"topics is the text {content.topics!r}; give a list, such as [{content.topics!r}].")


__all__ = ["check", "number", "whole"]
