"""The session state between steps: what a step changed, and what comes of changes that were made side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agno._engine.context import TRANSIENT_STATE, private_copy
from agno.utils.log import log_warning

# facts of the run's context that steps can read in the state
CONTEXT_NAMES = ("workflow_id", "run_id", "session_id", "workflow_name")
# keys of the state that the run puts there, and that are not stored
INJECTED = frozenset({*TRANSIENT_STATE, *CONTEXT_NAMES})
_GONE: Any = object()
Reducer = Callable[[Any, list[Any]], Any]


def own_state(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """The state without what the run put there."""
    if not state or INJECTED.issuperset(state):  # of most runs
        return {}
    return {key: value for key, value in state.items() if key not in INJECTED}


def snapshot(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy of it, to see later what changed."""
    own = own_state(state)
    return {key: private_copy(value) for key, value in own.items()} if own else own


def own_copy(state: Mapping[str, Any]) -> dict[str, Any]:
    """The whole state for a step that must not change that of others."""
    return {**state, **snapshot(state)}


def adopt(state: dict[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Make the changes from `before` to `after` in the state, too."""
    for key, value in after.items():
        if key in INJECTED or (key in before and before[key] == value):
            continue
        state[key] = value
    for key in before:
        if key not in after and key not in INJECTED:
            state.pop(key, None)


def replace(state: dict[str, Any], stored: Mapping[str, Any]) -> None:
    """Make the state what was stored; what the run put there stays."""
    for key in [key for key in state if key not in INJECTED]:
        del state[key]
    state.update(private_copy(dict(stored)))


def join(
    state: dict[str, Any], branches: Sequence[tuple[str, dict[str, Any]]], rules: Mapping[str, Reducer] | None
) -> None:
    """Bring what steps changed side by side into the state that all of them began with, in their order.

    A key that one of them changed takes its value. Where several did: a rule decides, if there is one for the key; dicts
    are merged, lists that only grew get all that was added; else the last one wins, with a warning.
    """
    before = own_state(state)
    branches = [(name, own_state(after)) for name, after in branches]
    if not before and not any([after for _, after in branches]):  # of most runs
        return
    for key in dict.fromkeys(key for source in (before, *(after for _, after in branches)) for key in source):
        old = before.get(key, _GONE)
        changed = [(name, after.get(key, _GONE)) for name, after in branches if after.get(key, _GONE) != old]
        if not changed:
            continue
        values = [value for _, value in changed]
        if rules and key in rules:
            given = [None if value is _GONE else value for value in values]
            new = rules[key](None if old is _GONE else old, given)
        else:
            new = _joined((key,), old, changed)
        if new is _GONE:
            state.pop(key, None)
        else:
            state[key] = new


def _joined(path: tuple[Any, ...], old: Any, changed: Sequence[tuple[str, Any]]) -> Any:
    values = [value for _, value in changed]
    last = values[-1]
    if all(isinstance(value, dict) for value in values) and (old is _GONE or isinstance(old, dict)):
        return _joined_dicts(path, {} if old is _GONE else old, changed)
    if all(isinstance(value, list) for value in values) and (old is _GONE or isinstance(old, list)):
        start: list[Any] = [] if old is _GONE else old
        if all(value[: len(start)] == start for value in values):
            return [*start, *(item for value in values for item in value[len(start) :])]
    counted = len(values) > 1 and _is_number(old)  # two that count from 3 to 4 lose one, though they agree
    if counted or any(value != last for value in values):
        _warn(path, changed)
    return last


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _warn(path: Sequence[Any], changed: Sequence[tuple[str, Any]]) -> None:
    names = ", ".join(repr(name) for name, _ in changed)
    where = "".join(f"[{key!r}]" for key in path)
    log_warning(
        f"session_state{where} was changed by the parallel steps {names}; {changed[-1][0]!r} wins. "
        f"Say what shall come of it: Parallel(..., merge_state={{{path[0]!r}: function of (before, values)}})."
    )


def _joined_dicts(path: tuple[Any, ...], old: dict[str, Any], changed: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(old)
    for name in dict.fromkeys(name for source in (old, *(value for _, value in changed)) for name in source):
        before = old.get(name, _GONE)
        mine = [(step, value.get(name, _GONE)) for step, value in changed if value.get(name, _GONE) != before]
        if not mine:
            continue
        new = _joined((*path, name), before, mine)
        if new is _GONE:
            result.pop(name, None)
        else:
            result[name] = new
    return result


__all__ = ["CONTEXT_NAMES", "INJECTED", "Reducer", "adopt", "join", "own_copy", "own_state", "replace", "snapshot"]
