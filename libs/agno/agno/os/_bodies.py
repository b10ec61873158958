"""Reading forms, files and JSON, within limits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import HTTPException
from starlette.datastructures import UploadFile
from starlette.requests import Request

from agno.media import Audio, File, Image, Video

MIB = 1024 * 1024

IMAGES = frozenset({"image/png", "image/jpeg", "image/jpg", "image/webp"})
AUDIO = frozenset({"audio/wav", "audio/mp3", "audio/mpeg"})
VIDEO = frozenset(
    {"video/x-flv", "video/quicktime", "video/mpeg", "video/mpegs", "video/mpgs", "video/mpg", "video/mp4", "video/webm",
     "video/wmv", "video/3gpp"}
)  # fmt: skip
DOCUMENTS = frozenset(
    {"application/pdf", "text/csv", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text/plain",
     "application/json"}
)  # fmt: skip


WHOLE = re.compile(r"-?[0-9]{1,4000}")  # a whole number in a text; Python reads no longer ones
UPLOAD_TYPES = sorted(IMAGES | AUDIO | VIDEO | DOCUMENTS)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a request may bring, in bytes and pieces, and how long it may take."""

    body: int = 64 * MIB
    file: int = 32 * MIB
    files: int = 32
    fields: int = 200
    field: int = 2 * MIB
    seconds: float = 60.0  # in which it arrives


@dataclass(slots=True)
class Body:
    """The fields of a request, as texts (from a form) or as values (from JSON), and its files."""

    fields: dict[str, Any] = field(default_factory=dict)
    files: list[UploadFile] = field(default_factory=list)
    typed: bool = False  # from JSON: what is no text is not given as one

    def has(self, name: str) -> bool:
        """Whether a field is there; in a form, an empty one is not."""
        value = self.fields.get(name)
        return value is not None and (self.typed or value != "")

    def text(self, name: str) -> str | None:
        """A field as text; empty is None."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise invalid(name, "Input should be a valid string", value)
        return value

    def required(self, name: str) -> str:
        """A field that must be there, as text; it may be empty."""
        if self.fields.get(name) is None:
            raise HTTPException(
                422, [{"type": "missing", "loc": ["body", name], "msg": "Field required", "input": None}]
            )
        return self.text(name) or ""

    def flag(self, name: str, default: bool) -> bool:
        """A field that says yes or no."""
        value = self.fields.get(name)
        if not self.has(name):
            return default
        if isinstance(value, bool):
            return value
        found = None if self.typed else _FLAGS.get(str(value).lower())
        if found is None:
            raise invalid(name, "Input should be a valid boolean, unable to interpret input", value)
        return found

    def number(self, name: str, default: int | None = None) -> int | None:
        """A field that is a whole number."""
        value = self.fields.get(name)
        if not self.has(name):
            return default
        if type(value) is int:
            return value
        if self.typed or not WHOLE.fullmatch(str(value)):
            raise invalid(name, "Input should be a valid integer", value)
        return int(str(value))

    def json(self, name: str) -> Any:
        """A field that holds JSON, as text or as the value itself; None if it is missing or empty."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            return _shallow(name, value)
        if self.typed:
            raise invalid(name, "Input should be a JSON object or array, not a text", value)
        if not value.strip():
            return None
        try:
            found = msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            raise HTTPException(400, f"Invalid JSON in {name} field") from None
        return _shallow(name, found)

    def json_object(self, name: str) -> dict[str, Any] | None:
        """A field that holds a JSON object."""
        value = self.json(name)
        if value is not None and not isinstance(value, dict):
            raise invalid(name, "Input should be a JSON object", value)
        return value


_FLAGS = {"true": True, "1": True, "yes": True, "on": True, "t": True, "y": True,
          "false": False, "0": False, "no": False, "off": False, "f": False, "n": False}  # fmt: skip


_DEEPEST = 100  # what is nested deeper is a mistake or an attack, and a run copies and stores it level by level


def _shallow(name: str, value: Any) -> Any:
    """The value of a field, which must not be nested too deep."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not level:
            return value
    raise invalid(name, f"Input should be nested at most {_DEEPEST} levels deep", "")


def invalid(name: str, message: str, value: Any) -> HTTPException:
    """The error for a field with a value that cannot be used, in the form of FastAPI's."""
    shown = value if isinstance(value, (str, int, float, bool)) else str(value)[:200]
    return HTTPException(422, [{"type": "value_error", "loc": ["body", name], "msg": message, "input": shown}])


