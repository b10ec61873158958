"""Hypothesis strategies for all data classes, made from their type hints."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from datetime import datetime, timezone
from enum import Enum
from typing import Any, Union

from hypothesis import strategies as st
from pydantic import BaseModel

from agno.media import Audio, File, Image, Video
from agno.models.message import Message
from agno.models.metrics import Metrics, ModelMetrics
from agno.models.response import FIELD_TYPES, UserInputField
from agno.run.agent import CustomEvent, RunContentEvent, ToolCallStartedEvent

text = st.text(max_size=6)
number = st.integers(-(2**50), 2**50)
seconds = st.floats(0.001, 1e6)  # a zero is not stored in metrics
plain = st.recursive(
    st.none() | st.booleans() | number | text | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2),
    max_leaves=4,
)
plain_dict = st.dictionaries(text, plain, max_size=2)
_LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: text,
    int: number,
    float: seconds,
    bool: st.booleans(),
    Any: plain,
    datetime: st.datetimes(timezones=st.just(timezone.utc)),
    type(None): st.none(),
}
_MEDIA = (Image, Audio, Video, File)


@functools.cache
def instances(cls: Any, depth: int = 2) -> st.SearchStrategy[Any]:
    """Instances with any of the fields set. Below `depth`, objects have no objects in them."""
    if cls in _MEDIA:
        content = st.builds(cls, content=st.binary(min_size=1, max_size=8), id=text, format=st.none() | text)
        return content | st.builds(cls, url=st.just("https://example.com/x"))
    if issubclass(cls, Enum):
        return st.sampled_from(cls)
    if cls is Metrics:
        return st.builds(Metrics, input_tokens=st.integers(1, 9), duration=seconds, provider_metrics=st.just({"a": 1}))
    if cls is ModelMetrics:
        return st.builds(ModelMetrics, id=text, input_tokens=st.integers(1, 9))
    if issubclass(cls, BaseModel):
        return _built(cls, typing.get_type_hints(cls), set(), depth)
    hints = typing.get_type_hints(cls)
    fields = {f.name: hints[f.name] for f in dataclasses.fields(cls) if not f.name.startswith("_")}
    required = {f.name for f in dataclasses.fields(cls) if _is_required(f)} | ({"role"} if cls is Message else set())
    fields.pop("event", None)
    return _built(cls, fields, required, depth)


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.init and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _built(cls: type, hints: dict[str, Any], required: set[str], depth: int) -> st.SearchStrategy[Any]:
    values = {name: _field(cls, name, hint, depth) for name, hint in hints.items() if name != "timer"}
    needed = {name: value for name, value in values.items() if name in required}
    optional = {name: value for name, value in values.items() if name not in required}
    return st.fixed_dictionaries(needed, optional=optional).map(lambda given: cls(**given))


def _field(cls: type, name: str, hint: Any, depth: int) -> st.SearchStrategy[Any]:
    if cls is UserInputField and name == "field_type":
        return st.sampled_from(sorted(FIELD_TYPES.values(), key=str))
    if name == "events":
        return st.lists(
            st.builds(RunContentEvent, content=text) | st.builds(ToolCallStartedEvent), min_size=1, max_size=2
        )
    if name == "content" and cls is Message:
        return text
    return of_hint(hint, depth)


@functools.cache
def of_hint(hint: Any, depth: int) -> st.SearchStrategy[Any]:
    """Values of a type hint."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in _LEAVES:
        return _LEAVES[hint]
    if origin in (Union, types.UnionType):
        kept = [a for a in arguments if depth > 0 or not _is_object(a)] or [type(None)]
        return st.one_of([of_hint(a, depth) for a in kept])
    if origin is list:
        if depth <= 0 and _is_object(arguments[0]):
            return st.just([])
        return st.lists(of_hint(arguments[0], depth), min_size=1, max_size=2)
    if origin is tuple:
        return st.tuples(number, number)
    if origin is dict:
        return st.dictionaries(text, of_hint(arguments[1], depth), min_size=1, max_size=2)
    return instances(hint, depth - 1)


def _is_object(hint: Any) -> bool:
    inner = [a for a in typing.get_args(hint) if a is not type(None)]
    if inner:
        return any(_is_object(a) for a in inner)
    return isinstance(hint, type) and hint not in _LEAVES and not issubclass(hint, Enum)


@dataclasses.dataclass
class Progress(CustomEvent):
    """An event as users write them."""

    percent: int = 0
    notes: list[str] = dataclasses.field(default_factory=list)
