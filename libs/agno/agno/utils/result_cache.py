"""Results of calls, kept in files."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from agno.utils.ids import new_id
from agno.utils.log import log_warning


class _Kept(msgspec.Struct):
    timestamp: float
    result: Any


def cache_key(name: str, entrypoint_args: Mapping[str, Any], call_args: Mapping[str, Any]) -> str:
    """The file name of a kept result. The order in which arguments came does not matter."""
    own = _ordered(entrypoint_args)
    called = sorted(_ordered(call_args).items())
    return hashlib.md5(f"{name}:{own}:{called}".encode(), usedforsecurity=False).hexdigest()


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _ordered(value[key]) for key in sorted(value, key=str)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


class ResultCache:
    """The kept result of one call: `{cache_dir or temporary}/functions/{folders…}/{key}.json`."""

    def __init__(self, folders: tuple[str, ...], key: str, *, cache_dir: str | None, ttl: float) -> None:
        base = Path(cache_dir) if cache_dir else Path(tempfile.gettempdir()) / "agno_cache"
        self.path = base.joinpath("functions", *map(_safe, folders), f"{key}.json")
        self.ttl = ttl

    def read(self) -> tuple[Any] | None:
        """The result, wrapped so that a kept None differs from nothing kept."""
        try:
            kept = msgspec.json.decode(self.path.read_bytes(), type=_Kept)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        if time.time() - kept.timestamp > self.ttl:
            self.path.unlink(missing_ok=True)
            return None
        return (kept.result,)

    def write(self, result: Any) -> None:
        """Keep a result that JSON gives back as it is; another one is logged and not kept."""
        try:
            content = msgspec.json.encode(_Kept(time.time(), result))
            back = msgspec.json.decode(content, type=_Kept).result
            same = type(back) is type(result) and bool(back == result)
        except (TypeError, ValueError, msgspec.MsgspecError):
            same = False
        if not same:
            log_warning(f"a {type(result).__name__} is not what JSON can hold: {self.path.parent.name} is not cached")
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # written aside and moved: another run never reads half a file
        beside = self.path.with_suffix(f".{new_id()}")
        beside.write_bytes(content)
        os.replace(beside, self.path)


def _safe(folder: str) -> str:
    """A name as a folder. Tools may be named by servers, which must not choose where we write."""
    cleaned = re.sub(r"[^\w.\-<>]", "_", folder)
    return cleaned if cleaned.strip(".") else "_"


__all__ = ["ResultCache", "cache_key"]
