"""Bringing together what several members did to their copies of one state."""

from __future__ import annotations

from typing import Any

_ABSENT: Any = object()


def merge_changes(state: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    """Do to `state` what turned `before` into `after`, in depth.

    What was appended to a list is appended, also where several made the same new list; anything else that changed is
    replaced, so that the later one wins.
    """
    for key, value in after.items():
        old = before.get(key, _ABSENT)
        if value == old:
            continue
        mine = state.get(key, _ABSENT)
        if isinstance(value, dict) and isinstance(mine, dict):
            merge_changes(mine, old if isinstance(old, dict) else {}, value)
        elif isinstance(value, list) and isinstance(mine, list) and (added := _added(old, value)):
            mine.extend(added)
        else:
            state[key] = value
    for key in before:
        if key not in after:
            state.pop(key, None)


def _added(old: Any, new: list[Any]) -> list[Any]:
    """What was appended; to a list that was not there, all of it. Nothing if the list changed in another way."""
    start = [] if old is _ABSENT else old
    return new[len(start) :] if isinstance(start, list) and new[: len(start)] == start else []


__all__ = ["merge_changes"]
