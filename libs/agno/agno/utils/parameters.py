"""Which of the values on offer a callable asks for, by parameter name. Looked up once per function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

_known: WeakKeyDictionary[Any, frozenset[str] | None] = WeakKeyDictionary()


def names_of(fn: Callable[..., Any]) -> frozenset[str] | None:
    """The names of the parameters that `fn` can be called with; None if it takes any (`**kwargs`)."""
    key = getattr(fn, "__func__", fn)
    try:
        return _known[key]
    except (KeyError, TypeError):
        pass
    names = _names(fn)
    try:
        _known[key] = names
    except TypeError:  # an object that cannot be weakly referenced is looked at each time
        pass
    return names


def _names(fn: Callable[..., Any]) -> frozenset[str] | None:
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return frozenset()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    bound = set(fn.keywords) if isinstance(fn, functools.partial) else set()
    return frozenset(p.name for p in parameters if p.kind is not p.VAR_POSITIONAL) - bound


def required(fn: Callable[..., Any]) -> set[str]:
    """The names of the parameters that `fn` cannot be called without."""
    try:
        parameters = inspect.signature(fn).parameters.values()
    except (TypeError, ValueError):
        return set()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {p.name for p in parameters if p.default is p.empty and p.kind in named}


def accepted(fn: Callable[..., Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the offered values whose names are parameters of `fn`."""
    names = names_of(fn)
    if names is None:
        return dict(offered)
    return {name: value for name, value in offered.items() if name in names}


__all__ = ["accepted", "names_of", "required"]