async def read(request: Request, limits: Limits) -> Body:
    """The body of a request: a form, a form with files, or JSON. Status 413, 415 or 400 for what cannot be read.

    How long it may take to arrive is the guard's concern, which stands before every route.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return Body(_urlencoded(await raw(request, limits), limits))
    if kind == "multipart/form-data":
        return await _multipart(request, limits)
    if kind == "application/json":
        return Body(_object(await raw(request, limits)), typed=True)
    if not kind and not await raw(request, limits):
        return Body()
    raise HTTPException(
        415,
        f"The body is {kind or 'of no stated type'!r}; send multipart/form-data, application/x-www-form-urlencoded or "
        "application/json.",
    )


class within:
    """`asyncio.timeout`, which Python 3.10 does not have; without a task of its own."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._late = seconds, False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._strike, task)

    def _strike(self, task: Any) -> None:
        self._late = True
        task.cancel()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self._timer.cancel()
        if self._late and isinstance(error, asyncio.CancelledError):
            task: Any = asyncio.current_task()
            if hasattr(task, "uncancel"):
                task.uncancel()
            raise TimeoutError


async def raw(request: Request, limits: Limits) -> bytes:
    """The bytes of the body. Status 413 if there are too many."""
    announced = request.headers.get("content-length")
    if announced is not None and announced.isdigit() and int(announced) > limits.body:
        raise too_large(limits.body)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limits.body:
            raise too_large(limits.body)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def too_large(limit: int) -> HTTPException:
    """The error for more than is taken."""
    return HTTPException(413, f"The request is larger than the {limit} bytes that are taken.")


def _urlencoded(body: bytes, limits: Limits) -> dict[str, Any]:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=limits.fields, errors="strict")
    except ValueError:  # also UnicodeDecodeError
        raise HTTPException(400, "The body is no form that can be read.") from None
    return dict(pairs)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body) if body else {}
    except (msgspec.DecodeError, RecursionError):  # the latter for what is nested too deeply
        raise HTTPException(400, "The body is no valid JSON.") from None
    if not isinstance(found, dict):
        raise HTTPException(
            422, [{"type": "dict_type", "loc": ["body"], "msg": "Input should be an object", "input": None}]
        )
    return found


async def _multipart(request: Request, limits: Limits) -> Body:
    announced = request.headers.get("content-length")
    if announced is not None and announced.isdigit() and int(announced) > limits.body:
        raise too_large(limits.body)
    form = await request.form(max_files=limits.files, max_fields=limits.fields, max_part_size=limits.field)
    body = Body()
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            body.files.append(value)
        elif name == "files":
            raise invalid(name, "Input should be uploaded files, not text", value)
        else:
            body.fields[name] = value
    return body


def _base_name(filename: str | None) -> str | None:
    """The name without folders: a client's path must lead nowhere here."""
    name = (filename or "").replace("\\", "/").rpartition("/")[2].replace("\0", "")
    return name if name not in ("", ".", "..") else None


@dataclass(slots=True)
class Media:
    """What was uploaded, as a run takes it."""

    images: list[Image] = field(default_factory=list)
    audio: list[Audio] = field(default_factory=list)
    videos: list[Video] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    def options(self) -> Mapping[str, Any]:
        """The options of a run; empty kinds are left out."""
        found = {"images": self.images, "audio": self.audio, "videos": self.videos, "files": self.files}
        return {name: given for name, given in found.items() if given}


async def media_of(uploads: list[UploadFile], limits: Limits) -> Media:
    """The uploaded files by kind. Empty ones are left out; status 400 for a type that no run takes, 413 for too much."""
    media = Media()
    for upload in uploads:
        kind = (upload.content_type or "").partition(";")[0].strip().lower()
        content = await upload.read(limits.file + 1)
        if len(content) > limits.file:
            raise too_large(limits.file)
        if not content:
            continue
        ending = kind.rpartition("/")[2]
        if kind in IMAGES:
            media.images.append(Image(content=content, mime_type=kind, format=ending))
        elif kind in AUDIO:
            media.audio.append(Audio(content=content, mime_type=kind, format=ending))
        elif kind in VIDEO:
            media.videos.append(Video(content=content, mime_type=kind, format=ending))
        elif kind in DOCUMENTS:
            media.files.append(File(content=content, filename=_base_name(upload.filename), mime_type=kind))
        else:
            raise HTTPException(400, "Unsupported file type")
    return media


__all__ = ["AUDIO", "DOCUMENTS", "IMAGES", "MIB", "UPLOAD_TYPES", "VIDEO", "Body", "Limits", "Media", "invalid", "media_of", "raw", "read",
           "too_large", "within"]  # fmt: skip
