"""The two ways to call `Knowledge.add_contents`, as calls of `add_content`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_OF_EACH = frozenset(
    {
        "name", "description", "path", "url", "text_content", "metadata", "topics", "reader", "include", "exclude", "upsert",
        "skip_if_exists", "remote_content", "auth", "file_data",
    }
)  # fmt: skip
_SHARED = frozenset({"name", "description", "metadata", "include", "exclude", "upsert", "skip_if_exists", "reader"})
_SEVERAL = frozenset({"paths", "urls", "topics", "remote_content", "text_contents"})
_OFF = {"upsert": False, "skip_if_exists": False}


def single_contents(contents: Any, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments of each `add_content`. ValueError, before anything is added, for what is neither of the two ways."""
    if contents is not None:
        return iter([{**_OFF, **_known(one)} for one in _listed(contents, given)])
    if not given.keys() & _SEVERAL or not given.keys() <= _SHARED | _SEVERAL:
        wrong = ", ".join(sorted(given.keys() - _SHARED - _SEVERAL)) or "nothing"
        raise ValueError(
            f"add_contents takes a list of dicts, or paths=, urls=, topics= or remote_content=; it got {wrong}."
        )
    shared = {**_OFF, **{name: value for name, value in given.items() if name in _SHARED}}
    singles = [
        *({"path": path} for path in given.get("paths") or ()),
        *({"url": url} for url in given.get("urls") or ()),
        *({"text_content": text} for text in given.get("text_contents") or ()),
    ]
    if given.get("topics"):
        singles.append({"topics": given["topics"]})
    if given.get("remote_content") is not None:
        singles.append({"remote_content": given["remote_content"]})
    return iter([{**shared, **one} for one in singles])


def _listed(contents: Any, given: dict[str, Any]) -> list[Any]:
    if not isinstance(contents, list) or given:
        raise ValueError(
            f"add_contents takes one list of dicts and nothing else; it got {contents!r:.80} and {sorted(given)}."
        )
    return contents


def _known(one: Any) -> dict[str, Any]:
    if not isinstance(one, dict) or not one.keys() <= _OF_EACH:
        wrong = sorted(one.keys() - _OF_EACH) if isinstance(one, dict) else type(one).__name__
        raise ValueError(f"An item of add_contents is a dict of the arguments of add_content; {wrong} is not.")
    return one


__all__ = ["single_contents"]
